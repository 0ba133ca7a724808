/** Which station is behind which port: learning, moving, static entries, limits, flushes, and what a dead worker leaves. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as event from "../../../assembly/abi/event.ts";
import { AGENT_WORKER, MAC_BUCKET_SLOTS } from "../../../assembly/abi/limits.ts";
import * as map from "../../../assembly/abi/memory-map.ts";
import * as record from "../../../assembly/abi/worker.ts";
import { EventReader } from "../../../bindings/tables/event-ring.ts";
import * as macs from "../../../bindings/tables/mac-table.ts";
import * as ports from "../../../bindings/tables/port-table.ts";
import * as workers from "../../../bindings/tables/worker-table.ts";
import type { TestEngine } from "../../support/engine.ts";
import { entryAt, learn, placeCount, placeOf, stationsOf } from "../../support/macs.ts";
import { random } from "../../support/packet/random.ts";
import { station } from "../../support/packet/ethernet.ts";
import { tell } from "../../support/story.ts";

const [A, B] = [station(1), station(2)];

function yard(engine: TestEngine, count = 3): number {
  const network = engine.network();
  engine.accessPorts(network, count);
  return network;
}

/** Stations `from` to `to` - 1. */
function stations(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => station(from + index));
}

// ---------------------------------------------------------------- learning
tell("a station is unknown until it is learned", (engine) => {
  const network = yard(engine);
  assert.is(engine.portOf(network, A), -1);
  learn(engine, network, A, 2);
  assert.is(engine.portOf(network, A), 2);
  assert.is(engine.portOf(network + 1, A), -1);
  assert.is(engine.portOf(network, B), -1);
});

tell("an entry says network, station, port, generation and when it was last seen", (engine) => {
  const network = yard(engine);
  engine.worker.setTime(123_456);
  learn(engine, network, A, 2);
  assert.equal(engine.macs(), [{ network, mac: A, port: 2, generation: 1, isStatic: false, lastSeen: 123 }]);
});

tell("a station that speaks again is seen again, second by second", (engine) => {
  const network = yard(engine);
  learn(engine, network, A, 0);
  for (const [now, second] of [
    [999, 0],
    [1000, 1],
    [1999, 1],
    [90_000, 90],
  ] as const) {
    engine.worker.setTime(now);
    learn(engine, network, A, 0);
    assert.is(engine.macs()[0]?.lastSeen, second);
  }
  assert.is(engine.totals().learned, 1);
});

tell("stations of all addresses and networks are told apart", (engine) => {
  const found = [engine.network(), engine.network(), engine.network({}, 1023)];
  engine.accessPorts(1, 3);
  const all = ["00:00:00:00:00:01", "01:00:00:00:00:00", "fe:ff:ff:ff:ff:ff", "00:00:00:00:01:00", "80:00:00:00:00:00"];
  for (const [index, network] of found.entries()) for (const mac of all) learn(engine, network, mac, index);
  for (const [index, network] of found.entries()) for (const mac of all) assert.is(engine.portOf(network, mac), index);
  assert.is(engine.macs().length, all.length * found.length);
});

tell("learning, moving and taking away are events, with times and places", (engine) => {
  const network = yard(engine);
  engine.worker.setTime(5000);
  const reader = new EventReader(engine.tables, 0);
  learn(engine, network, A, 1);
  learn(engine, network, A, 2);
  const at = { network, mac: A, timeMs: 5000 };
  assert.equal(reader.read(), [
    { kind: event.MAC_LEARNED, port: 1, detail: 0, ...at },
    { kind: event.MAC_MOVED, port: 2, detail: 1, ...at },
  ]);
});

// ---------------------------------------------------------------- the table's limit
tell(
  "at the table's limit no new station is learned, and each that was not is counted; the known ones stay and may move",
  (engine) => {
    const network = yard(engine);
    for (const mac of stations(0, 100)) learn(engine, network, mac, 0);
    for (const mac of stations(100, 130)) learn(engine, network, mac, 1);
    assert.is(engine.macs().length, 100);
    assert.is(engine.totals().notLearned, 30);
    assert.equal(stationsOf(engine, 1), []);
    learn(engine, network, station(5), 1);
    assert.is(engine.portOf(network, station(5)), 1);
    assert.not(engine.setStatic(network, station(200), 1), "a static entry finds no place either");
    assert.ok(engine.setStatic(network, station(7), 1), "but may take that of a learned one");
  },
  { macLimit: 100 },
);

tell(
  "a place that became free is used again",
  (engine) => {
    const network = yard(engine);
    for (let round = 0; round < 50; round++) {
      for (const mac of stations(round * 100, round * 100 + 100)) learn(engine, network, mac, 0);
      assert.is(engine.macs().length, 100);
      assert.is(engine.wasm.flushPort(engine.agent, 0), 100);
    }
    assert.is(engine.totals().notLearned, 0);
  },
  { macLimit: 100 },
);

