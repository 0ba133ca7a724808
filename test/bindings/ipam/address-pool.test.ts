/** Addresses of one subnet, held to a pool that tries one address after the other. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { contains, readAddress, reservedRole } from "../../../bindings/config/ip-address.ts";
import { numberOf, textOf } from "../../../bindings/ipam/address-number.ts";
import { AddressPool, type Claim, lastUsable, type PoolOptions } from "../../../bindings/ipam/address-pool.ts";
import { scale } from "../../scale.ts";
import { random } from "../../support/packet/random.ts";
import { seedOf } from "../../support/seed.ts";

const test = suite("address pool");

/** The obvious way: every address of the subnet in order, and a set of those that are somebody's. */
class ModelPool {
  readonly all: string[];
  readonly taken = new Set<string>();
  readonly reserved: string[];
  readonly range: string[];
  last: string | null = null;

  constructor(subnet: string, { range, reserved = [] }: PoolOptions) {
    const prefix = readAddress(subnet)!;
    const first = numberOf(prefix.text);
    const count = 2 ** ((prefix.family === 4 ? 32 : 128) - prefix.prefixLength!);
    this.all = Array.from({ length: count }, (_, index) => textOf(first + BigInt(index), prefix.family)).filter(
      (address) => reservedRole(prefix, readAddress(address)!) === null,
    );
    const [from, to] = range?.split("-") ?? [];
    this.range = from === undefined ? this.all : this.all.slice(this.all.indexOf(from), this.all.indexOf(to!) + 1);
    this.reserved = [...reserved];
  }

  take(): string | null {
    const start = this.last === null ? 0 : this.range.indexOf(this.last) + 1;
    const next = [...this.range.slice(start), ...this.range.slice(0, start)].find((address) => this.isFree(address));
    if (next === undefined) return null;
    this.taken.add(next);
    this.last = next;
    return next;
  }

  request(address: string): Claim {
    if (!this.all.includes(address)) return "outside";
    if (this.reserved.includes(address)) return "reserved";
    if (this.taken.has(address)) return "taken";
    this.taken.add(address);
    return "given";
  }

  release(address: string): boolean {
    return this.taken.delete(address);
  }

  resume(last: string | null): void {
    this.last = last !== null && this.range.includes(last) ? last : null;
  }

  get freeCount(): bigint {
    return BigInt(this.range.filter((address) => this.isFree(address)).length);
  }

  private isFree(address: string): boolean {
    return !this.taken.has(address) && !this.reserved.includes(address);
  }
}

const pools: [string, PoolOptions][] = [
  ["10.0.0.0/30", {}],
  ["10.0.0.0/31", {}],
  ["10.0.0.0/30", { reserved: ["10.0.0.1"] }],
  ["10.0.0.0/30", { reserved: ["10.0.0.1", "10.0.0.2"] }],
  ["10.77.0.0/28", { reserved: ["10.77.0.1", "10.77.0.14", "10.77.0.7", "192.168.0.1", "fd00::1"] }],
  ["10.77.0.0/27", { range: "10.77.0.10-10.77.0.15", reserved: ["10.77.0.12"] }],
  ["255.255.255.0/28", {}],
  ["fd77::/127", {}],
  ["fd77::/124", { reserved: ["fd77::f"] }],
  ["fd77::ffff:ffff:ffff:fff0/124", { range: "fd77::ffff:ffff:ffff:fff4-fd77::ffff:ffff:ffff:ffff" }],
];
for (const [subnet, options] of pools) {
  test(`${subnet} ${JSON.stringify(options)} gives what trying one after the other gives`, () => {
    const seed = seedOf(`pool ${subnet}`);
    const { below, pick } = random(seed);
    let [pool, model] = [new AddressPool(subnet, options), new ModelPool(subnet, options)];
    const around = [...model.all, readAddress(subnet)!.text, "10.76.255.255", "10.78.0.0", "fd78::1"];
    for (let event = 0; event < scale.poolEvents / pools.length; event++) {
      const [kind, address] = [below(20), pick(around)];
      const about = `event ${event}, ${address}, seed ${seed}`;
      if (kind < 8) assert.is(pool.take(), model.take(), about);
      else if (kind < 10) assert.is(pool.request(address), model.request(address), about);
      else if (kind < 18) assert.is(pool.release(address), model.release(address), about);
      else if (kind === 18) {
        pool.resume(address);
        model.resume(address);
      } else {
        // the same state gives the same addresses
        const again = new AddressPool(subnet, options);
        for (const taken of model.taken) assert.is(again.request(taken), "given");
        again.resume(pool.last);
        pool = again;
      }
      assert.equal([pool.last, pool.freeCount], [model.last, model.freeCount], about);
    }
  });
}

