/** Services change while a worker in another thread picks from them all the time: it never has a backend that is not the service's, and no record becomes
 *  another's while it is in use. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseConfig } from "../../../../bindings/config/parse.ts";
import { Networks } from "../../../../bindings/engine/networks.ts";
import type { Ports } from "../../../../bindings/engine/ports.ts";
import { Services } from "../../../../bindings/engine/services.ts";
import { EngineStore } from "../../../../bindings/engine/store.ts";
import type { Algorithm } from "../../../../bindings/service/types.ts";
import { layOut } from "../../../../bindings/tables/layout.ts";
import { random } from "../../../support/packet/random.ts";
import { seedOf } from "../../../support/seed.ts";
import { scale } from "../../../scale.ts";
import type { PickingData } from "./picking-thread.ts";
import { backendAt, virtualOf } from "./picked-world.ts";
import { backendOf, ServiceView, serviceOf } from "./yard.ts";

const ALGORITHMS: Algorithm[] = ["round-robin", "weighted-round-robin", "least-load", "maglev", "source-hash", "random"];
const SERVICES = 6;

for (const build of ["release", "debug"] as const) {
  test(`no pick is of another service, nor of one that has gone (${build})`, async () => {
    const numbers = random(seedOf("picking"));
    const store = EngineStore.create(layOut({ macs: 64, flows: 1024, workers: 1 }), build, 1, null, () => {});
    const networks = new Networks(store);
    const ports = { all: () => [], at: () => null } as unknown as Ports;
    const services = new Services(store, networks, ports, () => 0);
    const view = new ServiceView({ store, networks, services });
    const { index: network } = networks.add(parseConfig({ networks: [{ name: "blue" }] }).networks[0]!);
    const control = new SharedArrayBuffer(4);
    const data: PickingData = { memory: store.memory, build, network, seed: 1 + numbers.below(1_000_000), control };
    const thread = new Worker(new URL("./picking-thread.js", import.meta.url), { workerData: data });
    try {
      await once(thread, "message");
      for (let step = 0; step < scale.pickedChanges; step++) await change(services, numbers);
      for (const { config } of services.all()) await services.remove(config.name);
      Atomics.store(new Int32Array(control), 0, 1);
      const [counts] = (await once(thread, "message")) as [Record<string, number>];
      assert.ok(counts.picks! > scale.pickedChanges && counts.ended! > 0, JSON.stringify(counts));
      assert.equal({ foreign: counts.foreign, absent: counts.absent, reused: counts.reused }, { foreign: 0, absent: 0, reused: 0 });
      await services.collect();
      assert.equal(view.used(), { services: 0, backends: 0 }, "all records are free when nothing is in use");
    } finally {
      await thread.terminate();
    }
  });
}

async function change(services: Services, numbers: ReturnType<typeof random>): Promise<void> {
  const service = numbers.below(SERVICES);
  const name = `s${service}`;
  const isThere = services.all().some(({ config }) => config.name === name);
  if (isThere && numbers.below(4) === 0) return services.remove(name);
  const last = new Set(Array.from({ length: numbers.below(6) }, () => 1 + numbers.below(9)));
  const config = serviceOf({
    name,
    addresses: [virtualOf(service)],
    algorithm: ALGORITHMS[numbers.below(ALGORITHMS.length)]!,
    backends: [...last].map((number) => backendOf(backendAt(service, number), { weight: numbers.below(4) })),
  });
  await (isThere ? services.set(config) : services.add(config));
  if (numbers.below(3) === 0) await services.collect();
}

test.run();
