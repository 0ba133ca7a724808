/** Connections go from tables of some sizes to tables of others: what they were, under the numbers that their services have there. */
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as field from "../../../../assembly/abi/flow.ts";
import * as map from "../../../../assembly/abi/memory-map.ts";
import { FLOW_CHUNK, LAYOUT_VERSION } from "../../../../assembly/abi/limits.ts";
import { parseConfig } from "../../../../bindings/config/parse.ts";
import type { ServiceConfig } from "../../../../bindings/config/types.ts";
import type { Engine } from "../../../../bindings/engine.ts";
import { type CarriedFlows, FlowCarrier } from "../../../../bindings/engine/flow-carrier.ts";
import { type Forecast, foresee } from "../../../../bindings/engine/forecast.ts";
import { targetsIn } from "../../../../bindings/engine/flow-targets.ts";
import type { Parts } from "../../../../bindings/engine/parts.ts";
import type { FlowInfo } from "../../../../bindings/engine/types.ts";
import { giveChunks } from "../../../../bindings/tables/flow-chunks.ts";
import { writeDraft } from "../../../../bindings/tables/flow-table.ts";
import { layOut } from "../../../../bindings/tables/layout.ts";
import { LeftFlows } from "../../../../bindings/tables/left-flows.ts";
import { LeftTables } from "../../../../bindings/tables/left-tables.ts";
import { layoutOf } from "../../../../bindings/tables/layouts/known-layouts.ts";
import { scale } from "../../../scale.ts";
import { checkFlows, FlowYard, serviceFlow, TIMEOUTS } from "../../../support/flow-yard.ts";
import { ACK, FIN, RST, SYN } from "../../../support/packet/transport.ts";
import { random } from "../../../support/packet/random.ts";
import { addressOf, DUAL, SERVICE, Served, VIRTUAL, VIRTUAL6 } from "../../../support/served.ts";
import { seedOf } from "../../../support/seed.ts";

const partsOf = (engine: Engine): Parts => (engine as unknown as { parts: Parts }).parts;
const syn = (sourcePort: number) => ({ sourcePort, targetPort: 80, flags: SYN, sequence: 100 });

function bytesOf(engine: Engine): Uint8Array {
  const { tables } = partsOf(engine).store;
  return tables.bytes.slice(map.TABLES, map.TABLES + tables.load32(map.HEAD_TABLES_BYTES));
}

/** The tables of an engine, as a file. */
function withTables(engine: Engine, body: (left: LeftTables, folder: string) => void, bend: (bytes: Uint8Array) => void = () => {}): void {
  const bytes = bytesOf(engine);
  bend(bytes);
  const folder = mkdtempSync(join(tmpdir(), "portyard-flows-"));
  writeFileSync(join(folder, "tables"), bytes);
  const descriptor = openSync(join(folder, "tables"), "r");
  try {
    body(LeftTables.open(descriptor, layoutOf(LAYOUT_VERSION)!)!, folder);
  } finally {
    closeSync(descriptor);
    rmSync(folder, { recursive: true });
  }
}

function carry(from: Engine, to: Engine): CarriedFlows {
  let carried: CarriedFlows = { flows: 0, lostFlows: 0 };
  const { store, networks, services } = partsOf(to);
  withTables(from, (left) => {
    carried = new FlowCarrier(store, left.flows()!, left.networks(), targetsIn(networks, services)).finish();
  });
  checkFlows(store.tables);
  return carried;
}

/** The same in two passes, between which the other engine goes on. */
function carryMeanwhile({ engine: from }: Served, { engine: to }: Served, meanwhile: () => void): CarriedFlows {
  let carried: CarriedFlows = { flows: 0, lostFlows: 0 };
  const { store, networks, services } = partsOf(to);
  withTables(from, (left, folder) => {
    const carrier = new FlowCarrier(store, left.flows()!, left.networks(), targetsIn(networks, services));
    meanwhile();
    writeFileSync(join(folder, "tables"), bytesOf(from));
    carrier.catchUp();
    carried = carrier.finish();
  });
  checkFlows(store.tables);
  assert.equal(text(to.flows().flows), text(from.flows().flows));
  const active = (engine: Engine) =>
    engine
      .services()
      .at(-1)
      ?.backends.map((backend) => backend.active);
  assert.equal(active(to), active(from));
  return carried;
}

