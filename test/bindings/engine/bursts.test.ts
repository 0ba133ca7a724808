/** Frames that go in and out several at once: in their order, with the drops and the books of frames that go one by one, also when a
 *  callback refuses, throws, sends or ends what it listens to. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import fc from "fast-check";
import { MAX_FRAME_BYTES } from "../../../assembly/abi/limits.ts";
import { conserved } from "../../support/conservation.ts";
import { scale } from "../../scale.ts";
import { ramp } from "../../support/packet/bytes.ts";
import { BROADCAST, TYPE_EXPERIMENT, ethernet, station } from "../../support/packet/ethernet.ts";
import { A, B, codeOf, expectError, no, story as storyOf, toAll, type World } from "./world.ts";

const test = suite("bursts of an inline engine");
const story = (name: string, body: (world: World) => void | Promise<void>, options = {}): void => storyOf(test, name, body, options);

const several = (count: number, bytes = (index: number) => 60 + index): Uint8Array[] =>
  Array.from({ length: count }, (_, index) => toAll(A, bytes(index)));

/** Lengths of the frames of each burst that leaves `name`. */
function hearBursts(world: World, name: string): number[][] {
  const heard: number[][] = [];
  world.engine.memoryPort(name).onBurst((frames) => void heard.push(frames.map(({ length }) => length)));
  return heard;
}

story("a burst arrives as a burst, in its order, and one by one where a port takes frames", (world) => {
  const heard = hearBursts(world, "b");
  world.engine.memoryPort("a").sendBurst(several(3));
  assert.equal(heard, [[60, 61, 62]]);
  assert.equal(world.take(), ["c 60", "c 61", "c 62"]);
  world.send("a");
  assert.equal(heard.at(-1), [60], "one frame is a burst of one");
});

story("no burst is empty, none is longer than 64, and together they are what was sent", (world) => {
  const heard = [hearBursts(world, "b"), hearBursts(world, "c")];
  world.engine.memoryPort("a").sendBurst([]);
  assert.equal(heard, [[], []]);
  const frames = several(1000, (index) => 60 + (index % 900));
  world.engine.memoryPort("a").sendBurst(frames);
  for (const bursts of heard) {
    assert.equal(
      bursts.flat(),
      frames.map(({ length }) => length),
    );
    assert.ok(bursts.every(({ length }) => length > 0 && length <= 64));
    assert.ok(bursts.length < 40, `${bursts.length} bursts`);
  }
});

story("the bytes are those that were sent, whatever was in the slot before", (world) => {
  const heard: string[] = [];
  world.engine.memoryPort("b").onBurst((frames) => void heard.push(...frames.map((frame) => Buffer.from(frame).toString("hex"))));
  for (const length of [60, 200, 60, 60]) {
    const frames = Array.from({ length: 5 }, (_, index) =>
      ethernet(BROADCAST, A, TYPE_EXPERIMENT, ramp(length + index).fill(index + length, 10)),
    );
    world.engine.memoryPort("a").sendBurst(frames);
    assert.equal(
      heard.splice(0),
      frames.map((frame) => Buffer.from(frame).toString("hex")),
    );
  }
});

story("a listener that refuses a burst refuses each of its frames, and no other port's", (world) => {
  world.engine.memoryPort("b").onBurst(() => false);
  const heard = hearBursts(world, "c");
  world.engine.memoryPort("a").sendBurst(several(5));
  assert.equal(heard, [[60, 61, 62, 63, 64]]);
  assert.equal(world.drops(), ["5 port-full at b"]);
  const [, b, c] = world.engine.ports();
  assert.equal([b?.sentFrames, c?.sentFrames, c?.sentBytes], [0, 5, 310]);
});

story("a listener that throws has refused its burst; the others get theirs, and then the first error comes out", (world) => {
  let bursts = 0;
  world.engine.memoryPort("b").onBurst(() => {
    bursts++;
    throw new Error(`${bursts}`);
  });
  expectError("Error: 1", () => world.engine.memoryPort("a").sendBurst(several(100)));
  assert.is(bursts > 1, true, "the later bursts were handed over all the same");
  assert.is(world.take().length, 100);
  assert.equal(world.drops(), ["100 port-full at b"]);
  world.engine.memoryPort("b").onBurst(() => {});
  world.send("a");
});

for (const isTold of [false, true]) {
  story(`a listener that throws at each of 300 frames costs no other one${isTold ? ", while drops are told" : ""}`, (world) => {
    let [heard, told] = [0, 0];
    if (isTold) world.engine.onDrop(() => void told++);
    world.engine.memoryPort("b").onFrame(() => {
      throw new Error(`${++heard}`);
    });
    expectError("Error: 1", () => world.engine.memoryPort("a").sendBurst(several(300)));
    assert.is(heard, 300);
    assert.equal(
      world.take(),
      several(300).map(({ length }) => `c ${length}`),
    );
    assert.equal(world.drops(), ["300 port-full at b"]);
    assert.is(told, isTold ? 300 : 0);
    world.engine.onDrop(null);
    world.engine.memoryPort("b").onFrame(() => {});
    world.send("a");
    world.take();
  });
}

