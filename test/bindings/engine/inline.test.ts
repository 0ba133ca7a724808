/** The engine as an embedding program meets it: isolation "inline", memory ports, no privilege and no koffi. */
import { execFileSync } from "node:child_process";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ADDRESS_SLOTS } from "../../../assembly/abi/memory-map.ts";
import { MAX_FRAME_BYTES, MAX_NETWORKS, MAX_PORTS, MAX_TRUNKS } from "../../../assembly/abi/limits.ts";
import { parseConfig } from "../../../bindings/config/parse.ts";
import type { NetworkConfig, PortConfig } from "../../../bindings/config/types.ts";
import { Engine } from "../../../bindings/engine.ts";
import { PortyardError } from "../../../bindings/error.ts";

const test = suite("inline engine");
const BROADCAST = "ff:ff:ff:ff:ff:ff";
const station = (number: number): string => `02:00:00:00:00:${number.toString(16).padStart(2, "0")}`;

function frame(destination: string, source: string, bytes = 60): Uint8Array {
  const octets = [...destination.split(":"), ...source.split(":")].map((octet) => Number.parseInt(octet, 16));
  return Uint8Array.from({ length: bytes }, (_, index) => octets[index] ?? (index === 12 ? 0x88 : index === 13 ? 0xb5 : 0));
}

function configure(ports: Record<string, unknown>[], networks: Record<string, unknown>[] = [{ name: "blue" }]) {
  return parseConfig({ networks, ports });
}

const memory = (name: string, extra: Record<string, unknown> = {}): Record<string, unknown> => ({
  name,
  network: "blue",
  memory: {},
  ...extra,
});
const networkOf = (name: string): NetworkConfig => configure([], [{ name }]).networks[0] as NetworkConfig;
const portOf = (port: Record<string, unknown>, networks?: Record<string, unknown>[]): PortConfig =>
  configure([port], networks).ports[0] as PortConfig;

async function withPorts(names: string[], body: (engine: Engine, heard: [string, number][]) => void | Promise<void>): Promise<void> {
  const engine = await Engine.create(configure(names.map((name) => memory(name))), { isolation: "inline" });
  const heard: [string, number][] = [];
  for (const name of names) engine.memoryPort(name).onFrame(({ length }) => void heard.push([name, length]));
  try {
    await body(engine, heard);
  } finally {
    await engine.close();
  }
}

async function codeOf(action: () => unknown): Promise<string> {
  try {
    await action();
    return "no error";
  } catch (error) {
    return error instanceof PortyardError ? error.code : String(error);
  }
}

test("what enters a port leaves by the others, then only by the one where the station is", () =>
  withPorts(["a", "b", "c"], (engine, heard) => {
    engine.memoryPort("a").send(frame(BROADCAST, station(1)));
    engine.memoryPort("b").send(frame(station(1), station(2), 100));
    assert.equal(heard, [
      ["b", 60],
      ["c", 60],
      ["a", 100],
    ]);
    assert.equal(
      engine.macs().map(({ mac, port, kind }) => [mac, port, kind]),
      [
        [station(1), "a", "learned"],
        [station(2), "b", "learned"],
      ],
    );
    const [a] = engine.ports();
    assert.equal(
      [a?.name, a?.kind, a?.io, a?.state, a?.receivedFrames, a?.sentFrames, a?.sentBytes],
      ["a", "memory", "memory", "up", 1, 1, 100],
    );
  }));

test("a drop is counted with its reason at its port", () =>
  withPorts(["a", "b"], (engine, heard) => {
    engine.memoryPort("a").send(frame(BROADCAST, "03:00:00:00:00:01"));
    engine.memoryPort("a").send(new Uint8Array(13));
    engine.memoryPort("b").onFrame(() => false);
    engine.memoryPort("a").send(frame(BROADCAST, station(1)));
    assert.equal(heard, []);
    assert.equal(engine.drops(), [
      { reason: "multicast-source", port: "a", count: 1 },
      { reason: "runt", port: "a", count: 1 },
      { reason: "port-full", port: "b", count: 1 },
    ]);
  }));

test("a listener that throws costs its frame and no slot", () =>
  withPorts(["a", "b"], (engine) => {
    engine.memoryPort("b").onFrame(() => {
      throw new Error("not now");
    });
    for (let times = 0; times < 1000; times++) assert.throws(() => engine.memoryPort("a").send(frame(BROADCAST, station(1))), "not now");
    const [worker] = engine.workers();
    assert.is(worker?.slotsTaken, worker?.slotsReleased);
    assert.is(engine.drops()[0]?.count, 1000);
  }));

