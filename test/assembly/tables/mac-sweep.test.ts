/** Ageing: an entry goes in the first visit of the sweep at which it is as old as its network says, and the sweep comes by
 *  every four seconds, in small steps.                                                                                    */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as event from "../../../assembly/abi/event.ts";
import {
  DEFAULT_MACS,
  DEFAULT_MAC_AGE_SECONDS,
  MAX_MAC_AGE_SECONDS,
  MIN_MAC_AGE_SECONDS,
  SWEEP_SLOTS,
} from "../../../assembly/abi/limits.ts";
import { EventReader } from "../../../bindings/tables/event-ring.ts";
import * as networks from "../../../bindings/tables/network-table.ts";
import type { TestEngine } from "../../support/engine.ts";
import { learn, placeCount, placeOf, stationsOf } from "../../support/macs.ts";
import { BROADCAST, TYPE_EXPERIMENT, ethernet, station } from "../../support/packet/ethernet.ts";
import { tell } from "../../support/story.ts";

const PASS_SECONDS = 4;
const STATIONS = 200;

function yard(engine: TestEngine, macAgeSeconds = DEFAULT_MAC_AGE_SECONDS): number {
  const network = engine.network({ macAgeSeconds });
  engine.accessPorts(network, 2);
  return network;
}
function learnAll(engine: TestEngine, network: number, port = 0): void {
  for (let number = 0; number < STATIONS; number++) learn(engine, network, station(number), port);
}
/** Sets the time and visits every place at once. */
function sweepAt(engine: TestEngine, nowMs: number): void {
  engine.worker.setTime(nowMs);
  engine.wasm.sweepMacs(engine.worker.address, placeCount(engine));
}
/** Lets time go on second by second, from one to another. */
function pass(engine: TestEngine, from: number, to: number): void {
  for (let second = from; second <= to; second++) engine.worker.setTime(second * 1000);
}

for (const age of [MIN_MAC_AGE_SECONDS, DEFAULT_MAC_AGE_SECONDS, MAX_MAC_AGE_SECONDS]) {
  tell(`an entry lives ${age} seconds, to the second`, (engine) => {
    const network = yard(engine, age);
    engine.worker.setTime(7_999);
    learnAll(engine, network);
    sweepAt(engine, (7 + age) * 1000 - 1);
    assert.is(engine.macs().length, STATIONS);
    sweepAt(engine, (7 + age) * 1000);
    assert.equal(engine.macs(), []);
    assert.is(engine.totals().aged, STATIONS);
  });
}

tell("each sign of life begins the age anew", (engine) => {
  const network = yard(engine, 15);
  learnAll(engine, network);
  engine.worker.setTime(10_000);
  for (let number = 0; number < 50; number++) learn(engine, network, station(number), 0);
  sweepAt(engine, 15_000);
  assert.is(engine.macs().length, 50);
  sweepAt(engine, 24_999);
  assert.is(engine.macs().length, 50);
  sweepAt(engine, 25_000);
  assert.is(engine.macs().length, 0);
});

tell("every network has its own age", (engine) => {
  const [short, long] = [engine.network({ macAgeSeconds: 15 }), engine.network({ macAgeSeconds: 60 })];
  engine.port({ vlans: { 1: short, 2: long } });
  for (const network of [short, long]) learnAll(engine, network);
  sweepAt(engine, 15_000);
  assert.equal([...new Set(engine.macs().map((entry) => entry.network))], [long]);
  networks.write(engine.tables, long, { learning: true, macAgeSeconds: 20, mtu: 1500 });
  sweepAt(engine, 20_000);
  assert.equal(engine.macs(), []);
});

tell("static entries do not age", (engine) => {
  const network = yard(engine, 15);
  learnAll(engine, network);
  engine.setStatic(network, station(5), 1);
  sweepAt(engine, 10_000_000);
  assert.equal(
    engine.macs().map((entry) => entry.mac),
    [station(5)],
  );
});

tell("what has aged is unknown again, and an event says so", (engine) => {
  const network = yard(engine, 15);
  learn(engine, network, station(1), 1);
  const reader = new EventReader(engine.tables, 0);
  sweepAt(engine, 15_000);
  assert.equal(reader.read(), [{ kind: event.MAC_AGED, port: 1, network, detail: 0, mac: station(1), timeMs: 15_000 }]);
  const frame = ethernet(station(1), station(2), TYPE_EXPERIMENT);
  assert.is(engine.send(0, frame).length, 1);
  assert.is(engine.totals().flooded, 1);
});

