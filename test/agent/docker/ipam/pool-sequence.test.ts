/** Random sequences of Docker's calls, many of them twice, with wrong ids and restarts in between, held to the obvious book. */
import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { STALE_MS } from "../../../../agent/docker/ipam/pool-book.ts";
import type { PoolRecord } from "../../../../agent/docker/ipam/pool-record.ts";
import { scale } from "../../../scale.ts";
import { seedOf } from "../../../support/seed.ts";
import { type Answer, addressesOf, holders, meets, PoolModel, stationsOf } from "./pool-model.ts";
import { fault, type Yard, yard } from "./yard.ts";

const test = suite("pool sequence");
const BASES = [
  { base: "10.210.0.0/28", size: 29 },
  { base: "fd70:7970::/124", size: 126 },
  { base: "10.220.0.0/29", size: 30 },
];
const CHOICES = {
  ipv4: ["10.210.0.0/29", "10.210.0.8/29", "10.220.0.0/30", "10.220.0.4/30"],
  ipv6: ["fd70:7970::/126", "fd70:7970::4/126", "fd70:7970::8/126", "fd70:7970::c/126"],
};
/** Pools by name, with the range that some have: of the bases and of others, overlapping one another. */
const NAMED: [string, string][] = [
  ["10.210.0.0/29", ""],
  ["10.210.0.0/28", ""],
  ["10.210.0.8/30", ""],
  ["10.0.0.0/29", ""],
  ["10.0.0.0/29", "10.0.0.4/31"],
  ["10.0.0.0/28", "10.0.0.8/29"],
  ["10.0.0.16/31", ""],
  ["fd70:7970::8/126", ""],
  ["fd77::/125", "fd77::4/127"],
];
const TAKEN = ["10.210.0.0/29", "10.220.0.0/30", "fd70:7970::/126", "10.0.0.0/29"];
const MACS = [1, 2, 3, 4].map((digit) => `02:00:00:00:00:0${digit}`);

const WRONG_ID = 9;
/** A repeated call is now and then answered by a book that was made anew. */
const REPEATS_PER_RESTART = 5;