/** An engine with the same stations, after another service so that numbers differ. */
async function other(service: ServiceConfig | null, flows = 4096): Promise<Served> {
  const served = await Served.create(
    "single",
    { ...SERVICE, name: "first", addresses: ["10.77.0.200"], backends: SERVICE.backends.slice(1) },
    { flows },
  );
  if (service !== null) await served.engine.addService(service);
  return served;
}

const text = (flows: readonly FlowInfo[]): string[] => flows.map((flow) => JSON.stringify(flow)).sort();

async function story(name: string, service: ServiceConfig, body: (from: Served) => Promise<void>): Promise<void> {
  test(name, async () => {
    const from = await Served.create("single", service);
    try {
      await body(from);
    } finally {
      await from.close();
    }
  });
}

story("what was open goes on in larger tables, and ends there as it would have", DUAL, async (from) => {
  const backends = Array.from({ length: 200 }, (_, index) => from.open("c1", 40_000 + index));
  from.udp("c2", VIRTUAL6, 5000, 80, "one");
  from.takeAll();
  const to = await other(DUAL);
  assert.equal(carry(from.engine, to.engine), { flows: 201, lostFlows: 0 });
  assert.equal(text(to.engine.flows().flows), text(from.engine.flows().flows));
  const active = (served: Served) =>
    served.engine
      .services()
      .at(-1)
      ?.backends.map((backend) => backend.active);
  assert.equal(active(to), active(from));
  for (const [index, backend] of backends.entries()) {
    to.tcp("c1", VIRTUAL, { ...syn(40_000 + index), flags: ACK, sequence: 101, acknowledged: 901 }, "more");
    assert.is(to.takeAll()[0]?.port, backend);
  }
  to.udp("b1", addressOf("c2", 6), 8080, 5000, "reply");
  assert.equal(to.take(), ["c2: [fd77::100]:80 > [fd77::12]:5000 udp"]);
  to.engine.tick(8_000_000);
  for (let seconds = 8001; seconds < 8020; seconds++) to.engine.tick(seconds * 1000);
  to.takeAll();
  assert.is(to.engine.flows().flows.length, 0, "the sweep finds them");
  checkFlows(partsOf(to.engine).store.tables);
  await to.close();
});

story("what begins, goes on and ends while it is carried over is as it is at the end", SERVICE, async (from) => {
  const ends = (port: number, flags: number, sequence: number, acknowledged: number) => ({
    sourcePort: port,
    targetPort: 80,
    flags,
    sequence,
    acknowledged,
  });
  const backends = Array.from({ length: 40 }, (_, index) => from.open("c1", 40_000 + index));
  from.tcp("c1", VIRTUAL, syn(41_000));
  from.udp("c2", VIRTUAL, 5000, 80, "one");
  const reply = { sourcePort: 8080, targetPort: 40_008, flags: ACK, sequence: 901, acknowledged: 105 };
  const sayMore = () => {
    from.tcp("c1", VIRTUAL, ends(40_007, ACK, 101, 901), "more");
    from.tcp(backends[8]!, addressOf("c1"), reply, "more");
  };
  from.tcp("c1", VIRTUAL, ends(40_008, ACK, 101, 901), "more");
  sayMore();
  from.takeAll();
  const to = await other(SERVICE);
  const carried = carryMeanwhile(from, to, () => {
    sayMore(); // only counts change by it
    const answer = { sourcePort: 8080, targetPort: 41_000, flags: SYN | ACK, sequence: 900, acknowledged: 101 };
    from.tcp("b2", addressOf("c1"), answer);
    from.tcp("c1", VIRTUAL, ends(41_000, ACK, 101, 901));
    from.udp("b3", addressOf("c2"), 8080, 5000, "reply");
    from.tcp("c1", VIRTUAL, ends(40_000, RST, 101, 0));
    from.tcp("c1", VIRTUAL, ends(40_001, FIN | ACK, 101, 901));
    from.tcp("c1", VIRTUAL, ends(40_002, ACK, 101, 901), "more");
    from.tcp("c1", VIRTUAL, ends(40_003, RST, 101, 0));
    from.tcp("c1", VIRTUAL, syn(40_003));
    from.takeAll();
    for (let index = 0; index < 30; index++) from.open("c3", 42_000 + index);
  });
  assert.equal(carried, { flows: 40 + 2 - 1 + 30, lostFlows: 0 });
  to.tcp("c1", VIRTUAL, ends(41_000, ACK, 101, 901), "more");
  to.tcp("c1", VIRTUAL, ends(40_005, ACK, 101, 901), "more");
  assert.equal(
    to.takeAll().map(({ port }) => port),
    ["b2", backends[5]],
  );
  await to.close();
});

