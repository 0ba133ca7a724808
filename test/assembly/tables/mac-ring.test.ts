/** The limit of a port: at it the port loses its own oldest station, never another's; and the rings that know which one that
 *  is, when stations move away, come back, or when a ring has lost one.                                                  */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as event from "../../../assembly/abi/event.ts";
import { EVICTION_CHANCES, MAX_MACS_PER_PORT } from "../../../assembly/abi/limits.ts";
import { EventReader } from "../../../bindings/tables/event-ring.ts";
import type { TestEngine } from "../../support/engine.ts";
import { learn, macAt, placeCount, placeOf, positionOf, ringOf, setPosition, stationsOf } from "../../support/macs.ts";
import { station } from "../../support/packet/ethernet.ts";
import { tell } from "../../support/story.ts";

const LIMIT = 10;

function yard(engine: TestEngine, macLimit = LIMIT): number {
  const network = engine.network();
  engine.accessPorts(network, 3, { macLimit });
  return network;
}

function learnAll(engine: TestEngine, network: number, port: number, from: number, to: number): void {
  for (let number = from; number < to; number++) learn(engine, network, station(number), port);
}
function stations(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => station(from + index)).sort();
}

/** Stations of a port's ring, oldest first. */
function order(engine: TestEngine, port: number): string[] {
  return ringOf(engine, port).places.map((place) => macAt(engine, place));
}

// ---------------------------------------------------------------- the limit
tell("at its limit a port loses its own oldest station for each new one", (engine) => {
  const network = yard(engine);
  const reader = new EventReader(engine.tables, 0);
  learnAll(engine, network, 0, 0, LIMIT);
  assert.is(engine.totals().evicted, 0);
  learnAll(engine, network, 0, LIMIT, LIMIT + 4);
  assert.equal(stationsOf(engine, 0), stations(4, LIMIT + 4));
  assert.is(engine.totals().evicted, 4);
  const lost = reader.read().filter(({ kind }) => kind === event.MAC_EVICTED);
  assert.equal(
    lost.map(({ mac, port }) => [mac, port]),
    [0, 1, 2, 3].map((number) => [station(number), 0]),
  );
});

tell("a port at its limit costs no other port a station", (engine) => {
  const network = yard(engine);
  learnAll(engine, network, 1, 1000, 1000 + LIMIT);
  learnAll(engine, network, 2, 2000, 2003);
  learnAll(engine, network, 0, 0, 500);
  assert.equal(stationsOf(engine, 1), stations(1000, 1000 + LIMIT));
  assert.equal(stationsOf(engine, 2), stations(2000, 2003));
  assert.equal(stationsOf(engine, 0), stations(490, 500));
});

tell("the limit counts the stations of all networks of a port", (engine) => {
  const [red, blue] = [engine.network(), engine.network()];
  const trunk = engine.port({ vlans: { 1: red, 2: blue }, macLimit: LIMIT });
  for (let number = 0; number < LIMIT; number++) for (const network of [red, blue]) learn(engine, network, station(number), trunk);
  assert.is(engine.macs().length, LIMIT);
  assert.is(engine.totals().evicted, LIMIT);
});

tell("a port may learn one station only", (engine) => {
  const network = yard(engine, 1);
  learnAll(engine, network, 0, 0, 20);
  assert.equal(stationsOf(engine, 0), stations(19, 20));
});

tell("a port whose limit is 0 learns nothing", (engine) => {
  const network = yard(engine, 0);
  learnAll(engine, network, 0, 0, 20);
  assert.equal(engine.macs(), []);
  assert.is(engine.totals().notLearned, 20);
  assert.is(ringOf(engine, 0).count, 0);
});

tell(
  `the greatest limit is ${MAX_MACS_PER_PORT}: the ring is full then, and goes round`,
  (engine) => {
    const network = yard(engine, MAX_MACS_PER_PORT);
    learnAll(engine, network, 0, 0, 5 * MAX_MACS_PER_PORT + 100);
    assert.equal(stationsOf(engine, 0), stations(4 * MAX_MACS_PER_PORT + 100, 5 * MAX_MACS_PER_PORT + 100));
    assert.is(ringOf(engine, 0).count, MAX_MACS_PER_PORT);
    assert.is(ringOf(engine, 0).head, 100);
  },
  { macLimit: 4096 },
);

