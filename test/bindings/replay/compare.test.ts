/** Captures through two configurations, of which one knows the MAC of a port and the other does not. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { openCapture, writePcapng } from "../../../bindings/capture/index.ts";
import { parseConfig } from "../../../bindings/config/parse.ts";
import type { EngineConfig } from "../../../bindings/config/types.ts";
import { compare, type Comparison, type Difference } from "../../../bindings/replay/compare.ts";
import { ramp } from "../../support/packet/bytes.ts";
import { BROADCAST, ethernet, station, TYPE_EXPERIMENT } from "../../support/packet/ethernet.ts";

const [A, B] = [station(1), station(2)];
const two = parseConfig({ networks: [{ name: "blue" }], ports: ["a", "b"].map((name) => ({ name, network: "blue", memory: {} })) });

/** Port a has an address, and the MAC that is given or that of its first frame; what comes from another is a drop. */
function checked(mac?: string): EngineConfig {
  const [a, b] = two.ports as [EngineConfig["ports"][0], EngineConfig["ports"][0]];
  return { ...two, ports: [{ ...a, addresses: ["10.0.0.1"], sourceCheck: true, ...(mac && { mac }) }, b] };
}

async function compared(before: EngineConfig, after: EngineConfig, payloadBytes = 46): Promise<Comparison & { told: Difference[] }> {
  const told: Difference[] = [];
  const frames = [A, B, A].map((source, index) => ({
    bytes: ethernet(BROADCAST, source, TYPE_EXPERIMENT, ramp(payloadBytes)),
    timeNs: BigInt(index),
  }));
  const file = writePcapng(frames);
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield file;
  }
  const inputs = [{ port: "a", capture: openCapture(chunks()) }];
  return { ...(await compare({ before, after, inputs, onDifference: (difference) => void told.push(difference) })), told };
}

test("where both take the MAC of the first frame, or know it, nothing differs", async () => {
  for (const [before, after, adopted] of [
    [checked(), checked(), [{ a: A }, { a: A }]],
    [checked(A), checked(), [{}, { a: A }]],
    [checked(), checked(A), [{ a: A }, {}]],
    [checked(A), checked(A), [{}, {}]],
  ] as const) {
    const { differences, frames, before: one, after: other } = await compared(before, after);
    assert.equal([frames, differences], [3, 0]);
    assert.equal([one.adopted, other.adopted], adopted);
    assert.equal([one.drops, other.drops], [{ "spoofed-source": 1 }, { "spoofed-source": 1 }]);
  }
});

test("where one takes the MAC of the first frame and the other knows another, each frame differs", async () => {
  for (const isFirst of [true, false]) {
    const { told, before, after } = await compared(isFirst ? checked() : checked(B), isFirst ? checked(B) : checked());
    const outputs = told.map(({ number, before, after }) => [number, before.outputs.length, after.outputs.length]);
    assert.equal(
      outputs,
      isFirst
        ? [
            [0, 1, 0],
            [1, 0, 1],
            [2, 1, 0],
          ]
        : [
            [0, 0, 1],
            [1, 1, 0],
            [2, 0, 1],
          ],
    );
    assert.equal([before.adopted, after.adopted], isFirst ? [{ a: A }, {}] : [{}, { a: A }]);
  }
});

test("drops differ by their ports, not by the order in which these stand", async () => {
  const ports = (...names: string[]): EngineConfig =>
    parseConfig({ networks: [{ name: "blue" }], ports: ["a", ...names].map((name) => ({ name, network: "blue", memory: {} })) });
  const differences = async (before: EngineConfig, after: EngineConfig): Promise<number> =>
    (await compared(before, after, 1600)).differences;
  assert.is(await differences(ports("b", "c"), ports("c", "b")), 0);
  assert.is(await differences(ports("b"), ports("c")), 3);
  const { told } = await compared(ports("b"), ports("c"), 1600);
  assert.equal(told[0]?.after, { outputs: [], drops: [{ reason: "too-big", port: "c" }], served: null });
});

test.run();
