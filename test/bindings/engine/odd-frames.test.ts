/** Frames of every odd length, frames that were cut, and arguments that no call takes: what becomes of each, and that nothing else does. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MAX_FRAME_BYTES, MIN_FRAME_BYTES } from "../../../assembly/abi/limits.ts";
import { ramp } from "../../support/packet/bytes.ts";
import { BROADCAST } from "../../support/packet/ethernet.ts";
import { TSO4, offload } from "../../support/packet/offload.ts";
import { superFrame } from "../../support/packet/super-frame.ts";
import { A, type World, expectError, fieldsOf, story as storyOf, toAll } from "./world.ts";

const test = suite("odd frames for an inline engine");
const story = (name: string, body: (world: World) => void | Promise<void>, options = {}): void => storyOf(test, name, body, options);
/** The longest frame that a packet of IP can be, with two tags. */
const LONGEST_PACKET_FRAME = 65_535 + MIN_FRAME_BYTES + 2 * 4;

// ---------------------------------------------------------------- frames of odd lengths
const lengths: [bytes: number, heard: string[], drops: string[]][] = [
  [0, [], ["1 runt at a"]],
  [1, [], ["1 runt at a"]],
  [13, [], ["1 runt at a"]],
  [14, ["b 14", "c 14"], []],
  [15, ["b 15", "c 15"], []],
  [1518, ["b 1518", "c 1518"], []],
  [1519, [], ["1 too-big at b", "1 too-big at c"]],
  [LONGEST_PACKET_FRAME, [], ["1 too-big at b", "1 too-big at c"]],
  [MAX_FRAME_BYTES, [], ["1 too-big at b", "1 too-big at c"]],
];
for (const [bytes, heard, drops] of lengths) {
  story(`a frame of ${bytes} bytes: ${[...heard, ...drops].join(", ")}`, (world) => {
    world.send("a", toAll(A, Math.max(bytes, MIN_FRAME_BYTES)).subarray(0, bytes));
    assert.equal(world.take(), heard);
    assert.equal(world.drops(), drops);
  });
}

for (const bytes of [MAX_FRAME_BYTES + 1, 1_000_000]) {
  story(`a frame of ${bytes} bytes is refused, and counted nowhere`, (world) => {
    const { engine } = world;
    expectError("frame-too-long", () => world.send("a", new Uint8Array(bytes)));
    expectError("frame-too-long", () => engine.memoryPort("a").sendCut(new Uint8Array(60), bytes));
    assert.is(engine.workers()[0]?.received, 0);
  });
}

story(
  "a super-frame of 65,557 bytes leaves whole by a port that takes it, and by the others in segments",
  (world) => {
    const tags = [5, 6];
    const payload = ramp(65_535 - 40);
    const whole = superFrame({
      from: A,
      to: BROADCAST,
      ends: { source: "10.0.0.1", destination: "10.0.0.2" },
      payload,
      segmentBytes: 1440,
      tags,
    });
    assert.is(whole.frame.length, LONGEST_PACKET_FRAME);
    world.engine.memoryPort("a").send(whole.frame, whole.offload);
    const heard = world.take();
    assert.is(heard.filter((one) => one === `c ${LONGEST_PACKET_FRAME + 10}`).length, 1);
    assert.is(heard.filter((one) => one.startsWith("b ")).length, Math.ceil(payload.length / 1440));
  },
  { offload: true },
);

story("an offload header of another length is refused", (world) => {
  const header = offload({ type: TSO4 });
  for (const bad of [header.subarray(0, 9), new Uint8Array(0), new Uint8Array(12)])
    expectError("bad-argument", () => world.engine.memoryPort("a").send(toAll(), bad));
  assert.equal([world.take(), world.drops()], [[], []]);
  world.engine.memoryPort("a").send(toAll(), header);
  assert.equal(world.drops(), ["1 bad-offload-header at a"]);
});