test("a listener may send: its frame goes its way after the one that it got", () =>
  withPorts(["a", "b"], (engine) => {
    const said: string[] = [];
    engine.memoryPort("a").onFrame(() => void said.push("a"));
    engine.memoryPort("b").onFrame(() => {
      engine.memoryPort("b").send(frame(station(1), station(2)));
      said.push("b");
    });
    engine.memoryPort("a").send(frame(BROADCAST, station(1)));
    assert.equal(said, ["b", "a"]);
  }));

test("ports and networks come and go, and a new port does not inherit from the old one", () =>
  withPorts(["a", "b"], async (engine, heard) => {
    const closed = engine.memoryPort("b");
    engine.memoryPort("b").send(frame(BROADCAST, station(2)));
    await engine.removePort("b");
    assert.is(await codeOf(() => closed.send(frame(BROADCAST, station(2)))), "port-missing");
    await engine.addNetwork(networkOf("green"));
    await engine.addPort(portOf(memory("c", { network: "green" }), [{ name: "green" }]));
    engine.memoryPort("c").onFrame(() => void heard.push(["c", 0]));
    heard.length = 0;
    engine.memoryPort("a").send(frame(station(2), station(1)));
    assert.equal(heard, [], "c has b's index, but neither its network nor its station");
    assert.is(await codeOf(() => engine.removeNetwork("green")), "network-in-use");
    await engine.removePort("c");
    await engine.removeNetwork("green");
    assert.equal(
      engine.networks().map(({ name, ports }) => [name, ports]),
      [["blue", ["a"]]],
    );
  }));

test("names that are taken or missing are errors", () =>
  withPorts(["a"], async (engine) => {
    assert.is(await codeOf(() => engine.addPort(portOf(memory("a")))), "port-exists");
    assert.is(await codeOf(() => engine.addNetwork(networkOf("blue"))), "network-exists");
    assert.is(await codeOf(() => engine.addPort(portOf(memory("d", { network: "red" }), [{ name: "red" }]))), "network-missing");
    assert.is(await codeOf(() => engine.removePort("z")), "port-missing");
    assert.is(await codeOf(() => engine.memoryPort("z")), "port-missing");
  }));

test("a conflict of addresses leaves the first owner's bindings as they are", async () => {
  const owner = memory("a", { mac: station(1), addresses: ["10.0.0.1"] });
  const engine = await Engine.create(configure([owner, memory("b")], [{ name: "blue", subnet: "10.0.0.0/24" }]), { isolation: "inline" });
  const other = portOf(memory("c", { mac: station(3), addresses: ["10.0.0.1"] }), [{ name: "blue", subnet: "10.0.0.0/24" }]);
  assert.is(await codeOf(() => engine.addPort(other)), "address-taken");
  assert.is(await codeOf(() => engine.addPort({ ...other, addresses: ["10.0.0.3"], mac: station(1) })), "mac-taken");
  assert.equal(
    engine.macs().map(({ mac, port, kind }) => [mac, port, kind]),
    [[station(1), "a", "static"]],
  );
  assert.is(engine.ports().length, 2);
  await engine.close();
});

test("more addresses than the table has places for are an error that leaves none of them bound", async () => {
  const engine = await Engine.create(configure([memory("a")], [{ name: "blue" }]), { isolation: "inline" });
  const many = Array.from({ length: ADDRESS_SLOTS + 1 }, (_, number) => `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`);
  const port = portOf(memory("b", { mac: station(2), addresses: ["10.0.0.0"] }));
  assert.is(await codeOf(() => engine.addPort({ ...port, addresses: many })), "addresses-exhausted");
  assert.is(engine.ports().length, 1);
  await engine.addPort(port);
  await engine.close();
});

