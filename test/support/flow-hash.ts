/** The hash of a flow's tuple (assembly/tables/flow-entry.ts, hash.ts) a second time, and backwards: of a known secret every step of it can be
 *  undone, so that tuples of one tag and bucket can be made, which by chance hardly ever meet. */
import { REFERENCE_BYTES } from "../../assembly/abi/flow.ts";
import { FLOW_BUCKET_SLOTS } from "../../assembly/abi/limits.ts";
import * as map from "../../assembly/abi/memory-map.ts";
import { addressBytes, addressText } from "../../bindings/config/ip-address.ts";
import type { FlowEnd } from "../../bindings/tables/flow-table.ts";
import type { Tables } from "../../bindings/tables/tables.ts";

/** From where to where, as the hash takes it: ends without a family of their own. */
export interface Tuple {
  from: FlowEnd;
  to: FlowEnd;
}

/** A half of an IPv6 address. */
export interface Half {
  end: "from" | "to";
  half: "low" | "high";
}

const [PROTOCOL, NETWORK] = [6n, 1n];
const [FIRST, SECOND] = [0x9e3779b97f4a7c15n, 0xd6e8feb86659fd93n];
const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);

/** What a number is to be multiplied with to undo a multiplication by an odd `factor` (Newton: each round doubles the bits that are right). */
function inverse(factor: bigint): bigint {
  let found = factor;
  for (let round = 0; round < 6; round++) found = u64(found * (2n - factor * found));
  return found;
}
const [FIRST_BACK, SECOND_BACK] = [inverse(FIRST), inverse(SECOND)];

/** Words of an address as they lie in memory, the bytes of IPv4 in the lowest four. */
export function words(address: string): { low: bigint; high: bigint } {
  const bytes = new Uint8Array(16);
  bytes.set(addressBytes(address));
  const view = new DataView(bytes.buffer);
  return { low: view.getBigUint64(0, true), high: view.getBigUint64(8, true) };
}

function addressOf({ low, high }: { low: bigint; high: bigint }): string {
  const view = new DataView(new ArrayBuffer(16));
  view.setBigUint64(0, low, true);
  view.setBigUint64(8, high, true);
  return addressText(new Uint8Array(view.buffer));
}

const swapped = (port: number): bigint => BigInt(((port & 0xff) << 8) | (port >> 8));

export class FlowHash {
  readonly #seed: bigint;
  readonly #mask: bigint;

  constructor(tables: Tables) {
    this.#seed = tables.load64(map.HEAD_HASH_SEED);
    this.#mask = BigInt(tables.load32(map.HEAD_FLOW_BUCKET_MASK));
  }

  #mix(key: bigint): bigint {
    let x = u64((key ^ this.#seed) * FIRST);
    x = u64((x ^ (x >> 32n)) * SECOND);
    return x ^ (x >> 29n);
  }

  #mixBack(mixed: bigint): bigint {
    let x = mixed ^ (mixed >> 29n) ^ (mixed >> 58n);
    x = u64(x * SECOND_BACK);
    return u64((x ^ (x >> 32n)) * FIRST_BACK) ^ this.#seed;
  }

  #head({ from, to }: Tuple): bigint {
    const family = from.address.includes(":") ? 6n : 4n;
    return NETWORK | (PROTOCOL << 16n) | (family << 24n) | (swapped(from.port) << 32n) | (swapped(to.port) << 48n);
  }

  of(tuple: Tuple): bigint {
    const [from, to] = [words(tuple.from.address), words(tuple.to.address)];
    const head = this.#mix(this.#head(tuple));
    if (!tuple.from.address.includes(":")) return this.#mix(head ^ from.low ^ (to.low << 32n));
    return [from.low, from.high, to.low, to.high].reduce((mixed, word) => this.#mix(mixed ^ word), head);
  }

  /** Refers to `entry` by a tuple, in the original direction, whatever it has; the bucket must have room. */
  refer(tables: Tables, tuple: Tuple, entry: number): void {
    const hash = this.of(tuple);
    const bucket = tables.load32(map.HEAD_FLOW_INDEX) + Number(hash & this.#mask) * FLOW_BUCKET_SLOTS * REFERENCE_BYTES;
    const places = Array.from({ length: FLOW_BUCKET_SLOTS }, (_, slot) => bucket + slot * REFERENCE_BYTES);
    const free = places.find((at) => tables.load64(at) === 0n) as number;
    const number = (entry - tables.load32(map.HEAD_FLOWS)) / map.FLOW_BYTES;
    tables.store64(free, ((hash >> 32n) << 32n) | BigInt(number + 1));
  }

  /** What of a hash the index goes by: its tag, and the number of its bucket. */
  place(hash: bigint): string {
    return `tag ${hash >> 32n}, bucket ${hash & this.#mask}`;
  }

  /** An IPv6 tuple at the same place that differs from `tuple` in one half of an address alone.
   *  @param distance what its hash differs by, above the bucket and below the tag: 1 to 1000. */
  twin(tuple: Tuple, { end, half }: Half, distance: bigint): Tuple {
    const [from, to] = [words(tuple.from.address), words(tuple.to.address)];
    const order = [from.low, from.high, to.low, to.high];
    const at = (end === "to" ? 2 : 0) + (half === "high" ? 1 : 0);
    let mixed = this.#mixBack(this.of(tuple) ^ (distance * (this.#mask + 1n)));
    for (const word of order.slice(at + 1).reverse()) mixed = this.#mixBack(mixed ^ word);
    const before = order.slice(0, at).reduce((found, word) => this.#mix(found ^ word), this.#mix(this.#head(tuple)));
    const other = { ...(end === "to" ? to : from), [half]: mixed ^ before };
    return { ...tuple, [end]: { ...tuple[end], address: addressOf(other) } };
  }

  /** Two IPv4 tuples at one place that differ in ports alone, by trying as many as it takes. */
  twinsOfPorts(tuple: Tuple): [Tuple, Tuple] {
    const addresses = words(tuple.from.address).low ^ (words(tuple.to.address).low << 32n);
    const head = this.#head({ from: { ...tuple.from, port: 0 }, to: { ...tuple.to, port: 0 } });
    const seen = new Map<number, number>();
    for (let tries = 0; ; tries++) {
      const hash = this.#mix(this.#mix(head | (BigInt(tries) << 32n)) ^ addresses);
      const place = Number(((hash >> 32n) * (this.#mask + 1n)) | (hash & this.#mask));
      const known = seen.get(place);
      if (known !== undefined) return [withPorts(tuple, known), withPorts(tuple, tries)];
      seen.set(place, tries);
    }
  }
}

/** @param ports both, as they lie in a head. */
function withPorts({ from, to }: Tuple, ports: number): Tuple {
  return { from: { ...from, port: Number(swapped(ports & 0xffff)) }, to: { ...to, port: Number(swapped(ports >>> 16)) } };
}