// ---------------------------------------------------------------- frames that were cut
const cuts: [kept: number, original: number, heard: string[], drops: string[]][] = [
  [0, 0, [], ["1 runt at a"]],
  [0, 13, [], ["1 runt at a"]],
  [0, 60, [], ["1 snapped-short at a"]],
  [13, 14, [], ["1 snapped-short at a"]],
  [14, 15, ["b 15", "c 15"], []],
  [14, 1518, ["b 1518", "c 1518"], []],
  [14, 1519, [], ["1 too-big at b", "1 too-big at c"]],
  [60, 60, ["b 60", "c 60"], []],
  [60, 59, ["b 60", "c 60"], []],
  [60, 0, ["b 60", "c 60"], []],
  [60, -1, ["b 60", "c 60"], []],
  [14, MAX_FRAME_BYTES, [], ["1 too-big at b", "1 too-big at c"]],
];
for (const [kept, original, heard, drops] of cuts) {
  story(`a frame of ${original} bytes of which ${kept} are there: ${[...heard, ...drops].join(", ")}`, (world) => {
    world.engine.memoryPort("a").sendCut(toAll().subarray(0, kept), original);
    assert.equal(world.take(), heard);
    assert.equal(world.drops(), drops);
  });
}

story("a length that is no whole number is refused", (world) => {
  for (const original of [Number.NaN, Number.POSITIVE_INFINITY, 100.5])
    expectError("bad-argument", () => world.engine.memoryPort("a").sendCut(toAll(), original));
  assert.is(world.engine.workers()[0]?.received, 0);
});

// ---------------------------------------------------------------- what is explained
story("an explanation refuses the offload headers that send refuses, and one of a frame that was cut", (world) => {
  const { engine } = world;
  const header = offload({ type: TSO4 });
  for (const bad of [header.subarray(0, 9), new Uint8Array(0), new Uint8Array(12)]) {
    expectError("bad-argument", () => engine.explain("a", toAll(), { offload: bad }));
    assert.equal(engine.explain("a", toAll()).verdict, "forwarded", "nothing of it is left for the next one");
  }
  const { frame, offload: ofSuperFrame } = superFrame({
    from: A,
    to: BROADCAST,
    ends: { source: "10.0.0.1", destination: "10.0.0.2" },
    payload: ramp(3000),
    segmentBytes: 1000,
  });
  const [path, remedy] = fieldsOf(() =>
    engine.explain("a", frame.subarray(0, 100), { offload: ofSuperFrame, originalBytes: frame.length }),
  );
  assert.is(path, "offload");
  assert.match(remedy ?? "", "the whole frame");
  assert.is(engine.explain("a", frame, { offload: ofSuperFrame, originalBytes: frame.length }).verdict, "forwarded");
  assert.is(engine.workers()[0]?.received, 0);
});

story("an explanation refuses lengths that no capture can hold, and judges those that it can", ({ engine }) => {
  const explain = (originalBytes: number) => engine.explain("a", toAll(), { originalBytes });
  for (const original of [Number.NaN, Number.POSITIVE_INFINITY, 100.5, 2 ** 32, 2 ** 32 + 100]) {
    expectError("bad-argument", () => explain(original));
    assert.is(fieldsOf(() => explain(original))[0], "originalBytes");
  }
  for (const original of [2 ** 32 - 1, MAX_FRAME_BYTES + 1]) assert.is(explain(original).reason, "oversize");
  for (const original of [-1, 0, 59, 60]) {
    const { verdict, steps } = explain(original);
    assert.equal([verdict, steps[0]?.step], ["forwarded", "parse"], "one that is no longer is a frame like any other");
  }
});

for (const end of ["close", "leave"] as const) {
  story(
    `after ${end} nothing is explained any more`,
    async ({ engine }) => {
      assert.is(engine.explain("a", toAll()).verdict, "forwarded");
      await engine[end]();
      expectError("engine-closed", () => engine.explain("a", toAll()));
      assert.is(fieldsOf(() => engine.explain("a", toAll()))[1], "Create another one.");
    },
    { isClosed: true },
  );
}

// ---------------------------------------------------------------- time
story("time is a number that never goes back", ({ engine }) => {
  engine.tick(1000);
  engine.tick(1000.5);
  for (const time of [1000, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 32 * 1000]) expectError("bad-argument", () => engine.tick(time));
  engine.tick(2 ** 32 * 1000 - 1);
});

test.run();
