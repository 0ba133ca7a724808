/** The obvious book of pools: prefixes are lists of their addresses, and every question goes through all of them. Slow, and fit for
 *  small prefixes alone. It answers with a text, or with the code of the error. */
import { STALE_MS } from "../../../../agent/docker/ipam/pool-book.ts";
import type { PoolRecord } from "../../../../agent/docker/ipam/pool-record.ts";
import { readAddress, reservedRole } from "../../../../bindings/config/ip-address.ts";
import { numberOf, textOf } from "../../../../bindings/ipam/address-number.ts";

export type Answer = { given: string } | { code: string };

const refusal = (code: string): Answer => ({ code });
const given = (text: string): Answer => ({ given: text });

/** Every address of a prefix in order. */
export const addressesOf = remembered((prefix) => {
  const { family, text, prefixLength } = readAddress(prefix)!;
  return Array.from({ length: 2 ** ((family === 4 ? 32 : 128) - prefixLength!) }, (_, index) =>
    textOf(numberOf(text) + BigInt(index), family),
  );
});

/** Those that a station may have. */
export const stationsOf = remembered((prefix) =>
  addressesOf(prefix).filter((address) => reservedRole(readAddress(prefix)!, readAddress(address)!) === null),
);

/** True when some address is in both. */
export function meets(one: string, other: string): boolean {
  return addressesOf(one).some((address) => addressesOf(other).includes(address));
}

function remembered(list: (prefix: string) => readonly string[]): (prefix: string) => readonly string[] {
  const known = new Map<string, readonly string[]>();
  return (prefix) => {
    const items = known.get(prefix) ?? list(prefix);
    known.set(prefix, items);
    return items;
  };
}

/** Behind `last`, and round. */
function turned<T>(items: readonly T[], last: T | null): T[] {
  const at = last === null ? 0 : items.indexOf(last) + 1;
  return [...items.slice(at), ...items.slice(0, at)];
}

export class PoolModel {
  pools: PoolRecord[] = [];
  readonly lastChosen: { ipv4: string | null; ipv6: string | null } = { ipv4: null, ipv6: null };
  readonly #choices: { ipv4: readonly string[]; ipv6: readonly string[] };
  readonly #isTaken: (subnet: string) => boolean;

  /** @param choices the subnets that are chosen from, in order. */
  constructor(choices: { ipv4: readonly string[]; ipv6: readonly string[] }, isTaken: (subnet: string) => boolean) {
    this.#choices = choices;
    this.#isTaken = isTaken;
  }

  /** @param subnet,range well-formed and the one inside the other; an empty subnet is one to choose. */
  requestPool(space: string, subnet: string, range: string | null, v6: boolean, nowMs: number): Answer {
    if (subnet === "") return this.#choose(space, v6 ? "ipv6" : "ipv4", nowMs);
    const id = [space, subnet, ...(range === null ? [] : [range])].join("/");
    const same = this.pools.find((pool) => pool.id === id);
    if (this.#isTaken(subnet)) return refusal("pool-in-use");
    if (same === undefined) {
      if (this.pools.some((pool) => meets(pool.subnet, subnet))) return refusal("pool-in-use");
      this.#add(space, subnet, range, false, nowMs);
    } else {
      if (!isEmpty(same)) return refusal("pool-in-use");
      same.isChosen = false;
    }
    return given(id);
  }

  releasePool(id: string): void {
    this.pools = this.pools.filter((pool) => pool.id !== id);
  }

  requestAddress(id: string, address: string, mac: string | null, isGateway: boolean): Answer {
    const pool = this.pools.find((each) => each.id === id);
    if (pool === undefined) return refusal("pool-missing");
    if (address !== "" && !addressesOf(pool.subnet).includes(address)) return refusal("address-outside");
    if (address !== "" && !stationsOf(pool.subnet).includes(address)) return refusal("address-reserved");
    const answer = isGateway ? asGateway(pool, address) : asStation(pool, address, mac);
    return "code" in answer ? answer : given(`${answer.given}/${pool.subnet.split("/")[1]}`);
  }

  releaseAddress(id: string, address: string, nowMs: number): void {
    const pool = this.pools.find((each) => each.id === id);
    if (pool === undefined || !holders(pool).includes(address)) return;
    letGo(pool, address);
    if (isEmpty(pool)) pool.sinceMs = nowMs;
  }

  #choose(space: string, family: "ipv4" | "ipv6", nowMs: number): Answer {
    const isLost = (pool: PoolRecord): boolean =>
      pool.isChosen && isEmpty(pool) && nowMs - pool.sinceMs >= STALE_MS && !this.#isTaken(pool.subnet);
    const kept = this.pools.filter((pool) => !isLost(pool));
    const isFree = (subnet: string): boolean => !this.#isTaken(subnet) && kept.every((pool) => !meets(pool.subnet, subnet));
    const subnet = turned(this.#choices[family], this.lastChosen[family]).find(isFree);
    if (subnet === undefined) return refusal("pool-exhausted");
    this.pools = kept;
    this.lastChosen[family] = subnet;
    this.#add(space, subnet, null, true, nowMs);
    return given(`${space}/${subnet}`);
  }

  #add(space: string, subnet: string, range: string | null, isChosen: boolean, sinceMs: number): void {
    const id = [space, subnet, ...(range === null ? [] : [range])].join("/");
    this.pools.push({ id, space, subnet, range, isChosen, sinceMs, gateway: null, addresses: [], last: null });
  }
}

/** Every address of the pool that somebody has. */
export function holders({ gateway, addresses }: PoolRecord): string[] {
  return [...(gateway === null ? [] : [gateway]), ...addresses.map(({ address }) => address)];
}

function isEmpty(pool: PoolRecord): boolean {
  return holders(pool).length === 0;
}

function letGo(pool: PoolRecord, address: string): void {
  if (pool.gateway === address) pool.gateway = null;
  pool.addresses = pool.addresses.filter((each) => each.address !== address);
}

/** What addresses nobody named come from. */
function source({ subnet, range }: PoolRecord): readonly string[] {
  return stationsOf(subnet).filter((address) => range === null || addressesOf(range).includes(address));
}

function asGateway(pool: PoolRecord, address: string): Answer {
  if (pool.gateway !== null) return ["", pool.gateway].includes(address) ? given(pool.gateway) : refusal("gateway-exists");
  const free = address !== "" ? address : source(pool).find((each) => !holders(pool).includes(each));
  if (free === undefined) return refusal("pool-exhausted");
  if (holders(pool).includes(free)) return refusal("address-taken");
  pool.gateway = free;
  return given(free);
}

function asStation(pool: PoolRecord, address: string, mac: string | null): Answer {
  const own = pool.addresses.filter((each) => each.mac === mac).map((each) => each.address);
  const again = own.find((each) => each === address || (address === "" && mac !== null));
  if (again !== undefined) return given(again);
  const free = address !== "" ? address : turned(source(pool), pool.last).find((each) => !holders(pool).includes(each));
  if (free === undefined) return refusal("pool-exhausted");
  if (holders(pool).includes(free)) return refusal("address-taken");
  if (mac !== null) for (const each of own) letGo(pool, each);
  if (address === "") pool.last = free;
  pool.addresses.push({ address: free, mac });
  return given(free);
}