tell(
  "the table fills to its limit: a key that finds its first bucket full goes to its second",
  (engine) => {
    const network = yard(engine, 8);
    const { below } = random(3);
    const limit = 4096;
    for (let count = 0; count < limit; count++) learn(engine, network, station(below(2 ** 32)), count % 8);
    assert.is(engine.totals().notLearned, 0);
    assert.is(macs.count(engine.tables), engine.macs().length);
    assert.ok(limit - engine.macs().length < 5, "but for numbers that came twice");
  },
  { macLimit: 4096 },
);

tell(
  "two buckets hold sixteen stations between them, wherever their keys point; then they are full, and that is counted",
  (engine) => {
    const network = yard(engine);
    assert.is(placeCount(engine), 2 * MAC_BUCKET_SLOTS);
    engine.tables.store32(map.HEAD_MAC_LIMIT, 1000);
    for (const mac of stations(0, 200)) learn(engine, network, mac, 0);
    assert.is(engine.macs().length, 2 * MAC_BUCKET_SLOTS);
    assert.is(engine.totals().notLearned, 200 - 2 * MAC_BUCKET_SLOTS);
    for (const { mac } of engine.macs()) assert.is(engine.portOf(network, mac), 0);
    assert.not(engine.setStatic(network, station(201), 1), "the agent is told");
  },
  { macLimit: 8 },
);

// ---------------------------------------------------------------- static entries
tell("a static entry is neither moved nor refreshed nor evicted", (engine) => {
  const network = engine.network();
  engine.accessPorts(network, 2, { macLimit: 4 });
  assert.ok(engine.setStatic(network, A, 1));
  learn(engine, network, A, 0);
  for (const mac of stations(10, 30)) learn(engine, network, mac, 1);
  assert.equal(
    engine.macs().find((entry) => entry.mac === A),
    { network, mac: A, port: 1, generation: 1, isStatic: true, lastSeen: 0 },
  );
  assert.is(stationsOf(engine, 1).length, 5, "it does not count against the port's limit");
});

tell("a static entry takes the place of a learned one, and is the agent's to take away", (engine) => {
  const network = yard(engine);
  learn(engine, network, A, 0);
  assert.ok(engine.setStatic(network, A, 1));
  assert.ok(engine.setStatic(network, A, 1), "once more changes nothing");
  assert.not(engine.setStatic(network, A, 2), "another port does not get it");
  assert.not(engine.clearStatic(network, A, 2));
  assert.is(engine.portOf(network, A), 1);
  assert.ok(engine.clearStatic(network, A, 1));
  assert.not(engine.clearStatic(network, A, 1));
  assert.is(engine.portOf(network, A), -1);
  learn(engine, network, A, 2);
  assert.not(engine.clearStatic(network, A, 2), "a learned entry is none of its");
  assert.is(engine.portOf(network, A), 2);
});

// ---------------------------------------------------------------- flushes
tell("flushing a port takes its entries, learned and static, in every network, and no other port's", (engine) => {
  const [red, blue] = [engine.network(), engine.network()];
  engine.accessPorts(red, 3);
  for (const network of [red, blue]) {
    for (const mac of stations(0, 40)) learn(engine, network, mac, 1);
    for (const mac of stations(40, 60)) learn(engine, network, mac, 2);
  }
  engine.setStatic(red, station(99), 1);
  assert.is(engine.wasm.flushPort(engine.agent, 1), 81);
  assert.equal([stationsOf(engine, 1).length, stationsOf(engine, 2).length], [0, 40]);
  assert.is(engine.wasm.flushPort(engine.agent, 1), 0);
  learn(engine, red, A, 1);
  assert.is(engine.portOf(red, A), 1, "the port learns anew");
});

tell("flushing a network takes its entries on every port, and no other network's", (engine) => {
  const [red, blue] = [engine.network(), engine.network()];
  engine.accessPorts(red, 3);
  for (const mac of stations(0, 30)) for (const network of [red, blue]) learn(engine, network, mac, Number.parseInt(mac.slice(-2), 16) % 3);
  engine.setStatic(red, station(99), 1);
  engine.setStatic(blue, station(99), 1);
  assert.is(engine.wasm.flushNetwork(engine.agent, red), 31);
  assert.equal(new Set(engine.macs().map((entry) => entry.network)), new Set([blue]));
  assert.is(engine.macs().length, 31);
});