test("what was just released rests until the pool has come round", () => {
  const pool = new AddressPool("10.0.0.0/29");
  assert.equal([pool.take(), pool.take()], ["10.0.0.1", "10.0.0.2"]);
  pool.release("10.0.0.2");
  assert.equal([pool.take(), pool.take(), pool.take(), pool.take()], ["10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"]);
  assert.equal([pool.take(), pool.take()], ["10.0.0.2", null]);
});

test("nobody gets the subnet's own address, its broadcast address, or what is reserved", () => {
  for (const [subnet, own] of [
    ["10.77.0.0/24", ["10.77.0.0", "10.77.0.255"]],
    ["fd77::/120", ["fd77::"]],
  ] as const) {
    const pool = new AddressPool(subnet, { reserved: ["10.77.0.1", "fd77::1", lastUsable(subnet)] });
    const given = new Set<string>();
    for (let address = pool.take(); address !== null; address = pool.take()) given.add(address);
    for (const address of [...own, "10.77.0.1", "fd77::1", lastUsable(subnet)]) assert.not(given.has(address), address);
    assert.is(given.size, 256 - own.length - 2);
    assert.ok([...given].every((address) => contains(readAddress(subnet)!, readAddress(address)!)));
    assert.is(pool.freeCount, 0n);
  }
});

test("reserved addresses cannot be asked for, nor released", () => {
  const pool = new AddressPool("10.0.0.0/29", { reserved: ["10.0.0.1"] });
  assert.is(pool.request("10.0.0.1"), "reserved");
  assert.is(pool.release("10.0.0.1"), false);
  assert.is(pool.take(), "10.0.0.2");
});

test("what is asked for by name may lie outside the range that is given from", () => {
  const pool = new AddressPool("10.0.0.0/24", { range: "10.0.0.64/26" });
  assert.is(pool.take(), "10.0.0.64");
  assert.is(pool.request("10.0.0.200"), "given");
  assert.is(pool.request("10.0.1.1"), "outside");
  assert.is(pool.request("10.0.0.255"), "outside");
  assert.is(pool.freeCount, 63n);
});

test("a range that has no address of the subnet is refused", () => {
  for (const range of ["10.0.1.0/24", "10.0.0.9-10.0.0.2", "10.0.0.0-10.0.0.0"]) {
    assert.throws(() => new AddressPool("10.0.0.0/24", { range }), /no address of the subnet/);
  }
});

test("the last usable address", () => {
  const subnets = ["10.0.0.0/8", "10.0.0.0/30", "10.0.0.0/31", "fd77::/64", "fd77::/127"];
  assert.equal(subnets.map(lastUsable), ["10.255.255.254", "10.0.0.2", "10.0.0.1", "fd77::ffff:ffff:ffff:ffff", "fd77::1"]);
});

test("a /8 and a /64 that are densely used give at once", () => {
  for (const subnet of ["10.0.0.0/8", "fd77::/64"]) {
    const pool = new AddressPool(subnet);
    const held: string[] = [];
    for (let count = 0; count < 16_384; count++) held.push(pool.take()!);
    pool.resume(null);
    const begin = performance.now();
    const { below } = random(1);
    for (let count = 0; count < scale.poolChurn; count++) {
      const at = below(held.length);
      pool.release(held[at]!);
      pool.resume(null);
      const next = pool.take()!;
      assert.is(next, held[at], "the only gap");
      held[at] = next;
    }
    const microseconds = ((performance.now() - begin) * 1000) / scale.poolChurn;
    assert.ok(microseconds < 1000, `${microseconds} us for a release and a take`);
  }
});

test.run();
