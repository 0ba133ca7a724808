/** A port as its engine knows it, and how the kernel's end of one comes to be. */
import type { PortConfig, PortKind } from "../config/types.ts";
import type { OpenPort } from "../ports/open-port.ts";
import type { NetworkEntry } from "./networks.ts";

export interface PortEntry {
  index: number;
  /** With the addresses that it was lent. */
  config: PortConfig;
  /** As it was asked for: by this it is known again. */
  asked: PortConfig;
  kind: PortKind;
  mtu: number;
  worker: number;
  /** Trunk page, or null. */
  trunk: number | null;
  networks: NetworkEntry[];
  /** Null for memory ports, and for one whose device went away. */
  device: OpenPort | null;
}

/** How the kernel's end of a port comes to be; null for a memory port. */
export interface Devices {
  open(config: PortConfig, mtu: number): Promise<OpenPort | null>;
  /** The device of a port of the tables: the one behind `descriptor`, or, when that is null, opened again where it stands.
   *  Null when it is not there any more. */
  inherit(config: PortConfig, mtu: number, port: InheritedDevice): Promise<OpenPort | null>;
  /** Looks whether the ports could be opened when those of `leaving` are gone. @throws PortyardError of the first that could not, with
   *  the port's name as its path. */
  check(ports: readonly PortConfig[], leaving: readonly PortConfig[]): Promise<void>;
  /** Removes a device whose configuration is not known any more. */
  discard(kind: number, descriptor: number, restore: number): Promise<void>;
}

export interface InheritedDevice {
  descriptor: number | null;
  /** FLAG_* and RESTORE_* of its record. */
  flags: number;
  restore: number;
}
