/** Stations that a predecessor's tables had come into these: as they were last seen there, within the limits, in the order of
 *  the rings, and without a word about it. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { EventReader } from "../../../bindings/tables/event-ring.ts";
import { splitMac } from "../../../bindings/mac.ts";
import * as ports from "../../../bindings/tables/port-table.ts";
import type { TestEngine } from "../../support/engine.ts";
import { learn, placeOf, ringOf } from "../../support/macs.ts";
import { station } from "../../support/packet/ethernet.ts";
import { tell } from "../../support/story.ts";

/** True when there was room. */
function restore(engine: TestEngine, network: number, mac: string, port: number, seenSeconds: number): boolean {
  const generation = ports.generation(engine.tables, port);
  return Boolean(engine.wasm.restoreMac(engine.worker.address, network, ...splitMac(mac), port, generation, seenSeconds));
}

tell("a station is known with the time at which it was last seen, and nobody is told", (engine) => {
  const network = engine.network();
  engine.accessPorts(network, 2);
  const events = new EventReader(engine.tables, 0);
  assert.ok(restore(engine, network, station(1), 1, 77));
  assert.equal(engine.macs(), [{ network, mac: station(1), port: 1, generation: 1, isStatic: false, lastSeen: 77 }]);
  assert.equal(events.read(), []);
  assert.is(engine.totals().learned, 0);
});

tell("one that is known already is left as it is", (engine) => {
  const network = engine.network();
  engine.accessPorts(network, 2);
  engine.worker.setTime(90_000);
  learn(engine, network, station(1), 0);
  assert.ok(restore(engine, network, station(1), 1, 5));
  assert.equal(
    engine.macs().map(({ port, lastSeen }) => [port, lastSeen]),
    [[0, 90]],
  );
});

tell("they stand in the ring of their port in the order in which they came", (engine) => {
  const network = engine.network();
  engine.accessPorts(network, 2);
  const all = [station(3), station(1), station(2)];
  for (const [index, mac] of all.entries()) assert.ok(restore(engine, network, mac, 1, index));
  assert.equal(
    ringOf(engine, 1).places,
    all.map((mac) => placeOf(engine, network, mac)),
  );
});

tell("a port takes as many as its limit allows", (engine) => {
  const network = engine.network();
  const [port] = engine.accessPorts(network, 2);
  assert.is(port, 0);
  const limit = 1024;
  const taken = Array.from({ length: limit + 1 }, (_, index) => restore(engine, network, station(index + 1), 0, index));
  assert.is(taken.filter(Boolean).length, Math.min(limit, engine.macs().length));
  assert.is(taken.at(-1), false);
});

tell("a restored station ages as any other", (engine) => {
  const network = engine.network({ macAgeSeconds: 100 });
  engine.accessPorts(network, 2);
  restore(engine, network, station(1), 1, 0);
  restore(engine, network, station(2), 1, 90);
  engine.worker.setTime(110_000);
  engine.worker.setTime(120_000);
  for (let pass = 0; pass < 4; pass++) engine.wasm.sweepMacs(engine.worker.address, 1 << 20);
  assert.equal(
    engine.macs().map(({ mac }) => mac),
    [station(2)],
  );
});

test.run();