const pool = fc.nat({ max: WRONG_ID });
/** Which address of the pool; beyond its end: one of no pool. */
const address = fc.nat({ max: 8 });
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("choose" as const), v6: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("name" as const), which: fc.constantFrom(...NAMED) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("releasePool" as const), pool }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("gateway" as const), pool, address: fc.option(address) }) },
  {
    weight: 20,
    arbitrary: fc.record({
      kind: fc.constant("address" as const),
      pool,
      address: fc.option(address, { freq: 2 }),
      mac: fc.option(fc.constantFrom(...MACS)),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("release" as const), pool, address }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("taken" as const), subnet: fc.constantFrom(...TAKEN) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(1, STALE_MS - 1, STALE_MS) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("restart" as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Addresses without a pool say little. */
const BEGIN: Step = { kind: "choose", v6: false };

/** Book and model side by side. */
class Pair {
  readonly of: Yard = yard(BASES);
  readonly model = new PoolModel(CHOICES, (subnet) => this.of.taken.has(subnet));
  /** The id that was given last; at first one that never was. */
  #lastId = "local/10.9.9.0/29";
  #repeatCount = 0;

  take(one: Step): void {
    const { of, model } = this;
    if (one.kind === "choose")
      this.#both(
        () => this.#pool("", "", one.v6),
        () => model.requestPool("local", "", null, one.v6, of.nowMs),
        false,
      );
    else if (one.kind === "name") this.#name(...one.which);
    else if (one.kind === "releasePool") this.#releasePool(this.#id(one.pool));
    else if (one.kind === "gateway") this.#address(this.#id(one.pool), one.address, null, true);
    else if (one.kind === "address") this.#address(this.#id(one.pool), one.address, one.mac, false);
    else if (one.kind === "release") this.#release(this.#id(one.pool), one.address);
    else if (one.kind === "taken") of.taken.delete(one.subnet) || of.taken.add(one.subnet);
    else if (one.kind === "wait") of.nowMs += one.ms;
    else of.restart();
    assert.equal(of.state(), { records: model.pools, lastChosen: model.lastChosen });
    checkRecords(of.book.toRecords());
  }

  /** Releases all: of every second pool the addresses before. */
  end(): void {
    const { book } = this.of;
    for (const [index, record] of book.toRecords().entries()) {
      const addresses = index % 2 === 0 ? holders(record) : [];
      for (const each of addresses) book.releaseAddress(record.id, each);
      if (index % 2 === 0) assert.equal(holders(book.toRecords()[0]!), []);
      book.releasePool(record.id);
    }
    assert.equal(book.toRecords(), []);
  }

  /** Of a pool that is held; for the highest index and without any of one that may have been. */
  #id(index: number): string {
    const held = this.model.pools;
    return index === WRONG_ID || held.length === 0 ? this.#lastId : held[index % held.length]!.id;
  }

  #pool(subnet: string, range: string, v6: boolean): string {
    this.#lastId = this.of.pool(subnet, range, v6).id;
    return this.#lastId;
  }

  #name(subnet: string, range: string): void {
    const v6 = subnet.includes(":");
    const asModel = () => this.model.requestPool("local", subnet, range === "" ? null : range, v6, this.of.nowMs);
    this.#both(() => this.#pool(subnet, range, v6), asModel, true);
  }

  #address(poolId: string, which: number | null, mac: string | null, isGateway: boolean): void {
    const text = which === null ? "" : nthAddress(poolId, which);
    const run = () => this.of.book.requestAddress({ poolId, address: text, mac, isGateway });
    this.#both(run, () => this.model.requestAddress(poolId, text, mac, isGateway), isGateway || mac !== null || text !== "");
  }

  #release(id: string, which: number): void {
    const text = nthAddress(id, which);
    for (let count = 0; count < 2; count++) this.of.book.releaseAddress(id, text);
    this.model.releaseAddress(id, text, this.of.nowMs);
  }

  #releasePool(id: string): void {
    for (let count = 0; count < 2; count++) this.of.book.releasePool(id);
    this.model.releasePool(id);
  }

  /** Book and model answer alike; what is refused changes nothing, and what can be repeated is answered alike again, be it
   *  by a book that was made anew. */
  #both(run: () => string, asModel: () => Answer, canRepeat: boolean): void {
    const before = this.of.state();
    const expected = asModel();
    if ("code" in expected) {
      assert.is(fault(run).code, expected.code);
      assert.equal(this.of.state(), before);
      return;
    }
    assert.is(run(), expected.given);
    if (!canRepeat) return;
    const after = this.of.state();
    if (++this.#repeatCount % REPEATS_PER_RESTART === 0) this.of.restart();
    assert.is(run(), expected.given);
    assert.equal(this.of.state(), after);
  }
}

/** An address of the pool that an id names; beyond its end one of no pool. */
function nthAddress(id: string, index: number): string {
  const [, network, length] = id.split("/");
  return addressesOf(`${network}/${length}`)[index] ?? "192.168.0.1";
}

/** What holds whatever happened: no address has two holders, no MAC two addresses, no two pools overlap. */
function checkRecords(records: readonly PoolRecord[]): void {
  for (const [index, record] of records.entries()) {
    const held = holders(record);
    assert.is(new Set(held).size, held.length, "two have one address");
    assert.ok(held.every((each) => stationsOf(record.subnet).includes(each)));
    const macs = record.addresses.flatMap(({ mac }) => mac ?? []);
    assert.is(new Set(macs).size, macs.length, "one has two addresses");
    for (const other of records.slice(index + 1)) assert.not.ok(meets(record.subnet, other.subnet), `${record.id} and ${other.id}`);
  }
}

test("whatever Docker asks, in whichever order and however often, the book answers as the obvious one", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 50, size: "max" }), (steps) => {
      const pair = new Pair();
      for (const one of [BEGIN, ...steps]) pair.take(one);
      pair.end();
    }),
    { numRuns: scale.ipamSequences, seed: seedOf("pool sequence") | 0 },
  );
});

test.run();
