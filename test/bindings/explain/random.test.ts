/** What is said of a frame is what forwarding then does, byte for byte, and saying it changes nothing. */
import { createHash } from "node:crypto";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Engine } from "../../../bindings/engine.ts";
import { OFFLOAD_HEADER_BYTES } from "../../../bindings/forwarder/memory-worker.ts";
import { scale } from "../../scale.ts";
import { BUILDS } from "../../support/engine.ts";
import { random } from "../../support/packet/random.ts";
import { seedOf } from "../../support/seed.ts";
import { makeYard, PORTS, type RandomFrame, randomFrame, WITH_OFFLOAD } from "./yard.ts";

const test = suite("explain: random frames");

/** One frame in so many has its tables compared. */
const COMPARED = 50;
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

for (const build of BUILDS) {
  test(`${build}: verdict and outputs are what forwarding then does; the tables are the same before and after`, async () => {
    const seed = seedOf("explain");
    const chance = random(seed);
    const { engine, tables } = await makeYard(build);
    const send = sender(engine);
    const digest = () => createHash("sha1").update(tables()).digest("hex");
    const seen = new Set<string>();
    let nowMs = 0;
    for (let number = 0; number < scale.explainedFrames; number++) {
      if (chance.below(20) === 0) nowMs += chance.below(6000);
      engine.tick(nowMs);
      const frame = randomFrame(chance);
      const before = number % COMPARED === 0 ? digest() : null;
      const { found, fate } = explained(engine, frame);
      if (before !== null) assert.is(digest(), before, `seed ${seed}, frame ${number}`);
      const happened = send(frame);
      const about = `seed ${seed}, frame ${number} into ${frame.port}: ${hexOf(frame.frame)}`;
      assert.equal(fate, happened, about);
      assert.is(found.verdict === "dropped", happened.outputs.length === 0, about);
      assert.is(found.reason, happened.outputs.length === 0 ? (found.drops[0]?.reason ?? null) : null, about);
      for (const { step, verdict, reason, text } of found.steps) {
        assert.ok(text !== "" && !/undefined|null|NaN/.test(text), `${about}: ${step} says ${text}`);
        assert.is(verdict === "drop", reason !== null, about);
        seen.add(`${step} ${reason ?? verdict}`);
      }
    }
    const { dropped, received } = engine.workers()[0] ?? { dropped: 0, received: 0 };
    assert.is(received, scale.explainedFrames);
    assert.ok(dropped > 0);
    for (const wanted of WANTED) assert.ok(seen.has(wanted), `no frame came to ${wanted}`);
    await engine.close();
  });
}

/** What random frames certainly come to. */
const WANTED = [
  "cut drop snapped-short",
  "parse runt",
  "parse bad-offload-header",
  "vlan vlan-unknown",
  "vlan vlan-untagged",
  "source-check spoofed-source",
  "source-check rogue-dhcp",
  "answer answered",
  "answer continue",
  "learn continue",
  "look-up same-port",
  "look-up continue",
  "flood no-other-port",
  "flood continue",
  "egress too-big",
  "egress continue",
].map((text) => text.replace("drop ", ""));

test.run();
