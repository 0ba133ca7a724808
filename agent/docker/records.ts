/** What Docker was told: its networks, endpoints and pools of addresses, by its own ids. They stand in docker.json beside the state, each
 *  written before Docker gets its answer and before the network or port itself is made, and taken out after that has gone. So after a death
 *  anywhere in between, the call that Docker repeats finds its record and finishes what was begun. */
import { z } from "zod";
import { PortyardError } from "../../bindings/error.ts";
import { readJson, removeJson, writeJson } from "../state/json-file.ts";

/** Raised when the meaning of the file changes. */
const VERSION = 1;

const network = z.strictObject({
  /** Docker's. */
  id: z.string(),
  /** Ours. */
  name: z.string(),
  /** What it was asked to be: a call that asks the same is a repeat. */
  asked: z.string(),
  /** In CIDR notation. */
  subnets: z.array(z.string()),
  /** Where default routes lead, without prefix length. */
  gateways: z.array(z.string()),
});
const endpoint = z.strictObject({
  id: z.string(),
  network: z.string(),
  /** Of our port. */
  name: z.string(),
  asked: z.string(),
  /** With prefix length, at most one of each family. */
  addresses: z.array(z.string()),
  mac: z.string(),
  /** Docker left the MAC to us. */
  isOwnMac: z.boolean(),
  /** What the interface is to be called in the container; null is Docker's choice. */
  interfaceName: z.string().nullable(),
  /** Path of the namespace that it is joined to; null while it is to none. */
  sandbox: z.string().nullable(),
});
const pool = z.strictObject({
  id: z.string(),
  space: z.string(),
  subnet: z.string(),
  range: z.string().nullable(),
  isChosen: z.boolean(),
  sinceMs: z.number(),
  gateway: z.string().nullable(),
  addresses: z.array(z.strictObject({ address: z.string(), mac: z.string().nullable() })),
  last: z.string().nullable(),
});
const schema = z.strictObject({
  version: z.literal(VERSION),
  networks: z.array(network),
  endpoints: z.array(endpoint),
  pools: z.array(pool),
  /** The subnets that were chosen last. */
  lastChosen: z.strictObject({ ipv4: z.string().nullable(), ipv6: z.string().nullable() }),
});

export type NetworkRecord = z.output<typeof network>;
export type EndpointRecord = z.output<typeof endpoint>;
type Contents = z.output<typeof schema>;

/** Where the records stand. */
export interface RecordFile {
  read(path: string): Promise<unknown>;
  write(path: string, value: unknown): Promise<void>;
  remove(path: string): Promise<void>;
}

const DISK: RecordFile = { read: readJson, write: writeJson, remove: removeJson };

export class Records {
  readonly #path: string;
  readonly #file: RecordFile;
  #contents: Contents;

  private constructor(path: string, file: RecordFile, contents: Contents) {
    this.#path = path;
    this.#file = file;
    this.#contents = contents;
  }

  /** Reads the file, or begins without one.
   *  @throws PortyardError `state-unreadable`, `no-rights`. */
  static async open(path: string, file = DISK): Promise<Records> {
    const found = await file.read(path);
    if (found === null)
      return new Records(path, file, { version: VERSION, networks: [], endpoints: [], pools: [], lastChosen: { ipv4: null, ipv6: null } });
    const { success, data } = schema.safeParse(found);
    if (success) return new Records(path, file, data);
    throw new PortyardError("state-unreadable", `${path} holds no records of this version.`, {
      path,
      remedy: "Move the file away; then remove Docker's networks of this driver, and make them again.",
    });
  }

  network(id: string): NetworkRecord | null {
    return this.#contents.networks.find((one) => one.id === id) ?? null;
  }

  endpoint(id: string): EndpointRecord | null {
    return this.#contents.endpoints.find((one) => one.id === id) ?? null;
  }

  get networks(): readonly NetworkRecord[] {
    return this.#contents.networks;
  }

  endpointsOf(networkId: string): EndpointRecord[] {
    return this.#contents.endpoints.filter((one) => one.network === networkId);
  }

  get pools(): Contents["pools"] {
    return this.#contents.pools;
  }

  get lastChosen(): Contents["lastChosen"] {
    return this.#contents.lastChosen;
  }

  /** Enters a network, or replaces the one of its id. Written when this resolves. @throws PortyardError `disk-full`, `no-rights`. */
  putNetwork(record: NetworkRecord): Promise<void> {
    return this.#write({ networks: [...this.#contents.networks.filter(({ id }) => id !== record.id), record] });
  }

  putEndpoint(record: EndpointRecord): Promise<void> {
    return this.#write({ endpoints: [...this.#contents.endpoints.filter(({ id }) => id !== record.id), record] });
  }

  putPools(pools: Contents["pools"], lastChosen: Contents["lastChosen"]): Promise<void> {
    return this.#write({ pools, lastChosen });
  }

  dropNetwork(networkId: string): Promise<void> {
    return this.#write({ networks: this.#contents.networks.filter(({ id }) => id !== networkId) });
  }

  dropEndpoint(endpointId: string): Promise<void> {
    return this.#write({ endpoints: this.#contents.endpoints.filter(({ id }) => id !== endpointId) });
  }

  /** What could not be written is not so. Where nothing is recorded there is no file. */
  async #write(changed: Partial<Contents>): Promise<void> {
    const next = { ...this.#contents, ...changed };
    const isEmpty = next.networks.length + next.endpoints.length + next.pools.length === 0;
    await (isEmpty ? this.#file.remove(this.#path) : this.#file.write(this.#path, next));
    this.#contents = next;
  }
}