test("limits are errors that leave the engine as it was", async () => {
  const networks = Array.from({ length: MAX_NETWORKS - 1 }, (_, index) => ({ name: `n${index}` }));
  const engine = await Engine.create(configure([], networks), { isolation: "inline" });
  assert.is(await codeOf(() => engine.addNetwork(networkOf("more"))), "networks-exhausted");
  const trunk = (index: number) => portOf({ name: `t${index}`, trunk: { n0: 10 }, memory: {} }, [{ name: "n0" }]);
  for (let index = 0; index < MAX_TRUNKS; index++) await engine.addPort(trunk(index));
  assert.is(await codeOf(() => engine.addPort(trunk(MAX_TRUNKS))), "trunks-exhausted");
  const access = (index: number): PortConfig => ({ ...portOf(memory("x", { network: "n1" }), [{ name: "n1" }]), name: `p${index}` });
  for (let index = MAX_TRUNKS; index < MAX_PORTS; index++) await engine.addPort(access(index));
  assert.is(await codeOf(() => engine.addPort(access(MAX_PORTS))), "ports-exhausted");
  assert.is(engine.ports().length, MAX_PORTS);
  await engine.removePort("p100");
  assert.is(await codeOf(() => engine.addPort(access(MAX_PORTS))), "no error");
  await engine.close();
});

test("events tell of ports and stations, and ageing follows the caller's clock", async () => {
  const engine = await Engine.create(configure([memory("a"), memory("b")], [{ name: "blue", macAgeSeconds: 15 }]), { isolation: "inline" });
  const told: string[] = [];
  engine.on("macLearned", (network, mac, port) => void told.push(`${mac} learned on ${port} of ${network}`));
  engine.on("macMoved", (_, mac, port) => void told.push(`${mac} moved to ${port}`));
  engine.on("macAged", (_, mac) => void told.push(`${mac} aged`));
  engine.tick(1e9);
  engine.memoryPort("a").send(frame(BROADCAST, station(1)));
  engine.memoryPort("b").send(frame(BROADCAST, station(1)));
  for (let seconds = 0; seconds <= 40; seconds++) engine.tick(1e9 + seconds * 1000);
  assert.equal(told, [`${station(1)} learned on a of blue`, `${station(1)} moved to b`, `${station(1)} aged`]);
  assert.equal(engine.macs(), []);
  await engine.close();
});

test("a closed engine says so, and closing again does nothing", async () => {
  const engine = await Engine.create(configure([memory("a")]), { isolation: "inline" });
  const port = engine.memoryPort("a");
  await engine.close();
  await engine.close();
  assert.is(await codeOf(() => port.send(frame(BROADCAST, station(1)))), "port-missing");
  assert.is(await codeOf(() => engine.addPort(portOf(memory("b")))), "engine-closed");
});

test("a frame that no slot takes is refused, the longest that one takes is not", () =>
  withPorts(["a", "b"], async (engine) => {
    assert.is(await codeOf(() => engine.memoryPort("a").send(new Uint8Array(MAX_FRAME_BYTES + 1))), "frame-too-long");
    engine.memoryPort("a").send(frame(BROADCAST, station(1), MAX_FRAME_BYTES));
    assert.equal(engine.drops(), [{ reason: "too-big", port: "b", count: 1 }]);
  }));

test("kernel ports are refused, and koffi is not loaded", async () => {
  const tap = portOf({ name: "t", network: "blue", tap: { namespace: "x", interface: "eth0", address: "10.0.0.1/24" } });
  const engine = await Engine.create(configure([]), { isolation: "inline" });
  assert.is(await codeOf(() => engine.addPort(tap)), "isolation");
  await engine.close();
  const index = JSON.stringify(new URL("../../../bindings/index.js", import.meta.url).href);
  const script = `
    const { Engine, parseConfig } = await import(${index});
    const engine = await Engine.create(parseConfig({ networks: [{ name: "n" }], ports: [{ name: "a", network: "n", memory: {} }] }), { isolation: "inline" });
    await engine.close();
    console.log(process.report.getReport().sharedObjects.some((path) => path.includes("koffi")));`;
  assert.is(execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" }).trim(), "false");
});

test("a cut frame that a listener puts in goes its way when the listener has returned", () =>
  withPorts(["a", "b"], (engine, heard) => {
    const order: string[] = [];
    engine.memoryPort("a").onFrame(({ length }) => void order.push(`a ${length}`));
    engine.memoryPort("b").onFrame(({ length }) => {
      order.push(`b ${length}`);
      if (length === 60) engine.memoryPort("b").sendCut(frame(BROADCAST, station(2)), 300);
      order.push("returned");
    });
    engine.memoryPort("a").send(frame(BROADCAST, station(1)));
    assert.equal(order, ["b 60", "returned", "a 300"]);
    assert.equal(heard, []);
    engine.memoryPort("a").sendCut(frame(BROADCAST, station(1)), 60);
    assert.is(order.at(-3), "b 60", "one that is not cut is a frame like any other");
  }));

test.run();
