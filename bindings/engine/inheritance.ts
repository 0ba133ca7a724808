/** What a predecessor left in the tables, and what becomes of it. A network or port that is asked for again, with the very
 *  configuration that its record was made from, is kept as it is: index, addresses, counters, device. One that is
 *  asked for differently goes before the new one comes, and what nobody asks for goes when the engine settles. */
import { MAX_NETWORKS } from "../../assembly/abi/limits.ts";
import * as field from "../../assembly/abi/port.ts";
import type { NetworkConfig, PortConfig } from "../config/types.ts";
import type { Attachment } from "../forwarder/link.ts";
import * as addresses from "../tables/address-table.ts";
import { fingerprintOf } from "../tables/identity.ts";
import * as networkTable from "../tables/network-table.ts";
import * as portTable from "../tables/port-table.ts";
import type { Tables } from "../tables/tables.ts";

/** A port of the tables. */
export interface Heir {
  index: number;
  /** What the forwarder holds for it; null when that is dead, or holds nothing. */
  descriptor: number | null;
}

export class Inheritance {
  /** By name. */
  readonly networks = new Map<string, number>();
  readonly ports = new Map<string, Heir>();
  private readonly tables: Tables;

  /** @param held what the forwarder holds. */
  constructor(tables: Tables, held: readonly Attachment[]) {
    this.tables = tables;
    const descriptors = new Map(held.map(({ port, descriptor }) => [port, descriptor]));
    for (let index = 1; index < MAX_NETWORKS; index++) {
      if (networkTable.isPresent(tables, index)) this.networks.set(networkTable.name(tables, index), index);
    }
    for (let index = 0; index < portTable.end(tables); index++) {
      const name = portTable.name(tables, index);
      if (name !== "") this.ports.set(name, { index, descriptor: descriptors.get(index) ?? null });
    }
  }

  /** Index of this very network; null when there is none. */
  network(config: NetworkConfig): number | null {
    const index = this.networks.get(config.name);
    return index !== undefined && networkTable.fingerprint(this.tables, index) === fingerprintOf(config) ? index : null;
  }

  /** This very port, with its device; null when there is none. */
  port(config: PortConfig): Heir | null {
    const heir = this.ports.get(config.name);
    if (heir === undefined || portTable.fingerprint(this.tables, heir.index) !== fingerprintOf(config)) return null;
    // one whose predecessor died while it removed it has lost its bindings already
    const isLeaving = portTable.desired(this.tables, heir.index) === field.ABSENT;
    return isLeaving || portTable.actual(this.tables, heir.index) === field.GONE ? null : heir;
  }

  /** Names of the ports that are members of network `index`. */
  portsOf(index: number): string[] {
    return [...this.ports].filter(([, { index: port }]) => networkTable.isMember(this.tables, index, port)).map(([name]) => name);
  }
}

/** Takes everything from a port that it was given by its configuration, which is not known any more. */
export function disinherit(tables: Tables, port: number): void {
  portTable.setDesired(tables, port, field.ABSENT);
  for (let network = 1; network < MAX_NETWORKS; network++) networkTable.removeMember(tables, network, port);
  addresses.unbindAll(tables, port);
}
