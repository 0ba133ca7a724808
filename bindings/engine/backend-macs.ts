/** The stations at the addresses of backends, as far as ports say it: the one that an address is bound to; of an address outside of the network's
 *  subnets the host, which leads there. Others the workers ask for, and enter. */
import { addressBytes, contains, readAddress } from "../config/ip-address.ts";
import type { PortConfig } from "../config/types.ts";
import { splitMac } from "../mac.ts";
import * as table from "../tables/backend-table.ts";
import type { NetworkEntry } from "./networks.ts";
import type { Ports } from "./ports.ts";
import type { EngineStore } from "./store.ts";

export class BackendMacs {
  private readonly store: EngineStore;
  private readonly ports: Ports;
  /** By record: what was written because ports said it. */
  private readonly said = new Map<number, string>();

  constructor(store: EngineStore, ports: Ports) {
    this.store = store;
    this.ports = ports;
  }

  /** Writes what ports say now. What workers entered stays, where they say nothing and have said nothing. */
  refresh(network: NetworkEntry, backends: Iterable<{ index: number; address: string }>): void {
    const host = this.ports.all().find((port) => port.kind === "host" && port.networks.includes(network));
    for (const { index, address } of backends) this.write(index, this.macOf(network, address, host?.config));
  }

  private write(index: number, mac: string | undefined): void {
    const before = this.said.get(index);
    if (mac === before) return;
    table.setBackendMac(this.store.tables, index, mac === undefined ? [0, 0] : splitMac(mac));
    if (mac === undefined) this.said.delete(index);
    else this.said.set(index, mac);
  }

  /** The record is another backend's from now on. */
  forget(index: number): void {
    this.said.delete(index);
  }

  private macOf(network: NetworkEntry, address: string, host: PortConfig | undefined): string | undefined {
    const bytes = addressBytes(address);
    const family = bytes.length === 4 ? 4 : 6;
    this.store.putAddress(Uint8Array.from(bytes));
    const port = this.store.wasm.boundPort(network.index, family);
    if (port >= 0) return this.ports.at(port)?.config.mac;
    return isInside(network, address) || !host?.addresses.some((own) => readAddress(own)?.family === family) ? undefined : host.mac;
  }
}

/** A network without subnets has no outside. */
function isInside({ config: { subnets } }: NetworkEntry, text: string): boolean {
  const address = readAddress(text)!;
  return subnets.length === 0 || subnets.some((subnet) => contains(readAddress(subnet)!, address));
}
