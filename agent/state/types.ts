/** What the agent must know after a restart. */
import type { NetworkInput } from "../../bindings/config/network-schema.ts";
import type { PortInput } from "../../bindings/config/port-schema.ts";
import type { ServiceInput } from "../../bindings/config/service-schema.ts";
import type { Lease } from "../../bindings/ipam/lease.ts";
import type { KeptHostPort } from "../host/publish/kept-host-ports.ts";
import type { InterfaceBefore } from "./interface-before.ts";

/** Raised when the meaning of the file changes. */
export const STATE_VERSION = 1;

/** Who asked for an object: a new configuration file changes only what is the file's, and only its owner removes it. */
export const OWNERS = ["file", "api", "docker"] as const;
export type Owner = (typeof OWNERS)[number];
/** Those whose objects stand in the state from one start to the next. */
export const LASTING_OWNERS: readonly Owner[] = OWNERS.filter((owner) => owner !== "file");

export interface StoredNetwork {
  owner: Owner;
  config: NetworkInput;
  /** The addresses that its pool gave last, one of each subnet that has given one. */
  given?: readonly string[] | undefined;
}

export interface StoredPort {
  owner: Owner;
  config: PortInput;
  /** The addresses that the port was lent from the pool. */
  lease?: Lease | undefined;
}

export interface StoredService {
  owner: Owner;
  config: ServiceInput;
}

export interface State {
  version: typeof STATE_VERSION;
  name: string;
  networks: StoredNetwork[];
  ports: StoredPort[];
  /** Left out for none. */
  services?: StoredService[];
  /** Interfaces that the engine silences, as they were. */
  interfaces: InterfaceBefore[];
  /** Host ports that were chosen for published ports; left out for none. */
  hostPorts?: KeptHostPort[];
}
