/** What an inline engine tells of itself, with which arguments and when: ports, stations, samples of drops. Each on every build. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseConfig } from "../../../bindings/config/parse.ts";
import type { PortConfig } from "../../../bindings/config/types.ts";
import { Engine } from "../../../bindings/engine.ts";
import type { EngineEvents } from "../../../bindings/engine/types.ts";
import { BUILDS } from "../../support/engine.ts";
import { TYPE_EXPERIMENT, ethernet, station } from "../../support/packet/ethernet.ts";
import { toAll } from "./world.ts";

const test = suite("events");
const AGE_SECONDS = 15;
const NAMES = ["portUp", "portDown", "macLearned", "macMoved", "macAged", "macEvicted", "dropSampled"] as const;

function configure(ports: Record<string, unknown>[]) {
  const all = ports.map((port) => ({ network: "blue", memory: {}, ...port }));
  return parseConfig({ networks: [{ name: "blue", macAgeSeconds: AGE_SECONDS }], ports: all });
}

const portOf = (port: Record<string, unknown>): PortConfig => configure([port]).ports[0]!;

/** Notes all events of an engine, and gives those since the last call. */
function listen(engine: Engine, names: readonly (keyof EngineEvents)[] = NAMES): () => string[] {
  const told: string[] = [];
  for (const name of names) engine.on(name, (...args: unknown[]) => void told.push([name, ...args].join(" ")));
  return () => told.splice(0);
}

function story(name: string, ports: Record<string, unknown>[], body: (engine: Engine, told: () => string[]) => void | Promise<void>): void {
  for (const build of BUILDS) {
    test(`${name} (${build})`, async () => {
      const engine = await Engine.create(configure(ports), { isolation: "inline", build });
      try {
        await body(engine, listen(engine));
      } finally {
        await engine.close();
      }
    });
  }
}

const [a, b] = [{ name: "a" }, { name: "b" }];

story("a port that forwards is told once, at the next tick", [a, b], async (engine, told) => {
  assert.equal(told(), []);
  engine.tick(0);
  assert.equal(told(), ["portUp a", "portUp b"]);
  await engine.addPort(portOf({ name: "c" }));
  engine.tick(1);
  engine.tick(2);
  assert.equal(told(), ["portUp c"]);
});

story("a station is learned, moves and ages, each with its network and its port", [a, b], (engine, told) => {
  engine.tick(0);
  told();
  engine.memoryPort("a").send(toAll(station(1)));
  engine.memoryPort("b").send(toAll(station(1)));
  engine.tick(1);
  assert.equal(told(), [`macLearned blue ${station(1)} a`, `macMoved blue ${station(1)} b`]);
  for (let seconds = 0; seconds <= 2 * AGE_SECONDS; seconds++) engine.tick(1000 + seconds * 1000);
  assert.equal(told(), [`macAged blue ${station(1)} b`]);
});

story("a station that makes room for another one is told as such", [{ name: "a", macLimit: 1 }, b], (engine, told) => {
  engine.tick(0);
  told();
  for (const number of [1, 2]) engine.memoryPort("a").send(toAll(station(number)));
  engine.tick(1);
  assert.equal(told().sort(), [`macEvicted blue ${station(1)} a`, `macLearned blue ${station(1)} a`, `macLearned blue ${station(2)} a`]);
});

story("what a port has to tell it tells before its index is another's", [a, b], async (engine, told) => {
  engine.tick(0);
  told();
  engine.memoryPort("b").send(toAll(station(2)));
  engine.memoryPort("b").send(new Uint8Array(13));
  await engine.removePort("b");
  assert.equal(told(), [`macLearned blue ${station(2)} b`, "dropSampled runt b 1"]);
  await engine.addPort(portOf({ name: "c" }));
  engine.tick(5000);
  assert.equal(told(), ["portUp c"]);
});

// ---------------------------------------------------------------- drops
story("drops are told at most once a second for each reason and port, and none is left out", [a, b], (engine, told) => {
  const runt = (port: string, times: number): void => {
    for (let time = 0; time < times; time++) engine.memoryPort(port).send(new Uint8Array(13));
  };
  engine.tick(0);
  told();
  runt("a", 3);
  engine.tick(999);
  assert.equal(told(), [], "a second has not gone since the last look");
  runt("a", 2);
  runt("b", 1);
  engine.memoryPort("b").send(ethernet("01:80:c2:00:00:00", station(1), TYPE_EXPERIMENT));
  engine.tick(1000);
  assert.equal(told(), ["dropSampled runt a 5", "dropSampled reserved-group b 1", "dropSampled runt b 1"]);
  engine.tick(2000);
  assert.equal(told(), []);
  runt("a", 1000);
  for (let ms = 2001; ms < 10_000; ms += 100) engine.tick(ms);
  assert.equal(told(), ["dropSampled runt a 1000"]);
});

test("what was dropped before anybody listened is told to nobody", async () => {
  const engine = await Engine.create(configure([a, b]), { isolation: "inline" });
  engine.memoryPort("a").send(new Uint8Array(13));
  engine.tick(1000);
  const told = listen(engine, ["dropSampled"]);
  engine.memoryPort("a").send(new Uint8Array(12));
  await engine.addPort(portOf({ name: "c" }));
  engine.memoryPort("c").send(new Uint8Array(11));
  engine.tick(2000);
  assert.equal(told(), ["dropSampled runt a 1", "dropSampled runt c 1"]);
  await engine.close();
});

test("a listener that is taken away hears no more, and the next one hears what comes after it", async () => {
  const engine = await Engine.create(configure([a, b]), { isolation: "inline" });
  const heard: number[] = [];
  const listener = (_reason: string, _port: string, count: number): void => void heard.push(count);
  engine.on("dropSampled", listener);
  engine.off("dropSampled", listener);
  engine.memoryPort("a").send(new Uint8Array(13));
  engine.tick(1000);
  engine.on("dropSampled", listener);
  engine.tick(2000);
  assert.equal(heard, []);
  engine.memoryPort("a").send(new Uint8Array(13));
  engine.tick(3000);
  assert.equal(heard, [1]);
  await engine.close();
});

test("a second settle tells no fewer drops", async () => {
  const engine = await Engine.create(configure([a, b]), { isolation: "inline" });
  const told = listen(engine, ["dropSampled"]);
  engine.tick(0);
  engine.memoryPort("a").send(new Uint8Array(13));
  assert.equal(await engine.settle(), []);
  engine.tick(1000);
  assert.equal(told(), ["dropSampled runt a 1"]);
  await engine.close();
});

test("many listeners of one event are no reason to warn", async () => {
  const engine = await Engine.create(configure([a, b]), { isolation: "inline" });
  const warnings: string[] = [];
  const note = ({ message }: Error): void => void warnings.push(message);
  process.on("warning", note);
  let heard = 0;
  for (let listeners = 0; listeners < 100; listeners++) engine.on("portUp", () => void heard++);
  engine.tick(0);
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", note);
  assert.equal([heard, warnings], [200, []]);
  await engine.close();
});

test("more events than a tick can know of are counted", async () => {
  const engine = await Engine.create(configure([a, b]), { isolation: "inline" });
  const told = listen(engine, ["macLearned", "macEvicted"]);
  for (let number = 1; number <= 5000; number++) engine.memoryPort("a").send(toAll(station(number)));
  engine.tick(1);
  const { eventsLost, workers } = engine.counters();
  const { learned = 0, evicted = 0 } = workers[0] ?? {};
  assert.is(told().length + eventsLost, learned + evicted + 2, "two ports came up before");
  await engine.close();
});

test.run();
