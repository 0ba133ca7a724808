/** Room for slates: nothing overlaps, everything comes back. */
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { SlateRoom } from "../../../bindings/service/slates.ts";
import { scale } from "../../scale.ts";
import { expectError } from "../engine/world.ts";

test("what is taken does not overlap, and comes back as a whole", () => {
  const steps = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 20 })), { maxLength: 60 });
  fc.assert(
    fc.property(steps, (all) => {
      const room = new SlateRoom(640, 640 + 64 * 100);
      const taken: { at: number; bytes: number }[] = [];
      for (const [isTaking, size] of all) {
        if (isTaking) {
          const bytes = size * 64;
          const used = taken.reduce((sum, one) => sum + one.bytes, 0);
          if (used + bytes * 2 > 6400) continue;
          let at: number;
          try {
            at = room.take(bytes);
          } catch {
            continue; // no gap is long enough
          }
          assert.ok(at >= 640 && at + bytes <= 640 + 6400);
          for (const other of taken) assert.ok(at + bytes <= other.at || other.at + other.bytes <= at, "they overlap");
          taken.push({ at, bytes });
        } else if (taken.length > 0) {
          const [one] = taken.splice(size % taken.length, 1);
          room.give(one!.at, one!.bytes);
        }
      }
      for (const { at, bytes } of taken) room.give(at, bytes);
      assert.is(room.take(6400), 640, "all of it is one gap again");
    }),
    { numRuns: scale.schedules },
  );
});

test("too much is refused, and nothing is taken then", () => {
  const room = new SlateRoom(0, 640);
  assert.is(room.take(320), 0);
  expectError("slates-exhausted", () => room.take(384));
  assert.is(room.take(320), 320);
});

test.run();
