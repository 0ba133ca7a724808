/** Which addresses of a network services have to do with: virtual ones, those of backends, and those of backends that are gone and still have
 *  flows. Each is told to the workers so that none sees half of it:
 *
 *      comes    backends with its address chained -> bit of its last byte -> endpoint -> flag of the network
 *      goes     the same the other way round; the endpoint's place rests until a grace period is over                  */
import { MAX_NETWORKS } from "../../assembly/abi/limits.ts";
import { addressBytes } from "../config/ip-address.ts";
import { PortyardError } from "../error.ts";
import { setNextBackend } from "../tables/backend-table.ts";
import type { EndpointRecord } from "../tables/endpoint-table.ts";
import * as networks from "../tables/network-table.ts";
import type { EngineStore } from "./store.ts";

interface Endpoint {
  address: string;
  bytes: Uint8Array;
  /** Whose virtual address it is; 0: none's. */
  service: number;
  /** Backends with this address, in ascending order. */
  backends: number[];
  /** Backends that are gone. */
  gone: Set<number>;
}

/** Of one network. */
interface Served {
  endpoints: Map<string, Endpoint>;
  /** How many addresses end with each byte. */
  lastBytes: Map<number, number>;
}

export class Endpoints {
  private readonly store: EngineStore;
  private readonly byNetwork = new Map<number, Served>();

  constructor(store: EngineStore) {
    this.store = store;
  }

  /** Begins with what stands in the tables.
   *  @param found all of the endpoint table, without what nobody knows. */
  begin(found: readonly EndpointRecord[]): void {
    for (const { network, address, service, backends } of found) {
      this.change(network, address, (endpoint) => {
        endpoint.service = service;
        endpoint.backends = [...backends].sort((a, b) => a - b);
      });
      if (service === 0 && backends.length === 0) this.write(network, { ...newEndpoint(address), backends: [] });
    }
  }

  /** Workers look at no other addresses than those that were entered. */
  tidy(): void {
    for (let network = 1; network < MAX_NETWORKS; network++) if (networks.isPresent(this.store.tables, network)) this.tidyNetwork(network);
  }

  private tidyNetwork(network: number): void {
    const served = this.byNetwork.get(network);
    networks.setServices(this.store.tables, network, served !== undefined);
    for (let byte = 0; byte < 256; byte++) networks.setServed(this.store.tables, network, byte, (served?.lastBytes.get(byte) ?? 0) > 0);
  }

  /** Service whose virtual address it is; 0: none's. */
  serviceAt(network: number, address: string): number {
    return this.byNetwork.get(network)?.endpoints.get(address)?.service ?? 0;
  }

  /** @throws PortyardError `addresses-exhausted`; nothing has changed then. */
  setService(network: number, address: string, service: number): void {
    this.change(network, address, (endpoint) => {
      endpoint.service = service;
    });
  }
  /** It is nobody's virtual address any more. */
  removeService(network: number, address: string): void {
    this.setService(network, address, 0);
  }

  /** @throws PortyardError `addresses-exhausted`; nothing has changed then. */
  addBackend(network: number, address: string, index: number): void {
    this.change(network, address, (endpoint) => {
      endpoint.gone.delete(index);
      if (!endpoint.backends.includes(index)) endpoint.backends = [...endpoint.backends, index].sort((a, b) => a - b);
    });
  }
  /** Nobody begins anything with it any more; what it has goes on. */
  retireBackend(network: number, address: string, index: number): void {
    this.change(network, address, (endpoint) => {
      endpoint.gone.add(index);
      endpoint.backends = endpoint.backends.filter((each) => each !== index);
    });
  }
  /** It has nothing any more. */
  removeBackend(network: number, address: string, index: number): void {
    this.change(network, address, (endpoint) => {
      endpoint.gone.delete(index);
      endpoint.backends = endpoint.backends.filter((each) => each !== index);
    });
  }

  private change(network: number, address: string, edit: (endpoint: Endpoint) => void): void {
    const served = this.byNetwork.get(network) ?? { endpoints: new Map<string, Endpoint>(), lastBytes: new Map<number, number>() };
    const before = served.endpoints.get(address);
    const endpoint = copyOf(before ?? newEndpoint(address));
    edit(endpoint);
    if (isEmpty(endpoint)) return before && this.leave(network, served, before);
    this.byNetwork.set(network, served);
    served.endpoints.set(address, endpoint);
    if (before === undefined) this.countByte(network, served, lastByteOf(endpoint), 1);
    if (this.write(network, endpoint)) return networks.setServices(this.store.tables, network, true);
    if (before === undefined) this.leave(network, served, endpoint);
    else served.endpoints.set(address, before);
    throw exhausted(address);
  }

  private leave(network: number, served: Served, endpoint: Endpoint): void {
    served.endpoints.delete(endpoint.address);
    if (served.endpoints.size === 0) {
      this.byNetwork.delete(network);
      networks.setServices(this.store.tables, network, false);
    }
    this.write(network, { ...endpoint, service: 0, backends: [] });
    this.countByte(network, served, lastByteOf(endpoint), -1);
  }

  /** False when no place is free. Links lead to greater indices only, whenever a worker looks. */
  private write(network: number, { bytes, service, backends }: Endpoint): boolean {
    for (let position = backends.length - 1; position >= 0; position--)
      setNextBackend(this.store.tables, backends[position] as number, backends[position + 1] ?? null);
    this.store.putAddress(bytes);
    const first = (backends[0] ?? -1) + 1;
    return Boolean(this.store.wasm.setEndpoint(network, bytes.length === 4 ? 4 : 6, service, first));
  }

  private countByte(network: number, { lastBytes }: Served, byte: number, by: 1 | -1): void {
    const count = (lastBytes.get(byte) ?? 0) + by;
    lastBytes.set(byte, count);
    if (count === (by === 1 ? 1 : 0)) networks.setServed(this.store.tables, network, byte, by === 1);
  }
}

function newEndpoint(address: string): Endpoint {
  return { address, bytes: Uint8Array.from(addressBytes(address)), service: 0, backends: [], gone: new Set() };
}
function copyOf(endpoint: Endpoint): Endpoint {
  return { ...endpoint, gone: new Set(endpoint.gone) };
}
function isEmpty({ service, backends, gone }: Endpoint): boolean {
  return service === 0 && backends.length === 0 && gone.size === 0;
}
const lastByteOf = ({ bytes }: Endpoint): number => bytes.at(-1) as number;

function exhausted(address: string): PortyardError {
  return new PortyardError("addresses-exhausted", "The endpoint table has no place for another address.", {
    path: "addresses",
    value: address,
    remedy: "Use fewer services and backends, or start a second instance.",
  });
}
