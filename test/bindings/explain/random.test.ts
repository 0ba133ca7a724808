/** What is said of a frame is what forwarding then does, byte for byte, and saying it changes nothing. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Engine } from "../../../bindings/engine.ts";
import { OFFLOAD_HEADER_BYTES } from "../../../bindings/forwarder/memory-worker.ts";
import { scale } from "../../scale.ts";
import { BUILDS } from "../../support/engine.ts";
import { random } from "../../support/packet/random.ts";
import { seedOf } from "../../support/seed.ts";
import { FIXED } from "./fixed-frames.ts";
import { makeYard, PORTS, type RandomFrame, randomFrame, WITH_OFFLOAD } from "./yard.ts";

const test = suite("explain: random frames");

const NO_OFFLOAD = "00".repeat(OFFLOAD_HEADER_BYTES);

interface Fate {
  /** "port offload bytes". */
  outputs: string[];
  /** "reason at port". */
  drops: string[];
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** Sends frames, and hears what becomes of each. */
function sender(engine: Engine): (sent: RandomFrame) => Fate {
  let fate: Fate = { outputs: [], drops: [] };
  for (const name of PORTS) {
    engine.memoryPort(name).onFrame((bytes) => {
      const header = WITH_OFFLOAD.includes(name) ? OFFLOAD_HEADER_BYTES : 0;
      fate.outputs.push(`${name} ${header === 0 ? NO_OFFLOAD : hexOf(bytes.subarray(0, header))} ${hexOf(bytes.subarray(header))}`);
    });
  }
  engine.onDrop((reason, port) => void fate.drops.push(`${reason} at ${port}`));
  return ({ port, frame, options: { offload, originalBytes } }) => {
    fate = { outputs: [], drops: [] };
    const at = engine.memoryPort(port);
    if (originalBytes === undefined) at.send(frame, offload);
    else at.sendCut(frame, originalBytes);
    return fate;
  };
}

function explained(engine: Engine, { port, frame, options }: RandomFrame) {
  const found = engine.explain(port, frame, options);
  const outputs = found.outputs.map(({ port: by, frame: left, originalBytes, offload }) => {
    const whole = Buffer.concat([left], originalBytes);
    return `${by} ${offload === null ? NO_OFFLOAD : hexOf(offload)} ${hexOf(whole)}`;
  });
  return { found, fate: { outputs, drops: found.drops.map(({ reason, port: at }) => `${reason} at ${at}`) } };
}

/** Explains frames, then sends them: compares what was said with what happens. Returns what their steps came to. */
class Trial {
  readonly #engine: Engine;
  readonly #tables: Uint8Array;
  readonly #before: Buffer;
  readonly #send: (sent: RandomFrame) => Fate;

  constructor({ engine, tables }: Awaited<ReturnType<typeof makeYard>>) {
    this.#engine = engine;
    this.#tables = tables();
    this.#before = Buffer.alloc(this.#tables.length);
    this.#send = sender(engine);
  }

  prove(frame: RandomFrame, where: string, areTablesCompared: boolean): string[] {
    const about = `${where} into ${frame.port}: ${hexOf(frame.frame)}`;
    if (areTablesCompared) this.#before.set(this.#tables);
    const { found, fate } = explained(this.#engine, frame);
    if (areTablesCompared) assert.is(this.#before.compare(this.#tables), 0, `${about} changes the tables`);
    const happened = this.#send(frame);
    assert.equal(fate, happened, about);
    const end = found.steps.find(({ step, verdict }) => step !== "egress" && verdict === "drop");
    const isSilent = happened.outputs.length === 0;
    if (found.verdict === "consumed") assert.ok(isSilent, about);
    else assert.is(found.verdict === "dropped", end !== undefined || isSilent, about);
    assert.is(found.reason, found.verdict === "dropped" ? (end?.reason ?? found.drops[0]?.reason ?? null) : null, about);
    return found.steps.map(({ step, verdict, reason, text }) => {
      assert.ok(text !== "" && !/undefined|null|NaN/.test(text), `${about}: ${step} says ${text}`);
      assert.is(verdict === "drop", reason !== null, about);
      return `${step} ${reason ?? verdict}`;
    });
  }
}

for (const build of BUILDS) {
  test(`${build}: a frame for each thing that a step can come to comes to it`, async () => {
    const yard = await makeYard(build);
    const trial = new Trial(yard);
    for (const [wanted, frame] of Object.entries(FIXED)) {
      const came = trial.prove(frame, wanted, true);
      assert.ok(came.includes(wanted), `${wanted}: ${came.join(", ")}`);
    }
    await yard.engine.close();
  });

  test(`${build}: verdict and outputs are what forwarding then does; the tables are the same before and after`, async () => {
    const seed = seedOf("explain");
    const chance = random(seed);
    const yard = await makeYard(build);
    const { engine } = yard;
    const trial = new Trial(yard);
    const seen = new Set<string>();
    let nowMs = 0;
    for (let number = 0; number < scale.explainedFrames; number++) {
      if (chance.below(20) === 0) nowMs += chance.below(6000);
      engine.tick(nowMs);
      const areTablesCompared = number % scale.explainedFramesPerComparison === 0;
      for (const came of trial.prove(randomFrame(chance), `seed ${seed}, frame ${number}`, areTablesCompared)) seen.add(came);
    }
    assert.is(engine.workers()[0]?.received, scale.explainedFrames);
    for (const wanted of Object.keys(FIXED)) assert.ok(seen.has(wanted), `seed ${seed}: no frame came to ${wanted}`);
    await engine.close();
  });
}

test.run();