tell("a station that moves to a port at its limit makes it lose its oldest", (engine) => {
  const network = yard(engine);
  learnAll(engine, network, 0, 0, LIMIT);
  learn(engine, network, station(50), 1);
  learn(engine, network, station(50), 0);
  assert.equal(stationsOf(engine, 0), [...stations(1, LIMIT), station(50)].sort());
  assert.equal(stationsOf(engine, 1), []);
});

// ---------------------------------------------------------------- second chance
tell("a station that was seen again is passed over once, and loses that right by it", (engine) => {
  const network = yard(engine);
  learnAll(engine, network, 0, 0, LIMIT);
  engine.worker.setTime(1000);
  learn(engine, network, station(0), 0);
  learn(engine, network, station(2), 0);
  learnAll(engine, network, 0, 100, 102);
  assert.equal(
    stationsOf(engine, 0),
    [...stations(0, LIMIT).filter((mac) => mac !== station(1) && mac !== station(3)), ...stations(100, 102)].sort(),
  );
  learnAll(engine, network, 0, 102, 108);
  assert.equal(order(engine, 0).slice(0, 2), [station(0), station(100)], "both had their chance");
  learn(engine, network, station(108), 0);
  assert.is(engine.portOf(network, station(0)), -1);
});

tell(`no more than ${EVICTION_CHANCES} stations are passed over: then one goes, seen or not`, (engine) => {
  const network = yard(engine);
  learnAll(engine, network, 0, 0, LIMIT);
  engine.worker.setTime(1000);
  learnAll(engine, network, 0, 0, LIMIT);
  learn(engine, network, station(100), 0);
  assert.is(engine.portOf(network, station(EVICTION_CHANCES)), -1);
  assert.equal(order(engine, 0).slice(-EVICTION_CHANCES - 1), [...stations(0, EVICTION_CHANCES), station(100)]);
});

tell("a station seen twice within a second was not seen again", (engine) => {
  const network = yard(engine);
  learnAll(engine, network, 0, 0, LIMIT);
  learn(engine, network, station(0), 0);
  learn(engine, network, station(100), 0);
  assert.is(engine.portOf(network, station(0)), -1);
});

// ---------------------------------------------------------------- gaps
tell("stations that moved away leave gaps, which are closed when the ring is full: nobody is evicted for them", (engine) => {
  const network = yard(engine);
  learnAll(engine, network, 0, 0, LIMIT);
  learnAll(engine, network, 1, 3, 7);
  assert.equal([ringOf(engine, 0).count, ringOf(engine, 0).stale], [LIMIT, 4]);
  learn(engine, network, station(100), 0);
  assert.equal(order(engine, 0), [0, 1, 2, 7, 8, 9, 100].map(station));
  assert.is(ringOf(engine, 0).stale, 0);
  learnAll(engine, network, 0, 101, 104);
  assert.is(engine.totals().evicted, 0);
  assert.is(stationsOf(engine, 0).length, LIMIT);
});

tell("a station that moved away and came back is the youngest", (engine) => {
  const network = yard(engine);
  learnAll(engine, network, 0, 0, LIMIT);
  learn(engine, network, station(0), 1);
  learn(engine, network, station(0), 0);
  learn(engine, network, station(100), 0);
  assert.equal(order(engine, 0), [...stations(2, LIMIT), station(0), station(100)]);
});

tell("a static entry that took a learned one's place leaves its port room for another", (engine) => {
  const network = yard(engine);
  learnAll(engine, network, 0, 0, LIMIT);
  assert.ok(engine.setStatic(network, station(4), 0));
  learn(engine, network, station(100), 0);
  assert.is(engine.totals().evicted, 0);
  assert.is(stationsOf(engine, 0).length, LIMIT + 1);
  assert.ok(engine.clearStatic(network, station(4), 0));
  learn(engine, network, station(4), 0);
  assert.is(engine.totals().evicted, 1);
});