story("a flow that becomes another while it is read is left out, and comes with the next look", SERVICE, async (from) => {
  for (let index = 0; index < 3; index++) from.open("c1", 40_000 + index);
  const bytes = bytesOf(from.engine);
  const layout = layoutOf(LAYOUT_VERSION)!;
  const entries = partsOf(from.engine).store.tables.load32(map.HEAD_FLOWS) - map.TABLES;
  const at = entries + [...LeftFlows.open(layout, bytes.length, viewOf(bytes))!.flows()][1]!.number * map.FLOW_BYTES;
  const read = viewOf(bytes);
  const left = LeftFlows.open(layout, bytes.length, (begin, length) => {
    const view = read(begin, length);
    if (begin <= at && at < begin + length) bytes[at]!++; // its instance, as soon as it was read
    return view;
  })!;
  const marks = left.marks();
  assert.is([...left.flows(marks)].length, 2);
  assert.is([...left.changes(marks)].length, 0, "it is never the same");
  const calm = LeftFlows.open(layout, bytes.length, read)!;
  assert.equal(
    [...calm.changes(marks)].map(({ number }) => entries + number * map.FLOW_BYTES),
    [at],
  );
});

/** Copies of so many bytes. */
const viewOf =
  (bytes: Uint8Array) =>
  (begin: number, length: number): DataView =>
    new DataView(bytes.slice(begin, begin + length).buffer);

story("where room runs out in between, what came last is lost and counted", SERVICE, async (from) => {
  for (let index = 0; index < 50; index++) from.open("c1", 40_000 + index);
  const to = await other(SERVICE, 64);
  const { store, networks, services } = partsOf(to.engine);
  withTables(from.engine, (left, folder) => {
    const carrier = new FlowCarrier(store, left.flows()!, left.networks(), targetsIn(networks, services));
    for (let index = 0; index < 5; index++) from.tcp("c1", VIRTUAL, { ...syn(40_000 + index), flags: RST, sequence: 101 });
    from.takeAll();
    for (let index = 0; index < 25; index++) from.open("c2", 40_000 + index);
    writeFileSync(join(folder, "tables"), bytesOf(from.engine));
    carrier.catchUp();
    assert.equal(carrier.finish(), { flows: 64, lostFlows: 6 });
  });
  checkFlows(store.tables);
  await to.close();
});

story("flows whose backend, or service, is not there are lost and counted", SERVICE, async (from) => {
  for (let index = 0; index < 9; index++) from.open("c1", 40_000 + index);
  const without = await other({ ...SERVICE, backends: SERVICE.backends.slice(1) });
  assert.equal(carry(from.engine, without.engine), { flows: 6, lostFlows: 3 });
  await without.close();
  const elsewhere = await other({ ...SERVICE, addresses: ["10.77.0.101"] });
  assert.equal(carry(from.engine, elsewhere.engine), { flows: 0, lostFlows: 9 });
  await elsewhere.close();
  const nowhere = await other(null);
  assert.equal(carry(from.engine, nowhere.engine), { flows: 0, lostFlows: 9 });
  await nowhere.close();
});

story("before it begins it is said what goes on and what is lost", SERVICE, async (from) => {
  for (let index = 0; index < 9; index++) from.open("c1", 40_000 + index);
  const parsed = parseConfig({ networks: [{ name: "blue", subnet: ["10.77.0.0/24", "fd77::/64"] }] });
  const foreseen = (services: ServiceConfig[], flows: number) => {
    let forecast: Forecast | null = null;
    withTables(from.engine, (_, folder) => {
      forecast = foresee({ ...parsed, services, tables: { ...parsed.tables, flows } }, folder);
    });
    const { flows: told, losses } = forecast as unknown as Forecast;
    return [told, losses.filter((loss) => loss.includes("connections"))];
  };
  assert.equal(foreseen([SERVICE], 4096), [{ carried: 9, lost: 0 }, []]);
  assert.equal(foreseen([SERVICE], 4), [
    { carried: 4, lost: 5 },
    ["5 connections, those that can best be spared: there is no room for them."],
  ]);
  const others = "3 connections of services or backends that end or are elsewhere.";
  assert.equal(foreseen([{ ...SERVICE, backends: SERVICE.backends.slice(1) }], 4096), [{ carried: 6, lost: 3 }, [others]]);
  assert.equal(foreseen([], 1024), [{ carried: 0, lost: 9 }, [others.replace("3", "9")]]);
});

