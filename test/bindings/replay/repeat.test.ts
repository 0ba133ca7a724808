/** Replays of captures of all kinds, again and in every build: everything that a replay tells is the same. */
import { createHash } from "node:crypto";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { CaptureStream } from "../../../bindings/capture/index.ts";
import { parseConfig } from "../../../bindings/config/parse.ts";
import type { PortyardError } from "../../../bindings/error.ts";
import { replay } from "../../../bindings/replay/replay.ts";
import type { ReplayOptions, ReplaySummary } from "../../../bindings/replay/types.ts";
import { scale } from "../../scale.ts";
import { captureBytes, captureFiles } from "../../support/captures.ts";
import { BUILDS } from "../../support/engine.ts";

const memory = (name: string, extra: object = {}) => ({ name, network: "blue", memory: {}, ...extra });
const config = parseConfig({
  networks: [{ name: "blue", mtu: 9000, macAgeSeconds: 60 }],
  ports: [memory("a"), memory("b"), memory("c", { mtu: 1000 })],
});

/** So many of them, from everywhere in the list. */
const spread = <Item>(list: readonly Item[], count: number): readonly Item[] =>
  list.filter((_, index) => Math.floor((index * count) / list.length) !== Math.floor(((index - 1) * count) / list.length));

function captureOf(file: Uint8Array): CaptureStream {
  return new CaptureStream(
    (async function* () {
      yield file;
    })(),
  );
}

/** The summary, and a hash of every frame that left and every drop, in their order, with port and time; of a refused capture the code. */
async function told(file: string, build: ReplayOptions["build"] & string): Promise<[ReplaySummary | string, string]> {
  const hash = createHash("sha256");
  const summary = await replay({
    config,
    build,
    inputs: [{ port: null, capture: captureOf(captureBytes(file)) }],
    onOutput: ({ port, bytes, originalBytes, timeNs }) => void hash.update(`${port} ${originalBytes} ${timeNs} `).update(bytes),
    onFrame: ({ number, port, frame: { bytes, timeNs } }, drops) =>
      void hash.update(`${number} ${port} ${timeNs} ${JSON.stringify(drops)}`).update(bytes),
  }).catch((error: PortyardError) => error.code);
  return [summary, hash.digest("hex")];
}

test("captures, twice and in every build: the same bytes leave at the same times, the same is dropped, the summaries are equal", async () => {
  let [frames, drops] = [0, 0];
  for (const file of spread(captureFiles(), scale.replayedCaptures)) {
    const [first, ...others] = await Promise.all(["single" as const, ...BUILDS].map((build) => told(file, build)));
    for (const other of others) assert.equal(other, first, file);
    const [summary] = first as [ReplaySummary | string, string];
    if (typeof summary === "string") continue;
    frames += summary.frames;
    drops += Object.values(summary.drops).reduce((sum, count) => sum + count, 0);
  }
  assert.ok(frames > 100 && drops > 0, `${frames} frames, ${drops} drops`);
});

test.run();