tell("after a flush the ring is empty and begins anew", (engine) => {
  const network = yard(engine);
  learnAll(engine, network, 0, 0, LIMIT + 7);
  learnAll(engine, network, 1, LIMIT, LIMIT + 3);
  engine.wasm.flushPort(engine.agent, 0);
  const { head, count, stale } = ringOf(engine, 0);
  assert.equal({ head, count, stale }, { head: 0, count: 0, stale: 0 });
  learnAll(engine, network, 0, 0, LIMIT);
  assert.is(engine.totals().evicted, 7);
});

tell("stations that come and go between ports by the thousand lose nothing but what the limits say", (engine) => {
  const network = yard(engine, 100);
  for (let round = 0; round < 60; round++) learnAll(engine, network, round % 3, 0, 100);
  assert.equal([stationsOf(engine, 2).length, stationsOf(engine, 0).length], [100, 0]);
  assert.is(engine.totals().evicted, 0);
  assert.is(engine.totals().moved, 59 * 100);
});

// ---------------------------------------------------------------- repair
tell("an entry whose ring has lost it, as a race of two moves may do, is put back by the sweep", (engine) => {
  const network = yard(engine);
  learnAll(engine, network, 0, 0, 5);
  const place = placeOf(engine, network, station(2));
  const before = positionOf(engine, place);
  setPosition(engine, place, before + 500);
  engine.wasm.sweepMacs(engine.worker.address, placeCount(engine));
  assert.equal(ringOf(engine, 0).count, 6);
  assert.is(order(engine, 0).at(-1), station(2));
  engine.wasm.sweepMacs(engine.worker.address, placeCount(engine));
  assert.is(ringOf(engine, 0).count, 6, "once");
  learnAll(engine, network, 0, 10, 16);
  assert.is(stationsOf(engine, 0).length, LIMIT);
});

tell("an entry that its ring has lost goes when its port has filled up to its limit without it", (engine) => {
  const network = yard(engine);
  learnAll(engine, network, 0, 0, LIMIT);
  const place = placeOf(engine, network, station(2));
  setPosition(engine, place, positionOf(engine, place) + 500);
  learnAll(engine, network, 0, LIMIT, LIMIT + 3);
  assert.is(stationsOf(engine, 0).length, LIMIT + 1, "one too many, which the ring does not know of");
  const reader = new EventReader(engine.tables, 0);
  engine.wasm.sweepMacs(engine.worker.address, placeCount(engine));
  assert.equal(stationsOf(engine, 0), stations(3, LIMIT + 3));
  assert.equal(
    reader.read().map(({ kind, mac }) => [kind, mac]),
    [[event.MAC_EVICTED, station(2)]],
  );
  assert.equal([engine.totals().evicted, engine.totals().aged], [3, 0]);
});

tell("an entry that two rings claim counts in that of its port", (engine) => {
  const network = yard(engine);
  learnAll(engine, network, 0, 0, 5);
  learnAll(engine, network, 1, 10, 13);
  const place = placeOf(engine, network, station(2));
  setPosition(engine, place, 0);
  engine.wasm.sweepMacs(engine.worker.address, placeCount(engine));
  assert.equal([ringOf(engine, 0).count, ringOf(engine, 1).count], [6, 3]);
});

tell(
  "a full ring is compacted before an entry is put back",
  (engine) => {
    const network = yard(engine, MAX_MACS_PER_PORT);
    learnAll(engine, network, 0, 0, MAX_MACS_PER_PORT);
    learnAll(engine, network, 1, 0, 10);
    const place = placeOf(engine, network, station(500));
    setPosition(engine, place, positionOf(engine, place) + 1);
    engine.wasm.sweepMacs(engine.worker.address, placeCount(engine));
    assert.is(ringOf(engine, 0).count, MAX_MACS_PER_PORT - 10);
    assert.is(order(engine, 0).at(-1), station(500));
  },
  { macLimit: 4096 },
);

tell("the sweep leaves the rings of other workers' ports alone", (engine) => {
  const network = engine.network();
  engine.port({ network, owner: 1 });
  learnAll(engine, network, 0, 0, 5);
  const place = placeOf(engine, network, station(2));
  setPosition(engine, place, positionOf(engine, place) + 500);
  engine.wasm.sweepMacs(engine.worker.address, placeCount(engine));
  assert.is(ringOf(engine, 0).count, 5);
  setPosition(engine, place, positionOf(engine, place) - 500);
});

test.run();
