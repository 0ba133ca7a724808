/** The tables region from outside: layouts whose parts do not overlap, words of every width, a head that is checked. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  FLOW_BUCKET_SLOTS,
  FLOW_CHUNK,
  FLOW_REFERENCES,
  MAC_BUCKET_SLOTS,
  MAC_SLOTS_PER_ENTRY,
  MAX_WORKERS,
} from "../../../assembly/abi/limits.ts";
import * as map from "../../../assembly/abi/memory-map.ts";
import { PortyardError } from "../../../bindings/error.ts";
import { layOut, memoryPages } from "../../../bindings/tables/layout.ts";
import { Tables, createMemory } from "../../../bindings/tables/tables.ts";

const SEED = 7n;
const sizes = [
  { macs: 4, flows: 0, workers: 1 },
  { macs: 4096, flows: 1, workers: 1 },
  { macs: 5000, flows: 4096, workers: 3 },
  { macs: 65_536, flows: 262_144, workers: MAX_WORKERS },
  { macs: 1_048_576, flows: 1_000, workers: 2 },
];

for (const size of sizes) {
  test(`the parts of tables for ${size.macs} stations and ${size.workers} workers lie one behind the other`, () => {
    const layout = layOut(size);
    const places = layout.macBuckets * MAC_BUCKET_SLOTS;
    assert.ok(layout.counters >= map.TABLES_FIXED_END);
    assert.ok(layout.macTable >= layout.counters + size.workers * map.WORKER_COUNTERS_BYTES);
    assert.is(layout.macPlaces, layout.macTable + places * map.MAC_ENTRY_BYTES);
    assert.ok(layout.flowTable >= layout.macPlaces + places * 4);
    assert.is(layout.flowTable % 64, 0, "entries begin at a cache line");
    assert.ok(layout.flows >= size.flows && layout.flows < size.flows + FLOW_CHUNK);
    assert.ok(layout.flowIndex >= layout.flowTable + layout.flows * map.FLOW_BYTES);
    assert.is(layout.flowIndex % 64, 0, "a bucket is a cache line");
    assert.ok(layout.flowBuckets * FLOW_BUCKET_SLOTS >= layout.flows * FLOW_REFERENCES);
    assert.is(layout.flowChunks, layout.flowIndex + layout.flowBuckets * FLOW_BUCKET_SLOTS * 8);
    assert.ok(layout.workersBase >= layout.flowChunks + (layout.flows / FLOW_CHUNK) * 4);
    assert.is(layout.workersBase, map.TABLES + layout.tablesBytes);
    assert.is(layout.tablesBytes % map.WASM_PAGE_BYTES, 0);
    assert.ok(Number.isInteger(Math.log2(layout.macBuckets)) && layout.macBuckets >= 1, "a power of two");
    assert.ok(places >= size.macs * MAC_SLOTS_PER_ENTRY, "as many stay empty as are filled");
    assert.is(memoryPages(layout, size.workers), (layout.workersBase + size.workers * map.WORKER_BYTES) / map.WASM_PAGE_BYTES);
  });
}

function smallTables(shared = true): Tables {
  return new Tables(createMemory(memoryPages(layOut({ macs: 64, flows: 0, workers: 1 }), 0), shared));
}

test("words of every width are written where they belong, shared or not", () => {
  for (const shared of [true, false]) {
    const tables = smallTables(shared);
    const at = map.TABLES + 64;
    tables.store64(at, 0x0102_0304_0506_0708n);
    assert.equal([...tables.bytes.subarray(at, at + 8)], [8, 7, 6, 5, 4, 3, 2, 1], "little endian");
    assert.equal([tables.load32(at), tables.load32(at + 4)], [0x0506_0708, 0x0102_0304]);
    assert.equal([tables.load16(at), tables.load16(at + 6)], [0x0708, 0x0102]);
    tables.store32(at, 0xffff_ffff);
    assert.is(tables.add32(at, 2), 0xffff_ffff);
    assert.is(tables.load32(at), 1, "it wraps");
    tables.setBits32(at, 0x8000_0010);
    tables.clearBits32(at, 0x11);
    assert.is(tables.load32(at), 0x8000_0000);
    tables.store16(at + 2, 0xabcd);
    assert.is(tables.load32(at), 0xabcd_0000);
    tables.fill(at, 8);
    assert.is(tables.load64(at), 0n);
  }
});

test("a counter is exact up to 2^53 - 1", () => {
  const tables = smallTables();
  tables.store64(map.TABLES + 64, BigInt(Number.MAX_SAFE_INTEGER));
  assert.is(tables.count(map.TABLES + 64), Number.MAX_SAFE_INTEGER);
});

test("formatting leaves nothing of what was there, and a head that is accepted", () => {
  const layout = layOut({ macs: 64, flows: 0, workers: 1 });
  const tables = smallTables();
  tables.bytes.fill(0xaa, map.TABLES, layout.workersBase);
  tables.format(layout, SEED);
  tables.check(layout);
  assert.is(tables.load64(map.HEAD_HASH_SEED), SEED);
  assert.is(tables.epoch(), 1);
  const rest = tables.bytes.subarray(map.HEAD + map.HEAD_BYTES, layout.workersBase);
  assert.ok(rest.every((byte) => byte === 0));
});

test("tables of another size, another layout or of somebody else are refused, with what to do", () => {
  const layout = layOut({ macs: 64, flows: 0, workers: 1 });
  for (const at of [map.HEAD_MAGIC, map.HEAD_LAYOUT, map.HEAD_TABLES_BYTES, map.HEAD_MAC_LIMIT, map.HEAD_WORKER_COUNT]) {
    const tables = smallTables();
    tables.format(layout, SEED);
    tables.add32(at, 1);
    assert.throws(
      () => tables.check(layout),
      (error: unknown) => error instanceof PortyardError && error.code === "tables-layout" && error.remedy !== null,
    );
  }
});

test("the epoch goes up by one, and round", () => {
  const tables = smallTables();
  tables.format(layOut({ macs: 64, flows: 0, workers: 1 }), SEED);
  assert.equal([tables.raiseEpoch(), tables.raiseEpoch(), tables.epoch()], [2, 3, 3]);
  tables.store32(map.HEAD_EPOCH, 0xffff_ffff);
  assert.is(tables.raiseEpoch(), 0);
});

test.run();
