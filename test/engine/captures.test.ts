/** Every Ethernet frame of every capture through a switch of two memory ports that does not learn, on all three builds:
 *
 *      capture ──▶ in ═ engine ═ out ──▶ the same bytes, or a drop whose reason a bridge would have too
 *
 *  After each file no frame and no slot is unaccounted for, and at the end the builds must have done the same.       */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { MAX_FRAME_BYTES, MAX_MTU } from "../../assembly/abi/limits.ts";
import { PortyardError } from "../../bindings/error.ts";
import { captureFolder, ethernetFrames, ownCaptureFolder } from "../support/captures.ts";
import { MemorySwitch } from "../support/memory-switch.ts";
import { BUILDS, type Outcome, expectedOutcome } from "./verdict.ts";

const IN = 0;
const OUT = 1;

const folders = [...new Set([captureFolder(), ownCaptureFolder])];

/** Puts one frame in and says what became of it, having checked every byte that came out. */
function outcomeOf(memorySwitch: MemorySwitch, frame: Uint8Array, where: string): Outcome {
  const before = [memorySwitch.drops(IN), memorySwitch.drops(OUT)];
  try {
    memorySwitch.worker.receive(IN, frame);
  } catch (error) {
    if (error instanceof PortyardError && error.code === "frame-too-long") return "frame-too-long";
    throw error;
  }
  const outputs = memorySwitch.takeOutputs();
  const dropped = [IN, OUT].flatMap((port) =>
    [...memorySwitch.drops(port)].flatMap(([reason, count]) => new Array<string>(count - (before[port]?.get(reason) ?? 0)).fill(reason)),
  );
  assert.is(outputs.length + dropped.length, 1, `${where}: ${outputs.length} came out, ${dropped.length} were dropped`);
  for (const output of outputs) {
    assert.is(output.port, OUT, `${where}: came out of port ${output.port}`);
    assert.ok(Buffer.from(output.bytes).equals(frame), `${where}: came out changed`);
  }
  return dropped[0] ?? "forwarded";
}

const outcomes = new Map<string, Map<string, Outcome[]>>();

for (const build of BUILDS) {
  test(`${build}: each frame leaves unchanged, or is dropped where a bridge drops it`, () => {
    const memorySwitch = new MemorySwitch(build, [{}, {}], false);
    const byFile = new Map<string, Outcome[]>();
    for (const { file, frames } of folders.flatMap((folder) => [...ethernetFrames(folder)])) {
      const found = frames.map((frame, index) => {
        const outcome = outcomeOf(memorySwitch, frame.bytes, `${file}, frame ${index + 1}`);
        assert.is(outcome, expectedOutcome(frame.bytes, MAX_MTU), `${file}, frame ${index + 1}`);
        return outcome;
      });
      assert.is(memorySwitch.totals().received, total(byFile) + found.filter(isAccepted).length, file);
      byFile.set(file, found);
    }
    assert.ok(total(byFile) > 0);
    outcomes.set(build, byFile);
  });
}

function isAccepted(outcome: Outcome): boolean {
  return outcome !== "frame-too-long";
}

function total(byFile: Map<string, Outcome[]>): number {
  return [...byFile.values()].reduce((frames, found) => frames + found.filter(isAccepted).length, 0);
}

test("the three builds did the same", () => {
  const [first, ...others] = BUILDS.map((build) => outcomes.get(build));
  assert.ok(first !== undefined, "the first build did not get through");
  for (const other of others) assert.equal(other, first);
});

test("every exception that is allowed did occur", () => {
  const occurred = new Set([...(outcomes.get("release")?.values() ?? [])].flat());
  const wanted = ["forwarded", "runt", "multicast-source", "zero-source", "reserved-group", "too-big", "frame-too-long"];
  assert.equal([...occurred].sort(), wanted.sort());
  const counts = wanted.map((outcome) => {
    const count = [...(outcomes.get("release")?.values() ?? [])].flat().filter((each) => each === outcome).length;
    return `${outcome} ${count}`;
  });
  console.log(counts.join(", "));
});

test("a frame of the longest length goes in, one byte more is refused by the port", () => {
  const memorySwitch = new MemorySwitch("release", [{}, {}], false);
  const longest = new Uint8Array(MAX_FRAME_BYTES).fill(2);
  assert.is(outcomeOf(memorySwitch, longest, "longest"), "too-big");
  assert.is(outcomeOf(memorySwitch, new Uint8Array(MAX_FRAME_BYTES + 1).fill(2), "too long"), "frame-too-long");
  assert.is(memorySwitch.totals().received, 1);
});

test.run();