story("a listener may answer every frame of every burst", (world) => {
  const heard = hearBursts(world, "a");
  const b = world.engine.memoryPort("b");
  b.onBurst((frames) => b.sendBurst(frames.map((_, index) => ethernet(A, B, TYPE_EXPERIMENT, ramp(100 + index)))));
  world.engine.memoryPort("a").sendBurst(several(1000, () => 60));
  assert.is(heard.flat().length, 1000);
  assert.is(world.take().filter((line) => line.startsWith("c")).length, 1000);
});

story("what a listener puts in goes its way when it has returned", (world) => {
  const order: string[] = [];
  world.engine.memoryPort("a").onBurst((frames) => void order.push(`a ${frames.length}`));
  world.engine.memoryPort("b").onBurst((frames) => {
    order.push(`b ${frames.length}`);
    world.engine.memoryPort("b").sendBurst([toAll(B), toAll(B)]);
    order.push("returned");
  });
  world.engine.memoryPort("a").sendBurst(several(2));
  assert.equal(order, ["b 2", "returned", "a 2"]);
  world.take();
});

story("more than the slots hold, put in by a listener, is the error no-slot; what was put in before goes its way", (world) => {
  let told = "";
  world.engine.memoryPort("b").onBurst(() => {
    world.engine.memoryPort("b").onBurst(() => {});
    told = codeOf(() => world.engine.memoryPort("b").sendBurst(Array.from({ length: 1000 }, () => toAll(B))));
  });
  world.engine.memoryPort("a").sendBurst(several(3));
  assert.is(told, "no-slot");
  const answers = world.take().filter((line) => line === "a 60").length;
  assert.ok(answers > 300 && answers < 360, `${answers} were put in`);
});

story("the last listener of a port is the one, of frames or of bursts", (world) => {
  const heard = hearBursts(world, "b");
  world.listen("b");
  world.engine.memoryPort("a").sendBurst(several(2));
  assert.equal(heard, []);
  assert.equal(
    world.take().filter((line) => line.startsWith("b")),
    ["b 60", "b 61"],
  );
  const again = hearBursts(world, "b");
  world.send("a");
  assert.equal(again, [[60]]);
  assert.equal(world.take(), ["c 60"]);
});

story("a listener that is replaced in its own call has taken that burst", (world) => {
  const later: number[] = [];
  world.engine.memoryPort("b").onBurst(() => {
    world.engine.memoryPort("b").onFrame(({ length }) => void later.push(length));
    return false;
  });
  world.engine.memoryPort("a").sendBurst(several(100));
  assert.equal(world.drops(), ["32 port-full at b"]);
  assert.is(later.length, 68);
  world.take();
});

story("whoever listens when a burst is given gets it, also when it was gathered for another", (world) => {
  const [b, c] = [world.engine.memoryPort("b"), world.engine.memoryPort("c")];
  const old = hearBursts(world, "c");
  let later: number[][] = [];
  b.onBurst(() => {
    later = hearBursts(world, "c");
  });
  world.engine.memoryPort("a").sendBurst(several(3));
  assert.equal([old, later], [[], [[60, 61, 62]]]);
  // now one that takes frames, and refuses each second
  const heard: number[] = [];
  b.onBurst(() =>
    c.onFrame(({ length }) => {
      heard.push(length);
      return length % 2 === 0;
    }),
  );
  world.engine.memoryPort("a").sendBurst(several(4));
  assert.equal(heard, [60, 61, 62, 63]);
  assert.equal(world.drops(), ["2 port-full at c"]);
  assert.is(later.length, 1);
  assert.equal(world.take(), []);
});

story("frames overtake no burst that is being gathered when a listener takes its place", (world) => {
  const [b, c] = [world.engine.memoryPort("b"), world.engine.memoryPort("c")];
  const heard: number[] = [];
  const old = hearBursts(world, "c");
  let calls = 0;
  // it gets its frames while the bursts of the others are gathered
  b.onFrame(() => {
    if (++calls === 3) c.onFrame(({ length }) => void heard.push(length));
  });
  world.engine.memoryPort("a").sendBurst(several(5));
  assert.equal([old, heard], [[], [60, 61, 62, 63, 64]]);
  calls = -100;
  const again = hearBursts(world, "c");
  world.engine.memoryPort("a").sendBurst(several(5));
  assert.equal(again, [[60, 61, 62, 63, 64]]);
  assert.equal(world.drops(), []);
});

story("one frame that is too long: none of the burst is put in", (world) => {
  const frames = [toAll(), new Uint8Array(MAX_FRAME_BYTES + 1), toAll()];
  expectError("frame-too-long", () => world.engine.memoryPort("a").sendBurst(frames));
  assert.equal(world.take(), []);
  world.engine.memoryPort("a").sendBurst([toAll(), new Uint8Array(0), toAll().subarray(0, 13)]);
  assert.equal(world.take(), ["b 60", "c 60"]);
  assert.equal(world.drops(), ["2 runt at a"]);
});

