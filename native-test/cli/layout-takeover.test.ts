/** `portyard up --replace` from one layout of the tables to another, under traffic (support/takeover-bench.ts): to other sizes; to
 *  a version whose layout is another (support/variant.ts); and back by this version, which does not know that layout. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { LAYOUT_VERSION } from "../../assembly/abi/limits.ts";
import { scale, scaleName } from "../../test/scale.ts";
import { printOutcomes } from "../engine/outcomes.ts";
import type { Outcome } from "../engine/traffic.ts";
import { needing } from "../support/need.ts";
import { type Kind, STOCK, type TakeoverBench, withBench } from "./support/takeover-bench.ts";
import { makeVariant, VARIANT_LAYOUT } from "./support/variant.ts";

const test = suite("takeover to another layout");
const WORST_GAP_MS = 200;

/** Every station is going to be carried over. */
async function foretells(bench: TakeoverBench, variant: Kind, stations: number): Promise<void> {
  const forecast = await bench.dryRun(variant);
  assert.equal([forecast.foundLayout, forecast.wantedLayout], [LAYOUT_VERSION, VARIANT_LAYOUT]);
  assert.equal(forecast.ports, { goOn: ["p1", "p2", "p3"], anew: [], end: [], added: [] });
  assert.is(forecast.stations.lost, 0);
  assert.ok(forecast.stations.carried >= stations);
}

/** None is. */
async function foretellsOblivion(bench: TakeoverBench, stock: Kind): Promise<void> {
  const { foundLayout, stations, losses } = await bench.dryRun(stock);
  assert.equal([foundLayout, stations], [VARIANT_LAYOUT, null]);
  assert.ok(losses.some((loss: string) => loss.includes("learned stations")));
}

test(
  ...needing(
    ["root", "iproute2", "tun"],
    `--replace by a version with another layout keeps stations, and so do other sizes, ${scale.layoutSuccessions} times`,
    () =>
      withBench(async (bench) => {
        const variant = bench.kind(await makeVariant(), { workers: 2, tables: { macs: 4096 } });
        const [stock, larger] = [bench.kind(STOCK), bench.kind(STOCK, { workers: 2 })];
        await bench.up(stock);
        const outcomes: Record<string, Outcome[]> = { sizes: [], layout: [], back: [] };
        for (let round = 0; round < scale.layoutSuccessions; round++) {
          await bench.invent();
          const before = await bench.stations();
          assert.is(before.length, scale.takeoverStations);
          outcomes.sizes?.push(...(await bench.measure(() => bench.up(larger))));
          assert.equal(await bench.stations(), before, "stations are kept with other sizes");

          if (round === 0) await foretells(bench, variant, before.length);
          outcomes.layout?.push(...(await bench.measure(() => bench.up(variant))));
          assert.is((await bench.version()).layoutVersion, VARIANT_LAYOUT);
          assert.equal(await bench.stations(), before, "stations are kept with another layout");

          if (round === 0) await foretellsOblivion(bench, stock);
          outcomes.back?.push(...(await bench.measure(() => bench.up(stock))));
          assert.equal(await bench.stations(), [], "and are learned anew where nothing is known of it");
          assert.ok((await bench.ports()).every(({ state, pinned }) => state === "up" && !pinned));
        }
        printOutcomes("to other sizes", outcomes.sizes ?? []);
        printOutcomes("to another layout", outcomes.layout ?? []);
        printOutcomes("to another layout, from one that is not known", outcomes.back ?? []);
        for (const { sent, received, longestGapMs } of Object.values(outcomes).flat()) {
          assert.ok(sent - received <= WORST_GAP_MS, `${sent - received} frames lost, of a thousand a second`);
          if (scaleName === "full") assert.ok(longestGapMs <= WORST_GAP_MS, `${longestGapMs} ms without a datagram`);
        }
      }),
  ),
);

test.run();
