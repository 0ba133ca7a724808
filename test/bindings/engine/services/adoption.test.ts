/** Services over tables that an agent has left: what is asked for again goes on, what is not goes. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as map from "../../../../assembly/abi/memory-map.ts";
import type { ServiceConfig } from "../../../../bindings/config/types.ts";
import * as backends from "../../../../bindings/tables/backend-table.ts";
import * as services from "../../../../bindings/tables/service-table.ts";
import { backendOf, serviceOf, type ServiceView, ServiceYard, successorOf } from "./yard.ts";

const three = (): ServiceConfig => serviceOf({ backends: ["2", "3", "4"].map((last) => backendOf(`10.77.0.${last}`)) });

/** What workers find, without the places that only the agent knows. */
function found(view: ServiceView): unknown {
  return [view.seen("10.77.0.100"), view.seen("fd77::64"), view.endpoints(), view.served()];
}

async function story(name: string, configs: ServiceConfig[], body: (yard: ServiceYard) => Promise<void>): Promise<void> {
  test(name, async () => {
    const yard = await ServiceYard.create(configs);
    try {
      await body(yard);
    } finally {
      await yard.engine.close();
    }
  });
}

async function isEmptyWithout(view: ServiceView): Promise<void> {
  for (const { config } of view.parts.services.all()) await view.parts.services.remove(config.name);
  assert.equal(view.used(), { services: 0, backends: 0 });
  assert.equal([...view.endpoints()], []);
  assert.equal(view.served(), { isOn: false, bytes: [] });
}

story(
  "nothing changes for workers until services are asked for, nor when they are",
  [three(), serviceOf({ name: "api", addresses: ["fd77::64"], algorithm: "maglev" })],
  async (yard) => {
    const before = found(yard);
    const successor = await successorOf(yard);
    assert.equal(found(successor), before);
    await successor.parts.services.add(serviceOf({ name: "api", addresses: ["fd77::64"], algorithm: "maglev" }));
    await successor.parts.services.add(three());
    assert.equal(found(successor), before);
    await successor.parts.services.settle();
    assert.equal(found(successor), before);
    assert.equal(successor.used(), yard.used());
    await isEmptyWithout(successor);
  },
);

story("backends keep their records and counts, schedules their turns", [three()], async (yard) => {
  const { pick } = yard.engine.balancer("web");
  const first = pick();
  first.done();
  const held = pick();
  assert.equal([first.backend.address, held.backend.address], ["10.77.0.2", "10.77.0.3"]);
  const index = yard.indexOf("web", "b-10.77.0.3");
  yard.wasm.beginOnBackend(index);
  const successor = await successorOf(yard);
  await successor.parts.services.add(three());
  assert.is(successor.indexOf("web", "b-10.77.0.3"), index);
  assert.equal(backends.readCounts(successor.tables, index).picked, 2);
  assert.is(backends.active(successor.tables, index), 1, "what the agent itself had picked ended with it");
  const next = successor.parts.services.balancer("web").pick();
  assert.is(next.backend.address, "10.77.0.4");
});

story("what is configured otherwise is so then, in the same records", [three()], async (yard) => {
  const successor = await successorOf(yard);
  const kept = yard.indexOf("web", "b-10.77.0.4");
  const config = serviceOf({
    algorithm: "least-load",
    addresses: ["10.77.0.100", "fd77::64"],
    backends: [backendOf("10.77.0.4"), backendOf("10.77.0.9")],
    affinitySeconds: 9,
  });
  await successor.parts.services.add(config);
  const seen = successor.seen("10.77.0.100");
  assert.equal([seen?.slate, seen?.affinity], [["10.77.0.4", "10.77.0.9"], 9]);
  assert.is(successor.indexOf("web", "b-10.77.0.4"), kept);
  assert.is(successor.endpoints().get("10.77.0.100")?.service, yard.endpoints().get("10.77.0.100")?.service);
  assert.equal(successor.served().bytes, [4, 9, 100]);
  await isEmptyWithout(successor);
});

story("a service of another name that has the address goes first", [three()], async (yard) => {
  const successor = await successorOf(yard);
  await successor.parts.services.add(serviceOf({ name: "api" }));
  assert.is(successor.seen("10.77.0.100")?.service, "api");
  await successor.parts.services.settle();
  assert.equal(successor.used(), { services: 1, backends: 2 });
  await isEmptyWithout(successor);
});

story(
  "what nobody asks for goes when the engine settles, what is in a network that goes with that",
  [three(), serviceOf({ name: "far", network: "green", addresses: ["10.88.0.100"] })],
  async (yard) => {
    const successor = await successorOf(yard);
    await successor.parts.networks.remove("green");
    assert.equal(successor.used(), { services: 1, backends: 3 });
    await successor.parts.services.settle();
    await isEmptyWithout(successor);
  },
);

story(
  "slates that are published are not written over",
  [three(), serviceOf({ name: "api", addresses: ["fd77::64"], algorithm: "maglev" })],
  async (yard) => {
    const successor = await successorOf(yard);
    const published = ["10.77.0.100", "fd77::64"].map((address) => {
      const { at, bytes } = services.slatePlace(yard.tables, yard.endpoints().get(address)?.service ?? 0) as { at: number; bytes: number };
      return [at, yard.tables.bytes.slice(at, at + bytes)] as const;
    });
    for (let index = 0; index < 20; index++)
      await successor.parts.services.add(serviceOf({ name: `s${index}`, addresses: [], algorithm: "maglev" }));
    for (const [at, bytes] of published) assert.ok(Buffer.compare(bytes, successor.tables.bytes.slice(at, at + bytes.length)) === 0);
  },
);

story("what an agent left half made or half removed is tidied up", [three()], async (yard) => {
  const { tables } = yard;
  const service = yard.endpoints().get("10.77.0.100")?.service ?? 0;
  // a service whose removal had begun, with its backends; a backend that no service knows; a bit and an endpoint of nobody
  services.leaveService(tables, service);
  backends.identifyBackend(tables, 9000, { name: "x", address: "10.77.0.77", port: null, service: 77 });
  tables.setBits32(map.NETWORKS + yard.network() * map.NETWORK_BYTES + 32 + 4 * 6, 1);
  const successor = await successorOf(yard);
  await successor.parts.services.collect();
  assert.equal(successor.used(), { services: 0, backends: 0 });
  assert.equal([...successor.endpoints()], []);
  assert.equal(successor.served(), { isOn: false, bytes: [] });
  await successor.parts.services.add(three());
  assert.is(successor.seen("10.77.0.100")?.slate.length, 3);
});

test.run();
