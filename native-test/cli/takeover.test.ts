/** `portyard up --replace` by the same version, under traffic (support/takeover-bench.ts). */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { scale } from "../../test/scale.ts";
import { printOutcomes } from "../engine/outcomes.ts";
import type { Outcome } from "../engine/traffic.ts";
import { needing } from "../support/need.ts";
import { STOCK, withBench } from "./support/takeover-bench.ts";

const test = suite("takeover");

test(
  ...needing(["root", "iproute2", "tun"], `--replace by the same version loses nothing, ${scale.successions} times`, () =>
    withBench(async (bench) => {
      const stock = bench.kind(STOCK);
      await bench.up(stock);
      const { forwarderPid } = await bench.version();
      const outcomes: Outcome[] = [];
      for (let round = 0; round < scale.successions; round++) outcomes.push(...(await bench.measure(() => bench.up(stock))));
      printOutcomes("to the same version", outcomes);
      assert.is((await bench.version()).forwarderPid, forwarderPid, "the forwarder is the same");
      for (const { sent, received } of outcomes) assert.is(received, sent);
    }),
  ),
);

test.run();
