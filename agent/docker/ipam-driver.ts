/** Docker's IpamDriver calls (specification: moby, daemon/libnetwork/docs/ipam.md) over the book of pools (ipam/pool-book.ts), which is
 *  written before Docker gets its answer. */
import { readAddress } from "../../bindings/config/ip-address.ts";
import type { PoolBook } from "./ipam/pool-book.ts";
import * as protocol from "./protocol.ts";
import { KEY } from "./protocol.ts";
import type { EndpointRecord, Records } from "./records.ts";

/** Pools of different spaces may overlap for Docker; ours never do. */
const SPACES = { LocalDefaultAddressSpace: "portyard-local", GlobalDefaultAddressSpace: "portyard-global" } as const;

export interface IpamDriverOptions {
  records: Records;
  /** Made of the pools of `records`. */
  book: (records: Records) => PoolBook;
  /** Called before a pool is chosen or checked: looks at what the host has. */
  lookAtHost: () => Promise<void>;
}

export class IpamDriver {
  readonly #options: IpamDriverOptions;
  #book: PoolBook;

  constructor(options: IpamDriverOptions) {
    this.#options = options;
    this.#book = options.book(options.records);
  }

  /** With the MAC of an endpoint a repeat of its request is known from another's. */
  async getCapabilities(): Promise<object> {
    return { RequiresMACAddress: true, RequiresRequestReplay: false };
  }

  async getDefaultAddressSpaces(): Promise<object> {
    return SPACES;
  }

  /** @throws PortyardError as PoolBook.requestPool. */
  async requestPool(body: unknown): Promise<object> {
    const { AddressSpace: space, Pool: pool, SubPool: subPool, V6: v6 } = protocol.requestPool.parse(body);
    await this.#options.lookAtHost();
    const { id, subnet } = await this.#change((book) => book.requestPool({ space, pool, subPool, v6 }));
    return { PoolID: id, Pool: subnet, Data: {} };
  }

  /** Docker gives a pool back before it removes its network, and after it has removed the endpoints. One with endpoints is somebody else's:
   *  a second network of the same subnet could not be made. */
  async releasePool(body: unknown): Promise<object> {
    const { PoolID: id } = protocol.releasePool.parse(body);
    if (this.#endpointsOf(id).length === 0) await this.#change((book) => book.releasePool(id));
    return {};
  }

  /** @throws PortyardError as PoolBook.requestAddress. */
  async requestAddress(body: unknown): Promise<object> {
    const { PoolID: poolId, Address, Options } = protocol.requestAddress.parse(body);
    const mac = Options[KEY.mac];
    const request = {
      poolId,
      address: readAddress(Address)?.text ?? Address,
      mac: typeof mac === "string" && mac !== "" ? mac.toLowerCase() : null,
      isGateway: Options[KEY.addressType] === KEY.gateway,
    };
    const address = await this.#change((book) => book.requestAddress(request));
    return { Address: address, Data: {} };
  }

  /** The address of an endpoint that is there is not given to another, nor that of the gateway: Docker removes endpoints first. */
  async releaseAddress(body: unknown): Promise<object> {
    const { PoolID: id, Address } = protocol.releaseAddress.parse(body);
    const address = readAddress(Address)?.text ?? Address;
    if (!this.#isInUse(id, address)) await this.#change((book) => book.releaseAddress(id, address));
    return {};
  }

  #isInUse(poolId: string, address: string): boolean {
    const endpoints = this.#endpointsOf(poolId);
    const isGateway = this.#options.records.pools.some(({ id, gateway }) => id === poolId && gateway === address);
    return endpoints.some(({ addresses }) => isGateway || addresses.some((text) => readAddress(text)?.text === address));
  }

  #endpointsOf(poolId: string): EndpointRecord[] {
    const { records } = this.#options;
    const subnet = records.pools.find(({ id }) => id === poolId)?.subnet;
    const network = records.networks.find(({ subnets }) => subnet !== undefined && subnets.includes(subnet));
    return network === undefined ? [] : records.endpointsOf(network.id);
  }

  /** What could not be written has not been. */
  async #change<Result>(change: (book: PoolBook) => Result): Promise<Result> {
    const result = change(this.#book);
    try {
      await this.#options.records.putPools(this.#book.toRecords(), this.#book.lastChosen);
      return result;
    } catch (error) {
      this.#book = this.#options.book(this.#options.records);
      throw error;
    }
  }
}
