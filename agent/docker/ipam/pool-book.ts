/** The pools that Docker holds of us: the logic of its IPAM driver, without HTTP and disk. Docker sends a call again when the
 *  answer was lost, and may send one about a pool that is long gone, so every call can be repeated:
 *
 *      RequestPool      with a subnet: the same pool while it has no address and no network stands on it; then it is in use
 *                       without: another pool each time, for Docker holds those that it rejects until it has one that it likes
 *      RequestAddress   the same answer to whoever can be known again (held-pool.ts)
 *      ReleaseAddress, ReleasePool    of what nobody holds do nothing
 *
 *  A pool that was chosen and then has no address for ten minutes is an answer that was lost: it goes when the next one is chosen.
 *  Pools never overlap, whatever their address space: one host could not tell them apart. Each method changes everything or, when
 *  it throws, nothing. */
import { type Family, formatAddress, networkAddress, readAddress, subnetFault } from "../../../bindings/config/ip-address.ts";
import { PortyardError } from "../../../bindings/error.ts";
import { type AddressRequest, HeldPool } from "./held-pool.ts";
import { type PoolBase, PoolBases } from "./pool-bases.ts";
import type { LastChosen, PoolRecord } from "./pool-record.ts";
import { areOverlapping, isInside, spanOf } from "./span.ts";

export type { PoolBase } from "./pool-bases.ts";
export type { LastChosen, PoolRecord } from "./pool-record.ts";

/** How long a chosen pool may be without addresses before it is taken for an answer that was lost, in milliseconds. */
export const STALE_MS = 600_000;

export interface PoolBookOptions {
  /** What pools are cut from that nobody names, as the configuration has them. */
  bases: readonly PoolBase[];
  /** True when the subnet overlaps something that is not of this book: an address or route of the host, or a network. */
  isTaken: (subnet: string) => boolean;
  /** The time, in milliseconds since 1970. */
  nowMs: () => number;
  /** What `toRecords` said of the book before a restart. */
  records?: readonly PoolRecord[];
  /** What `lastChosen` was before a restart; default: the next pool is the first free one. */
  lastChosen?: LastChosen;
}

export interface PoolRequest {
  /** Docker's address space: any text. */
  space: string;
  /** Prefix without bits behind it; empty: a pool is chosen. */
  pool: string;
  /** Part of `pool` that addresses are given from; empty: all of it. */
  subPool: string;
  /** The family of the pool, which that of `pool` must be. */
  v6: boolean;
}

const NAMES = { 4: "IPv4", 6: "IPv6" } as const;
const KEYS = { 4: "ipv4", 6: "ipv6" } as const;

export class PoolBook {
  readonly #bases: PoolBases;
  readonly #isTaken: (subnet: string) => boolean;
  readonly #nowMs: () => number;
  readonly #pools = new Map<string, HeldPool>();
  #lastChosen: LastChosen;

  constructor({ bases, isTaken, nowMs, records = [], lastChosen }: PoolBookOptions) {
    this.#bases = new PoolBases(bases);
    this.#isTaken = isTaken;
    this.#nowMs = nowMs;
    this.#lastChosen = { ipv4: null, ipv6: null, ...lastChosen };
    for (const record of records) this.#pools.set(record.id, new HeldPool(record));
  }

