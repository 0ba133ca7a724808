/** The books of an engine at rest: conservation of frames and slots (design of the pipeline), counters of ports against
 *  those of the worker, and the MAC table against its count, its rings and itself.                                      */
import * as assert from "uvu/assert";
import * as counter from "../../assembly/abi/counter.ts";
import { MAC_BUCKET_SLOTS, MAX_DROP_REASONS, MAX_MACS_PER_PORT, MAX_PORTS, WORKER_SLOTS } from "../../assembly/abi/limits.ts";
import * as map from "../../assembly/abi/memory-map.ts";
import * as field from "../../assembly/abi/port.ts";
import * as state from "../../assembly/abi/worker-state.ts";
import * as macs from "../../bindings/tables/mac-table.ts";
import * as ports from "../../bindings/tables/port-table.ts";
import type { Tables } from "../../bindings/tables/tables.ts";
import * as workers from "../../bindings/tables/worker-table.ts";
import type { TestEngine } from "./engine.ts";

export function checkBooks(engine: TestEngine): void {
  const { tables, wasm, worker } = engine;
  assert.is(wasm.waitingFrames(worker.address), 0, "frames wait");
  assert.is(wasm.waitingWrites(worker.address), 0, "writes wait");
  checkFrames(tables, 0);
  checkSlots(tables, 0, worker.address);
  checkPortCounters(tables, engine.retired);
  checkEntries(tables);
  checkRings(tables);
}

/** received + originated + copies + segments = sent + dropped + consumed, of a worker at rest. */
export function checkFrames(tables: Tables, worker: number): void {
  const { received, originated, copies, segments, sent, dropped, consumed } = workers.read(tables, worker);
  assert.is(received + originated + copies + segments, sent + dropped + consumed, `frames of worker ${worker}`);
}

/** All slots are free, each of them once. */
export function checkSlots(tables: Tables, worker: number, region: number): void {
  const { slotsTaken, slotsReleased } = workers.read(tables, worker);
  assert.is(slotsTaken, slotsReleased, `slots of worker ${worker}`);
  assert.is(tables.load32(region + map.WORKER_STATE + state.FREE_COUNT), WORKER_SLOTS);
  const free = Array.from({ length: WORKER_SLOTS }, (_, index) => tables.load32(region + map.FREE_SLOTS + index * 4));
  assert.is(new Set(free).size, WORKER_SLOTS, "a slot is free twice");
}

/** What ports counted is what worker 0 counted, and each drop has its reason. */
function checkPortCounters(tables: Tables, retired: { received: number; sent: number; dropped: number }): void {
  const total = { ...retired };
  for (let port = 0; port < MAX_PORTS; port++) {
    total.received += ports.sum(tables, port, counter.RECEIVED_FRAMES);
    total.sent += ports.sum(tables, port, counter.SENT_FRAMES);
    const dropped = ports.sum(tables, port, counter.DROPPED_FRAMES);
    total.dropped += dropped;
    let byReason = 0;
    if (dropped > 0) for (let reason = 0; reason < MAX_DROP_REASONS; reason++) byReason += ports.drops(tables, port, reason);
    assert.is(byReason, dropped, `drops of port ${port} by reason`);
    assert.is(ports.drops(tables, port, 0), 0, "a drop without a reason");
  }
  const { received, sent, dropped } = workers.read(tables, 0);
  assert.equal(total, { received, sent, dropped });
}

/** No station stands in the table twice, the count is right, and no place is half written. */
export function checkEntries(tables: Tables): void {
  const all = [...macs.entries(tables)];
  assert.is(macs.count(tables), all.length, "count of the MAC table");
  assert.is([...occupiedPlaces(tables)].length, all.length, "places of the MAC table");
  assert.is(new Set(all.map(({ network, mac }) => `${network} ${mac}`)).size, all.length, "a station stands in the table twice");
}

/** Each learned entry has its position in the ring of its port. */
export function checkRings(tables: Tables): void {
  const learned = new Map<number, number>();
  for (const { place, port, isStatic } of occupiedPlaces(tables)) {
    if (isStatic) continue;
    learned.set(port, (learned.get(port) ?? 0) + 1);
    assert.ok(isInRing(tables, port, place), `place ${place} is not in the ring of port ${port}`);
  }
  for (const [port, count] of learned) {
    const inRing = tables.load32(ports.recordOf(port) + field.RING_COUNT);
    assert.ok(count <= inRing && inRing <= MAX_MACS_PER_PORT, `ring of port ${port}: ${inRing} positions for ${count} entries`);
  }
}

/** Every place whose key or value is not 0; both must be. */
function* occupiedPlaces(tables: Tables): Generator<{ place: number; port: number; isStatic: boolean }> {
  const base = tables.load32(map.HEAD_MACS);
  const places = (tables.load32(map.HEAD_MAC_BUCKET_MASK) + 1) * MAC_BUCKET_SLOTS;
  for (let place = 0; place < places; place++) {
    const at = base + place * map.MAC_ENTRY_BYTES;
    const low = tables.load32(at + 8);
    const hasKey = tables.load32(at) !== 0 || tables.load32(at + 4) !== 0;
    assert.is(hasKey, low !== 0, `place ${place} is half written`);
    if (hasKey) yield { place, port: low & 0xffff, isStatic: ((low >>> 24) & 1) === 1 };
  }
}

function isInRing(tables: Tables, port: number, place: number): boolean {
  const position = tables.load32(tables.load32(map.HEAD_MAC_PLACES) + place * 4);
  const record = ports.recordOf(port);
  const distance = (position - tables.load32(record + field.RING_HEAD)) & (MAX_MACS_PER_PORT - 1);
  const cell = map.MAC_RINGS + port * map.MAC_RING_BYTES + position * 4;
  return distance < tables.load32(record + field.RING_COUNT) && tables.load32(cell) === place + 1;
}