tell("a worker looks after the entries of its own ports only", (engine) => {
  const network = engine.network({ macAgeSeconds: 15 });
  engine.port({ network });
  engine.port({ network, owner: 1 });
  learn(engine, network, station(1), 0);
  learn(engine, network, station(2), 1);
  sweepAt(engine, 100_000);
  assert.equal(
    engine.macs().map((entry) => entry.mac),
    [station(2)],
  );
});

tell("a clock behind that of another worker ages nothing", (engine) => {
  const network = yard(engine, 15);
  engine.worker.setTime(100_000);
  learnAll(engine, network);
  sweepAt(engine, 98_000);
  assert.is(engine.macs().length, STATIONS);
});

// ---------------------------------------------------------------- when the sweep comes by
tell(`called every second, it takes out what is due within ${PASS_SECONDS} seconds and nothing before`, (engine) => {
  const network = yard(engine, 15);
  engine.worker.setTime(0);
  learnAll(engine, network);
  pass(engine, 1, 14);
  assert.is(engine.macs().length, STATIONS);
  pass(engine, 15, 15 + PASS_SECONDS - 1);
  assert.is(engine.macs().length, 0);
});

tell("called every millisecond, it comes by as often", (engine) => {
  const network = yard(engine, 15);
  engine.worker.setTime(0);
  learnAll(engine, network);
  for (let now = 1; now < 15_000; now++) engine.worker.setTime(now);
  assert.is(engine.macs().length, STATIONS);
  for (let now = 15_000; now <= 15_000 + PASS_SECONDS * 1000; now++) engine.worker.setTime(now);
  assert.is(engine.macs().length, 0);
});

tell("after a long sleep one call visits a quarter of the table at most, and four calls all of it", (engine) => {
  const network = yard(engine, 15);
  engine.worker.setTime(0);
  learnAll(engine, network);
  const places = new Map(engine.macs().map(({ mac }) => [mac, placeOf(engine, network, mac)]));
  for (let call = 1; call <= 4; call++) {
    const before = engine.macs().map(({ mac }) => mac);
    engine.worker.setTime(1_000_000 * call);
    const gone = before.filter((mac) => engine.portOf(network, mac) < 0).map((mac) => places.get(mac) ?? 0);
    assert.ok(gone.length > 0);
    assert.ok(Math.max(...gone) - Math.min(...gone) < placeCount(engine) / 4, `call ${call}`);
  }
  assert.equal(engine.macs(), []);
});

tell("a call for which nothing is due visits nothing", (engine) => {
  const network = yard(engine, 15);
  engine.worker.setTime(1_000_000);
  engine.wasm.sweepMacs(engine.worker.address, placeCount(engine) - 1);
  engine.worker.setTime(1_000_000);
  learn(engine, network, station(1), 0);
  networks.write(engine.tables, network, { learning: true, macAgeSeconds: 0, mtu: 1500 });
  const stepMs = (PASS_SECONDS * 1000 * SWEEP_SLOTS) / placeCount(engine);
  engine.worker.setTime(1_000_000 + stepMs - 1);
  assert.is(stationsOf(engine, 0).length, 1);
});

for (const macLimit of [4, 64, 128, 512, DEFAULT_MACS]) {
  tell(
    `a table for ${macLimit} is swept as fast as any other`,
    (engine) => {
      const network = yard(engine, 15);
      engine.worker.setTime(0);
      for (let number = 0; number < Math.min(macLimit, 300); number++) learn(engine, network, station(number), 0);
      for (let now = 100; now < 15_000; now += 100) engine.worker.setTime(now);
      assert.is(engine.macs().length, Math.min(macLimit, 300));
      for (let now = 15_000; now <= 15_000 + PASS_SECONDS * 1000 + 1000; now += 100) engine.worker.setTime(now);
      assert.is(engine.macs().length, 0);
    },
    { macLimit },
  );
}

tell("frames keep stations alive for as long as they come, and no longer", (engine) => {
  const network = yard(engine, 15);
  for (let second = 0; second <= 100; second++) {
    engine.worker.setTime(second * 1000);
    if (second % 14 === 0) engine.send(1, ethernet(BROADCAST, station(1), TYPE_EXPERIMENT));
    assert.is(engine.portOf(network, station(1)), 1, `second ${second}`);
  }
  pass(engine, 101, 98 + 15 + PASS_SECONDS);
  assert.is(engine.portOf(network, station(1)), -1);
});

test.run();
