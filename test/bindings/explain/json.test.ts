/** An explanation as JSON: frames in hexadecimal, and never more of them than an answer can carry. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { explanationJson, MAX_HEX } from "../../../bindings/explain/json.ts";
import type { Explanation } from "../../../bindings/explain/types.ts";
import { ramp } from "../../support/packet/bytes.ts";

const test = suite("explanations as JSON");

const explanation = (frames: Uint8Array[]): Explanation => ({
  port: "a",
  steps: [],
  verdict: "forwarded",
  reason: null,
  outputs: frames.map((frame, index) => ({
    port: `p${index}`,
    frame,
    originalBytes: frame.length + 1,
    offload: index === 0 ? ramp(10) : null,
  })),
  drops: [{ reason: "too-big", port: "b" }],
});

test("frames and their virtio-net headers are digits", () => {
  assert.equal(explanationJson(explanation([new Uint8Array([0, 0xab]), ramp(3)])), {
    port: "a",
    steps: [],
    verdict: "forwarded",
    reason: null,
    outputs: [
      { port: "p0", bytes: 3, hex: "00ab", offload: Buffer.from(ramp(10)).toString("hex") },
      { port: "p1", bytes: 4, hex: Buffer.from(ramp(3)).toString("hex"), offload: null },
    ],
    drops: [{ reason: "too-big", port: "b" }],
  });
});

test("of a super-frame that is flooded to many ports every output is told, and as many frames as there is room for", () => {
  const frame = ramp(65_536);
  const room = MAX_HEX / (2 * frame.length);
  const { outputs } = explanationJson(explanation(Array.from({ length: 2047 }, () => frame)));
  assert.is(outputs.length, 2047);
  assert.equal(
    outputs.map(({ hex }) => hex?.length ?? 0),
    Array.from({ length: 2047 }, (_, index) => (index < room ? 2 * frame.length : 0)),
  );
  assert.ok(outputs.every(({ port, bytes }, index) => port === `p${index}` && bytes === frame.length + 1));
});

test.run();
