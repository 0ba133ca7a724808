/** MAC flood: one port, or eight, claim sources by the ten thousand, while others go on talking. The flooders lose their own
 *  entries and nobody else's, so no frame between the others ever floods and reaches them (the tables are the product's own
 *  size).
 *
 *      ports 0, 1      b and c, who talk to each other all the while        port 2      quiet, spoke once
 *      ports 3 ...     flooders                                                                                           */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { DEFAULT_MACS, MAX_MACS_PER_PORT } from "../../assembly/abi/limits.ts";
import { scale } from "../scale.ts";
import type { TestEngine } from "../support/engine.ts";
import { stationsOf } from "../support/macs.ts";
import { ramp } from "../support/packet/bytes.ts";
import { BROADCAST, TYPE_EXPERIMENT, ethernet, station } from "../support/packet/ethernet.ts";
import { only, portsOf, tell } from "../support/story.ts";

const [B, C, QUIET, NOBODY] = [station(1), station(2), station(3), station(4)];
const FIRST_FLOODER = 3;
const FLOODED_FROM = 1_000_000;
/** Frames that the flooders send between two frames of the others. */
const BETWEEN = 20;

function frame(destination: string, source: string): Uint8Array {
  return ethernet(destination, source, TYPE_EXPERIMENT, ramp(46));
}

function yard(engine: TestEngine, flooders: number): number {
  const network = engine.network();
  engine.accessPorts(network, FIRST_FLOODER + flooders);
  for (const [port, mac] of [B, C, QUIET].entries()) engine.send(port, frame(BROADCAST, mac));
  return network;
}

/** The `count`-th frame of the flood: another source each time, to `destination`. */
function flood(engine: TestEngine, flooders: number, count: number, destination: string): void {
  engine.send(FIRST_FLOODER + (count % flooders), frame(destination, station(FLOODED_FROM + count)));
}

/** A frame between two known stations reaches that one port and is not flooded. */
function talk(engine: TestEngine): void {
  for (const [from, to, source, destination] of [
    [0, 1, B, C],
    [1, 0, C, B],
    [0, 2, B, QUIET],
  ] as const) {
    const before = engine.totals().flooded;
    only(engine.send(from, frame(destination, source)), to);
    assert.is(engine.totals().flooded, before, "a frame of others flooded");
  }
}

for (const flooders of [1, 8]) {
  tell(
    `${scale.floodedSources} sources from ${flooders} port(s) cost nobody else an entry, and show them no frame of others`,
    (engine) => {
      const network = yard(engine, flooders);
      const memoryBytes = engine.tables.memory.buffer.byteLength;
      for (let count = 0; count < scale.floodedSources; count++) {
        if (count % 1000 === 0) engine.worker.setTime(count / 20);
        flood(engine, flooders, count, count % 2 === 0 ? NOBODY : B);
        if (count % BETWEEN === 0) talk(engine);
      }
      assert.equal(
        [B, C, QUIET].map((mac) => engine.portOf(network, mac)),
        [0, 1, 2],
      );
      const most = Math.min(MAX_MACS_PER_PORT, Math.floor(scale.floodedSources / flooders));
      for (let each = 0; each < flooders; each++) assert.is(stationsOf(engine, FIRST_FLOODER + each).length, most);
      assert.is(engine.totals().evicted, scale.floodedSources - flooders * most);
      assert.is(engine.totals().notLearned, 0);
      assert.is(engine.tables.memory.buffer.byteLength, memoryBytes);
    },
    { macLimit: DEFAULT_MACS },
  );
}

tell(
  "a flooder that claims the others' own addresses takes them for a moment: they have them back with their next frame",
  (engine) => {
    const network = yard(engine, 1);
    engine.send(FIRST_FLOODER, frame(BROADCAST, C));
    assert.is(engine.portOf(network, C), FIRST_FLOODER);
    engine.send(1, frame(B, C));
    assert.is(engine.portOf(network, C), 1);
    talk(engine);
  },
  { macLimit: DEFAULT_MACS },
);

tell(
  "where addresses are static not even that: the flood moves nothing",
  (engine) => {
    const network = yard(engine, 1);
    for (const [port, mac] of [B, C, QUIET].entries()) assert.ok(engine.setStatic(network, mac, port));
    for (const mac of [B, C, QUIET]) engine.send(FIRST_FLOODER, frame(BROADCAST, mac));
    assert.equal(
      [B, C, QUIET].map((mac) => engine.portOf(network, mac)),
      [0, 1, 2],
    );
    talk(engine);
  },
  { macLimit: DEFAULT_MACS },
);

tell(
  "a table that is full of one port's stations still knows those who spoke before",
  (engine) => {
    const network = yard(engine, 1);
    for (let count = 0; count < 1000; count++) flood(engine, 1, count, NOBODY);
    talk(engine);
    assert.is(engine.macs().length, 100);
    assert.is(engine.totals().notLearned, 1000 - 97);
    engine.send(2, frame(BROADCAST, station(5)));
    assert.is(engine.portOf(network, station(5)), -1, "a new station is not learned");
    assert.equal(portsOf(engine.send(0, frame(station(5), B))), [1, 2, FIRST_FLOODER], "so its frames flood, as the limits say");
  },
  { macLimit: 100 },
);

test.run();
