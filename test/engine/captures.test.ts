/** Every Ethernet frame of every capture through an engine with two memory ports that does not learn, on all three builds:
 *
 *      capture ──▶ in ═ engine ═ out ──▶ the same bytes, or a drop whose reason a bridge would have too
 *
 *  After each file no frame and no slot is unaccounted for, and at the end the builds must have done the same.       */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { MAX_FRAME_BYTES, MAX_MTU } from "../../assembly/abi/limits.ts";
import { Engine, PortyardError, parseConfig } from "../../bindings/index.ts";
import { captureFolder, ethernetFrames, ownCaptureFolder } from "../support/captures.ts";
import { conserved } from "../support/conservation.ts";
import { BUILDS, type Outcome, expectedOutcome } from "./verdict.ts";

const NETWORK = "captures";
const REFUSED = "frame-too-long";

/** An engine with the ports `in` and `out`, and what became of the frames that are put into `in`. */
class TwoPorts {
  readonly engine: Engine;
  #outputs: { port: string; bytes: Uint8Array }[] = [];
  #dropsBefore = new Map<string, number>();

  constructor(engine: Engine) {
    this.engine = engine;
    for (const port of ["in", "out"]) {
      engine.memoryPort(port).onFrame((frame) => void this.#outputs.push({ port, bytes: frame.slice() }));
    }
  }

  static async create(build: (typeof BUILDS)[number]): Promise<TwoPorts> {
    const networks = [{ name: NETWORK, learning: false, mtu: MAX_MTU }];
    const ports = ["in", "out"].map((name) => ({ name, network: NETWORK, memory: {} }));
    return new TwoPorts(await Engine.create(parseConfig({ networks, ports }), { isolation: "inline", build }));
  }

  /** Puts one frame in and says what became of it, having checked every byte that came out. */
  pass(frame: Uint8Array, where: string): Outcome {
    try {
      this.engine.memoryPort("in").send(frame);
    } catch (error) {
      if (error instanceof PortyardError && error.code === REFUSED) return REFUSED;
      throw error;
    }
    const outputs = this.#outputs.splice(0);
    const reasons = this.#newDrops();
    assert.is(outputs.length + reasons.length, 1, `${where}: ${outputs.length} came out, ${reasons.length} were dropped`);
    for (const { port, bytes } of outputs) {
      assert.is(port, "out", `${where}: came out of ${port}`);
      assert.ok(Buffer.from(bytes).equals(frame), `${where}: came out changed`);
    }
    return reasons[0] ?? "forwarded";
  }

  #newDrops(): string[] {
    const now = this.engine.drops().map(({ reason, port, count }) => [reason, `${reason} ${port}`, count] as const);
    const reasons = now.flatMap(([reason, key, count]) => new Array<string>(count - (this.#dropsBefore.get(key) ?? 0)).fill(reason));
    this.#dropsBefore = new Map(now.map(([, key, count]) => [key, count]));
    return reasons;
  }

  /** Frames received; @throws Error when one of them, or a slot, is unaccounted for. */
  received(): number {
    return this.engine.workers().reduce((frames, worker) => frames + conserved(worker).received, 0);
  }
}

const outcomes = new Map<string, Map<string, Outcome[]>>();

for (const build of BUILDS) {
  test(`${build}: each frame leaves unchanged, or is dropped where a bridge drops it`, async () => {
    const ports = await TwoPorts.create(build);
    const byFile = new Map<string, Outcome[]>();
    let accepted = 0;
    for (const { file, frames } of [...new Set([captureFolder(), ownCaptureFolder])].flatMap((folder) => [...ethernetFrames(folder)])) {
      const found = frames.map((frame, index) => {
        const outcome = ports.pass(frame.bytes, `${file}, frame ${index + 1}`);
        assert.is(outcome, expectedOutcome(frame.bytes, MAX_MTU), `${file}, frame ${index + 1}`);
        return outcome;
      });
      byFile.set(file, found);
      accepted += found.filter((outcome) => outcome !== REFUSED).length;
      assert.is(ports.received(), accepted, file);
    }
    await ports.engine.close();
    outcomes.set(build, byFile);
  });
}

function all(byFile: Map<string, Outcome[]> | undefined): Outcome[] {
  return [...(byFile?.values() ?? [])].flat();
}

test("the three builds did the same", () => {
  const [first, ...others] = BUILDS.map((build) => outcomes.get(build));
  assert.ok(first !== undefined, "the first build did not get through");
  for (const other of others) assert.equal(other, first);
});

test("every exception that is allowed did occur", () => {
  const found = all(outcomes.get("release"));
  const wanted = ["forwarded", "runt", "multicast-source", "zero-source", "reserved-group", "too-big", REFUSED];
  assert.equal([...new Set(found)].sort(), [...wanted].sort());
  console.log(wanted.map((outcome) => `${outcome} ${found.filter((each) => each === outcome).length}`).join(", "));
});

test("a frame of the longest length goes in, one byte more is refused by the port", async () => {
  const ports = await TwoPorts.create("release");
  const longest = MAX_MTU + 18;
  const frame = (bytes: number): Uint8Array => new Uint8Array(bytes).fill(2);
  assert.is(ports.pass(frame(longest), "as long as the port's MTU allows"), "forwarded");
  assert.is(ports.pass(frame(longest + 1), "one more"), "too-big");
  assert.is(ports.pass(frame(MAX_FRAME_BYTES), "longest"), "too-big");
  assert.is(ports.pass(frame(MAX_FRAME_BYTES + 1), "too long"), REFUSED);
  assert.is(ports.received(), 3);
  await ports.engine.close();
});

test.run();
