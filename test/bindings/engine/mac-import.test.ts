/** Which stations find room when there is less of it than before: those that were seen last, of each port and of all. */
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { withinLimits } from "../../../bindings/engine/mac-import.ts";
import { scale } from "../../scale.ts";

interface Station {
  port: number;
  seenSeconds: number;
}

const stations = fc.array(fc.record({ port: fc.nat(3), seenSeconds: fc.nat(50) }, { noNullPrototype: true }), { maxLength: 60 });

test("no limit is exceeded, and nobody who was left out was seen later than somebody of the same port who was kept", () => {
  const check = (all: Station[], room: number, limits: number[]) => {
    const kept = withinLimits(all, room, (port) => limits[port] ?? 0);
    assert.ok(kept.length <= room);
    for (const port of [0, 1, 2, 3]) {
      const own = kept.filter((station) => station.port === port);
      const left = all.filter((station) => station.port === port && !kept.includes(station));
      assert.ok(own.length <= (limits[port] ?? 0));
      for (const station of left) for (const other of own) assert.ok(other.seenSeconds >= station.seenSeconds);
    }
    for (const [index, station] of kept.entries()) assert.ok(index === 0 || station.seenSeconds <= kept[index - 1]!.seenSeconds);
  };
  const limits = fc.array(fc.nat(20), { minLength: 4, maxLength: 4 });
  fc.assert(fc.property(stations, fc.nat(40), limits, check), { numRuns: scale.leftTables });
});

test("where there is room all are kept", () => {
  const check = (all: Station[]) => assert.is(withinLimits(all, 60, () => 60).length, all.length);
  fc.assert(fc.property(stations, check), { numRuns: scale.leftTables });
});

test.run();
