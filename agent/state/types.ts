/** What the agent must know after a restart. */
import type { NetworkInput } from "../../bindings/config/network-schema.ts";
import type { PortInput } from "../../bindings/config/port-schema.ts";
import type { KeptHostPort } from "../host/publish/kept-host-ports.ts";
import type { InterfaceBefore } from "./interface-before.ts";

/** Raised when the meaning of the file changes. */
export const STATE_VERSION = 1;

/** Who asked for an object: a new configuration file changes only what is the file's. */
export type Owner = "file" | "api";

export interface State {
  version: typeof STATE_VERSION;
  name: string;
  networks: { owner: Owner; config: NetworkInput }[];
  ports: { owner: Owner; config: PortInput }[];
  /** Interfaces that the engine silences, as they were. */
  interfaces: InterfaceBefore[];
  /** Host ports that were chosen for published ports; left out for none. */
  hostPorts?: KeptHostPort[];
}