story("a client comes back to its backend", { ...SERVICE, affinitySeconds: 600 }, async (from) => {
  from.open("c2", 40_000);
  const backend = from.open("c1", 40_000);
  const to = await other({ ...SERVICE, affinitySeconds: 600 });
  assert.equal(carry(from.engine, to.engine), { flows: 2, lostFlows: 0 });
  assert.is(to.open("c1", 40_001), backend);
  await to.close();
});

story("where there is less room those stay that can least be spared", SERVICE, async (from) => {
  for (let index = 0; index < 60; index++) from.open("c1", 40_000 + index);
  for (let index = 0; index < 20; index++) from.udp("c2", VIRTUAL, 5000 + index, 80, "x");
  from.takeAll();
  const to = await other(SERVICE, 64);
  assert.equal(carry(from.engine, to.engine), { flows: 64, lostFlows: 16 });
  const states = to.engine.flows().flows.map(({ state }) => state);
  assert.is(states.filter((state) => state === "established").length, 60);
  assert.is(to.open("c1", 50_000).slice(0, 1), "b", "a new one takes the place of one that can be spared");
  checkFlows(partsOf(to.engine).store.tables);
  await to.close();
});

for (const count of [1, 2, 3, 16])
  test(`${count} workers share what comes, and each finds its own`, () => {
    const flows = 64 * 2 * 16;
    const yard = new FlowYard("single", flows, count);
    const layout = layOut({ macs: 64, flows, workers: count });
    const places = giveChunks(yard.tables, layout, Math.ceil(1500 / FLOW_CHUNK));
    yard.setTime(100);
    for (let client = 0; client < 1500; client++) {
      writeDraft(yard.tables, yard.wasm.flowDraft(yard.workers[0]!), serviceFlow(client));
      assert.ok(yard.wasm.importFlow(yard.workers[0]!, places.numberOf(client), field.STATE_ESTABLISHED, 0, 100));
    }
    places.hand();
    assert.is(yard.flows().length, 1500);
    yard.sweep();
    for (let client = 1500; client < flows; client++)
      assert.ok(yard.insert(serviceFlow(client), field.STATE_ESTABLISHED, client % count) > field.REFUSED_END);
    const evicted = yard.workers.reduce((sum, _, worker) => sum + yard.evicted(field.STATE_ESTABLISHED, worker), 0);
    assert.is(yard.flows().length, flows - evicted, "no entry is used twice");
    assert.ok(evicted === 0 || count > 1, "all of the table is used");
    checkFlows(yard.tables);
    yard.setTime(100 + TIMEOUTS[field.STATE_ESTABLISHED]!);
    yard.sweep();
    assert.is(yard.flows().length, 0);
    checkFlows(yard.tables);
  });

test("bytes that nobody has checked never bring it down", async () => {
  const numbers = random(seedOf("flow-import bytes"));
  const from = await Served.create("single", SERVICE);
  for (let index = 0; index < 20; index++) from.open("c1", 40_000 + index);
  const flowTable = partsOf(from.engine).store.tables.load32(map.HEAD_FLOWS) - map.TABLES;
  for (let round = 0; round < scale.leftTables / 10; round++) {
    const to = await other(SERVICE);
    const { store, networks, services } = partsOf(to.engine);
    const bend = (bytes: Uint8Array) => {
      for (let change = 0; change < 200; change++) bytes[flowTable + numbers.below(64 * map.FLOW_BYTES)] = numbers.below(256);
      for (let change = 0; change < 3; change++) bytes[48 + numbers.below(48)] = numbers.below(256);
    };
    withTables(
      from.engine,
      (left) => {
        const flows = left.flows();
        if (flows === null) return;
        const carrier = new FlowCarrier(store, flows, left.networks(), targetsIn(networks, services));
        carrier.catchUp();
        carrier.finish();
      },
      bend,
    );
    checkFlows(store.tables);
    to.engine.flows();
    for (let seconds = 8001; seconds < 8010; seconds++) to.engine.tick(seconds * 1000);
    await to.engine.close();
  }
  await from.close();
});

test.run();