tell("an index that is given out 600 times never finds an entry of an earlier life", (engine) => {
  const network = yard(engine);
  const generations = new Set<number>();
  for (let life = 0; life < 600; life++) {
    generations.add(ports.generation(engine.tables, 2));
    learn(engine, network, A, 2);
    engine.remove(2, [network]);
    assert.is(engine.portOf(network, A), -1);
    assert.is(engine.port({ network }, 2), 2);
  }
  assert.is(generations.size, 255, "0 is never a generation");
  assert.is(Math.min(...generations), 1);
});

tell("a frame of a new life takes the entry of an old one that was left behind", (engine) => {
  const network = yard(engine);
  learn(engine, network, A, 2);
  engine.tables.store32(ports.recordOf(2) + 8, 9);
  learn(engine, network, A, 2);
  assert.equal(engine.macs(), [{ network, mac: A, port: 2, generation: 9, isStatic: false, lastSeen: 0 }]);
  assert.is(engine.totals().moved, 1);
});

// ---------------------------------------------------------------- the dead
/** As a worker that died right after its claim: a key without a value, and the claim in its record. */
function dieClaiming(engine: TestEngine, network: number, mac: string): number {
  learn(engine, network, mac, 0);
  const place = placeOf(engine, network, mac);
  const entry = entryAt(engine, place);
  engine.wasm.flushPort(engine.agent, 0);
  engine.tables.store64(entry, (BigInt(network) << 48n) | BigInt(`0x${mac.split(":").reverse().join("")}`));
  const dead = workers.recordOf(1);
  engine.tables.store64(dead + record.CLAIM_KEY, engine.tables.load64(entry));
  engine.tables.store32(dead + record.CLAIM_PLACE, entry);
  return entry;
}

tell("a key that its worker claimed and never published is unknown, and nobody can learn it until the claim is cleared", (engine) => {
  const network = yard(engine);
  dieClaiming(engine, network, A);
  assert.is(engine.portOf(network, A), -1);
  assert.equal(engine.macs(), []);
  learn(engine, network, A, 1);
  assert.is(engine.portOf(network, A), -1);
  assert.not(engine.setStatic(network, A, 1));
  engine.wasm.clearClaim(1);
  learn(engine, network, A, 1);
  assert.is(engine.portOf(network, A), 1);
});

tell("clearing the claim of a worker that died elsewhere takes nothing from anybody", (engine) => {
  const network = yard(engine);
  const entry = dieClaiming(engine, network, A);
  engine.wasm.clearClaim(1);
  learn(engine, network, B, 1);
  const dead = workers.recordOf(1);
  const before = engine.macs();
  for (const at of [entryAt(engine, placeOf(engine, network, B)), entry]) {
    engine.tables.store64(dead + record.CLAIM_KEY, (BigInt(network) << 48n) | 0x1234n);
    engine.tables.store32(dead + record.CLAIM_PLACE, at);
    engine.wasm.clearClaim(1);
    assert.equal(engine.macs(), before);
    assert.is(engine.tables.load32(dead + record.CLAIM_PLACE), 0);
  }
});

tell("a worker that died between taking a value away and taking the key away is cleaned up after", (engine) => {
  const network = yard(engine);
  learn(engine, network, A, 0);
  const entry = entryAt(engine, placeOf(engine, network, A));
  const dead = workers.recordOf(1);
  engine.tables.store64(dead + record.CLAIM_KEY, engine.tables.load64(entry));
  engine.tables.store32(dead + record.CLAIM_PLACE, entry);
  engine.wasm.clearClaim(1);
  assert.is(engine.portOf(network, A), 0, "its value is still there: it had not begun");
  engine.tables.store64(dead + record.CLAIM_KEY, engine.tables.load64(entry));
  engine.tables.store32(dead + record.CLAIM_PLACE, entry);
  engine.tables.store64(entry + 8, 0n);
  engine.wasm.clearClaim(1);
  assert.is(engine.tables.load64(entry), 0n);
  assert.is(engine.wasm.recountMacs(), 0);
});

tell("no claim is left after any call", (engine) => {
  const network = engine.network();
  engine.accessPorts(network, 2, { macLimit: 5 });
  for (const mac of stations(0, 50)) learn(engine, network, mac, 0);
  for (const mac of stations(0, 50)) learn(engine, network, mac, 1);
  engine.setStatic(network, A, 1);
  engine.clearStatic(network, A, 1);
  engine.wasm.flushPort(engine.agent, 1);
  for (const worker of [0, AGENT_WORKER]) assert.is(engine.tables.load32(workers.recordOf(worker) + record.CLAIM_PLACE), 0);
});

tell("after a death the entries are counted anew", (engine) => {
  const network = yard(engine);
  for (const mac of stations(0, 77)) learn(engine, network, mac, 0);
  engine.setStatic(network, station(99), 1);
  engine.tables.store32(map.HEAD_MAC_COUNT, 5);
  assert.is(engine.wasm.recountMacs(), 78);
  assert.is(macs.count(engine.tables), 78);
});

test.run();
