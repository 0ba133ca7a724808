/** Random events against the model: frames of all sorts, time, ports that come, go, shut and fill up, indices used again,
 *  static entries, networks that change. Outputs and drops are compared frame by frame, the MAC table all the while.     */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { MAX_MAC_AGE_SECONDS, MIN_MAC_AGE_SECONDS } from "../../../assembly/abi/limits.ts";
import type { Build } from "../../../bindings/wasm/module.ts";
import { scale } from "../../scale.ts";
import { checkBooks } from "../../support/books.ts";
import { BUILDS } from "../../support/engine.ts";
import { u32 } from "../../support/packet/bytes.ts";
import { BROADCAST, TYPE_EXPERIMENT, TYPE_QINQ, TYPE_VLAN, ethernet, station, tagged } from "../../support/packet/ethernet.ts";
import { type Random, random } from "../../support/packet/random.ts";
import { seedOf } from "../../support/seed.ts";
import { Differential } from "./differential.ts";

const MAC_LIMIT = 36;
const STATIONS = Array.from({ length: 24 }, (_, number) => station(number));
const NETWORKS = [1, 2, 3, 1023];
const PORTS = [0, 1, 2, 3, 31, 32, 33, 64, 130];
const VLANS = [1, 10, 20, 4094];
const MTUS = [576, 1500, 9000];
const COMPARE_EVERY = 50;
const BOOKS_EVERY = 5_000;

/** One run: `events` of them, each chosen by chance. */
function run(build: Build, events: number, seed: number): Differential {
  const world = new Differential(build, MAC_LIMIT, seed);
  const chance = random(seed);
  for (const network of NETWORKS) world.setNetwork(network, settings(chance));
  while (world.events < events) {
    happen(world, chance);
    if (world.events % COMPARE_EVERY === 0) world.compareAll();
    if (world.events % BOOKS_EVERY === 0) checkBooks(world.engine);
  }
  world.compareAll();
  world.compareDrops();
  checkBooks(world.engine);
  return world;
}

function happen(world: Differential, chance: Random): void {
  const { below, pick } = chance;
  const roll = below(1000);
  const there = [...world.model.ports.keys()];
  if (roll < 900) world.frame(pick(PORTS), frameOf(world.events, chance));
  else if (roll < 935) world.time(pick([0, 1, 400, 1000, 3000, 10_000, 60_000]));
  else if (roll < 950) addPort(world, chance);
  else if (there.length === 0) return;
  else if (roll < 958) world.removePort(pick(there));
  else if (roll < 968) world.setUp(pick(there), below(3) > 0);
  else if (roll < 976) world.setFull(pick(there), below(3) === 0);
  else if (roll < 986) world.setStatic(pick(NETWORKS), pick(STATIONS), pick(there));
  else if (roll < 994) world.clearStatic(pick(NETWORKS), pick(STATIONS), pick(there));
  else if (roll < 998) world.setNetwork(pick(NETWORKS), settings(chance));
  else world.flushNetwork(pick(NETWORKS));
}

function settings({ below, pick }: Random): { learning: boolean; macAgeSeconds: number } {
  return { learning: below(5) > 0, macAgeSeconds: pick([MIN_MAC_AGE_SECONDS, 60, 300, MAX_MAC_AGE_SECONDS]) };
}

function addPort(world: Differential, { below, pick }: Random): void {
  const free = PORTS.filter((index) => !world.model.ports.has(index));
  if (free.length === 0) return;
  const common = { mtu: pick(MTUS), macLimit: 1 + below(12) };
  if (below(3) > 0) return world.addPort(pick(free), { ...common, network: pick(NETWORKS), vlans: null, native: 0 });
  const [first = 0, second = 0, third = 0] = [...NETWORKS].sort(() => below(3) - 1);
  const vlans = new Map([[pick(VLANS), first]]);
  const other = pick(VLANS);
  if (!vlans.has(other)) vlans.set(other, second);
  world.addPort(pick(free), { ...common, network: 0, vlans, native: pick([0, third]) });
}

/** A frame that says which event it belongs to. */
function frameOf(event: number, { below, pick, bytes }: Random): Uint8Array {
  const source = below(50) === 0 ? pick([BROADCAST, "00:00:00:00:00:00", "01:00:5e:00:00:05"]) : pick(STATIONS);
  const destination = below(4) === 0 ? pick([BROADCAST, "01:00:5e:00:00:05", "01:80:c2:00:00:03", "33:33:00:00:00:01"]) : pick(STATIONS);
  const long = below(30) === 0 ? pick([581, 582, 583, 1505, 1506]) : 0;
  const frame = ethernet(
    destination,
    source,
    pick([TYPE_EXPERIMENT, TYPE_EXPERIMENT, TYPE_VLAN]),
    u32(event),
    bytes(long === 0 ? below(60) : 0),
    new Uint8Array(long),
  );
  if (below(60) === 0) return frame.subarray(0, below(20));
  const tags = Array.from({ length: pick([0, 0, 1, 1, 2, 3]) }, () => ({
    id: pick([0, 7, ...VLANS]),
    type: pick([TYPE_VLAN, TYPE_VLAN, TYPE_QINQ, 0x9100]),
  }));
  return tags.length === 0 ? frame : tagged(frame, ...tags);
}

const seed = seedOf("model");
for (const build of BUILDS) {
  test(`${scale.modelEvents} random events differ in nothing from the model (${build})`, () => {
    const world = run(build, scale.modelEvents, seed);
    const { learned, moved, evicted, aged, notLearned } = world.engine.totals();
    for (const count of [learned, moved, evicted, aged, notLearned])
      assert.ok(count > 50, `the events are not of all sorts: ${[learned, moved, evicted, aged, notLearned]}`);
    world.engine.close();
  });
}

test.run();