  /** The subnets that were chosen last; with the records all that a book knows. */
  get lastChosen(): LastChosen {
    return { ...this.#lastChosen };
  }

  /** Gives Docker a pool: the one that it names, or one that is chosen.
   *  @throws PortyardError `bad-request`, `pool-in-use`, `pool-exhausted` (nothing left to choose). */
  requestPool(request: PoolRequest): { id: string; subnet: string } {
    const pool = request.pool === "" ? this.#choose(request) : this.#named(request);
    return { id: pool.id, subnet: pool.subnet };
  }

  /** Takes back a pool with all its addresses; does nothing for one that is not held. */
  releasePool(id: string): void {
    this.#pools.delete(id);
  }

  /** Gives Docker an address of a pool, with the length of the subnet's prefix: `10.210.0.2/24`.
   *  @throws PortyardError `pool-missing`, `bad-request`, `address-outside`, `address-reserved`, `address-taken`,
   *  `gateway-exists`, `pool-exhausted`. */
  requestAddress({ poolId, ...request }: AddressRequest & { poolId: string }): string {
    const pool = this.#pools.get(poolId);
    if (pool !== undefined) return pool.request(request);
    throw new PortyardError("pool-missing", `There is no pool ${poolId}.`, {
      path: "PoolID",
      value: poolId,
      remedy: "Remove the network (docker network rm) and create it anew.",
    });
  }

  /** Takes back an address, be it the gateway's; does nothing for one that nobody has. */
  releaseAddress(poolId: string, address: string): void {
    this.#pools.get(poolId)?.release(address, this.#nowMs());
  }

  /** All pools in the order in which they were requested. */
  toRecords(): PoolRecord[] {
    return [...this.#pools.values()].map((pool) => pool.toRecord());
  }

  #named({ space, pool: poolText, subPool, v6 }: PoolRequest): HeldPool {
    const subnet = readSubnet(poolText, v6);
    const range = subPool === "" ? null : readRange(subPool, subnet);
    const span = spanOf(subnet);
    const other = [...this.#pools.values()].find((pool) => areOverlapping(pool.span, span));
    const isSame = other?.space === space && other.subnet === subnet && other.range === range;
    if (other !== undefined && !isSame) throw inUse(subnet, `overlaps pool ${other.id}`);
    if (other?.isEmpty === false) throw inUse(subnet, `is pool ${other.id}, of which addresses are in use`);
    if (this.#isTaken(subnet)) throw inUse(subnet, "overlaps an address, a route or a network of the host");
    if (other === undefined) return this.#add(newPool(space, subnet, range, this.#nowMs()));
    other.markNamed();
    return other;
  }

  #choose({ space, subPool, v6 }: PoolRequest): HeldPool {
    if (subPool !== "") throw badRequest("SubPool", subPool, "is part of no pool", "Name the pool (--subnet) that it is a part of.");
    const family: Family = v6 ? 6 : 4;
    const nowMs = this.#nowMs();
    const lost = [...this.#pools.values()].filter((pool) => this.#isLost(pool, nowMs));
    const held = [...this.#pools.values()].filter((pool) => !lost.includes(pool)).map((pool) => pool.span);
    const subnet = this.#bases.next(family, this.#lastChosen[KEYS[family]], held, this.#isTaken);
    if (subnet === null) throw noneLeft(family, this.#bases.describe(family));
    for (const { id } of lost) this.#pools.delete(id);
    this.#lastChosen[KEYS[family]] = subnet;
    return this.#add(newPool(space, subnet, null, nowMs, true));
  }

  /** A pool on which a network stands that uses none of its addresses is no lost answer, and could not be chosen anyway. */
  #isLost(pool: HeldPool, nowMs: number): boolean {
    return pool.isChosen && pool.emptyMs(nowMs) >= STALE_MS && !this.#isTaken(pool.subnet);
  }

  #add(pool: HeldPool): HeldPool {
    this.#pools.set(pool.id, pool);
    return pool;
  }
}

function newPool(space: string, subnet: string, range: string | null, sinceMs: number, isChosen = false): HeldPool {
  const id = range === null ? `${space}/${subnet}` : `${space}/${subnet}/${range}`;
  const record = { id, space, subnet, range, isChosen, sinceMs, gateway: null, addresses: [], last: null };
  try {
    return new HeldPool(record);
  } catch (cause) {
    if (!(cause instanceof RangeError) || range === null) throw cause;
    throw badRequest("SubPool", range, `has no address of ${subnet} that a station may have`, "Name a larger part (--ip-range), or none.");
  }
}

/** The canonical text of a subnet of the family that `v6` says. */
function readSubnet(text: string, v6: boolean): string {
  const read = readAddress(text);
  const fault = subnetFault(text);
  if (read === null || fault !== null) throw badRequest("Pool", text, fault ?? "is not a prefix", prefixRemedy(text));
  const subnet = formatAddress(read);
  if ((read.family === 6) !== v6) {
    const asked = NAMES[v6 ? 6 : 4];
    throw badRequest("Pool", subnet, `is not of ${asked}, which was asked for`, `Name an ${asked} prefix.`);
  }
  return subnet;
}

/** The canonical text of a part of `subnet`. */
function readRange(text: string, subnet: string): string {
  const read = readAddress(text);
  if (read === null || read.prefixLength === null) throw badRequest("SubPool", text, "is not a prefix", `Name a part of ${subnet}.`);
  if (networkAddress(read) !== read.text) throw badRequest("SubPool", text, "has bits set behind its prefix", prefixRemedy(text));
  const range = formatAddress(read);
  if (!isInside(spanOf(subnet), spanOf(range))) throw badRequest("SubPool", range, `is not in ${subnet}`, `Name a part of ${subnet}.`);
  return range;
}

/** Names the prefix that is meant where only the bits behind it are wrong. */
function prefixRemedy(text: string): string {
  const read = readAddress(text);
  if (!read?.prefixLength || networkAddress(read) === read.text) return "Write the prefix of a network, such as 10.77.0.0/24 or fd77::/64.";
  return `Write ${formatAddress({ ...read, text: networkAddress(read) })}.`;
}

function badRequest(path: string, value: string, fault: string, remedy: string): PortyardError {
  return new PortyardError("bad-request", `${path} ${value} ${fault}.`, { path, value, remedy });
}

function inUse(subnet: string, fault: string): PortyardError {
  const remedy = "Name another subnet, or none: then a free one is chosen.";
  return new PortyardError("pool-in-use", `${subnet} ${fault}.`, { path: "Pool", value: subnet, remedy });
}

function noneLeft(family: Family, bases: string): PortyardError {
  const from = bases === "" ? "none" : bases;
  return new PortyardError("pool-exhausted", `There is no ${NAMES[family]} pool left to choose; pools are cut from: ${from}.`, {
    path: "docker.pools",
    value: from,
    remedy: `Remove a network, name a subnet, or add ${NAMES[family]} addresses to the option docker.pools.`,
  });
}