story("each drop of a burst is told, in the order of the frames", (world) => {
  const told: string[] = [];
  world.engine.onDrop((reason, port) => void told.push(`${reason} at ${port}`));
  for (const name of ["b", "c"]) world.engine.memoryPort(name).onBurst(() => false);
  world.engine.memoryPort("a").sendBurst(several(600, (index) => (index % 2 === 0 ? 60 : 14)));
  assert.is(told.length, 1200);
  world.engine.onDrop(null);
});

story(
  "an engine that is closed in a burst ends its ports; the burst is delivered",
  async (world) => {
    const heard = hearBursts(world, "c");
    let closing: Promise<void> | undefined;
    world.engine.memoryPort("b").onBurst(() => {
      closing ??= world.engine.close();
    });
    world.engine.memoryPort("a").sendBurst(several(10));
    assert.is(heard.flat().length, 10);
    await closing;
    expectError("port-missing", () => world.engine.memoryPort("a").sendBurst([]));
  },
  { isClosed: true },
);

story("a port that was removed takes no burst, and its successor does not inherit the listener", async (world) => {
  const heard = hearBursts(world, "b");
  const old = world.engine.memoryPort("b");
  const { network } = world.engine.ports()[1]!;
  await world.engine.removePort("b");
  expectError("port-missing", () => old.sendBurst([toAll()]));
  expectError("port-missing", () => old.onBurst(no));
  assert.is(network, "blue");
  world.engine.memoryPort("a").sendBurst(several(3));
  assert.equal(heard, []);
  world.take();
});

story(
  "a port that takes super-frames gets the virtio-net header in front of each frame",
  (world) => {
    const heard = hearBursts(world, "c");
    world.engine.memoryPort("a").sendBurst(several(3));
    assert.equal(heard, [[70, 71, 72]]);
    world.take();
  },
  { offload: true },
);

story(
  "a slot's bytes are those of its frame now, also where one of the same length began elsewhere in it",
  (world) => {
    const heard: string[] = [];
    const hear = (name: string, headerBytes: number) =>
      world.engine.memoryPort(name).onBurst((frames) => {
        for (const frame of frames) heard.push(`${name} ${Buffer.from(frame.subarray(headerBytes)).toString("hex")}`);
      });
    hear("b", 0);
    hear("c", 10);
    for (const bytes of [60, 70, 80, 70, 60]) {
      const frame = toAll(A, bytes);
      world.engine.memoryPort("a").sendBurst([frame]);
      assert.equal(
        heard.splice(0),
        ["b", "c"].map((name) => `${name} ${Buffer.from(frame).toString("hex")}`),
      );
    }
  },
  { offload: true },
);

story("any frames in any bursts fare as one by one", async (world) => {
  const { engine } = world;
  const macs = [BROADCAST, ...Array.from({ length: 4 }, (_, index) => station(index + 1))];
  const anyFrame = fc
    .tuple(fc.nat(4), fc.nat(4), fc.nat(1700))
    .map(([to, from, bytes]) => ethernet(macs[to]!, macs[from]!, TYPE_EXPERIMENT, ramp(bytes)));
  const anyBurst = fc.tuple(fc.constantFrom("a", "b", "c"), fc.array(anyFrame, { maxLength: 200 }));
  const left = new Map<string, string[]>();
  const add = (name: string, frame: Uint8Array): void => void left.get(name)?.push(Buffer.from(frame).toString("base64"));
  const fare = (bursts: [string, Uint8Array[]][], isWhole: boolean): unknown => {
    for (const name of ["a", "b", "c"]) {
      left.set(name, []);
      const port = engine.memoryPort(name);
      if (isWhole) {
        port.onBurst((frames) => {
          for (const frame of frames) add(name, frame);
        });
      }
      if (!isWhole) port.onFrame((frame) => add(name, frame));
    }
    for (const [name, frames] of bursts) {
      if (isWhole) engine.memoryPort(name).sendBurst(frames);
      else for (const frame of frames) engine.memoryPort(name).send(frame);
    }
    conserved(engine.workers()[0]!);
    return Object.fromEntries(left);
  };
  // both begin with the stations where the first run left them
  fc.assert(
    fc.property(fc.array(anyBurst, { maxLength: 5 }), (bursts) => {
      fare(bursts, false);
      const settled = engine.macs().map(({ mac, port }) => [mac, port]);
      const one = fare(bursts, false);
      assert.equal(
        engine.macs().map(({ mac, port }) => [mac, port]),
        settled,
      );
      assert.equal(fare(bursts, true), one);
    }),
    { numRuns: Math.ceil(scale.frameListProperties / 5) },
  );
});

test.run();
