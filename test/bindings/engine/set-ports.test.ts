/** Changes of living ports and networks, on an inline engine: counters and stations stay, and what is refused changes nothing. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseConfig } from "../../../bindings/config/parse.ts";
import type { NetworkConfig, PortConfig } from "../../../bindings/config/types.ts";
import { Engine } from "../../../bindings/engine.ts";
import { PortyardError } from "../../../bindings/error.ts";

const test = suite("living ports");
const BROADCAST = "ff:ff:ff:ff:ff:ff";
const station = (number: number): string => `02:00:00:00:00:${number.toString(16).padStart(2, "0")}`;
const ARP = 0x0806;

function bytesOf(mac: string): number[] {
  return mac.split(":").map((octet) => Number.parseInt(octet, 16));
}

function frame(destination: string, source: string): Uint8Array {
  const octets = [...bytesOf(destination), ...bytesOf(source)];
  return Uint8Array.from({ length: 60 }, (_, index) => octets[index] ?? (index === 12 ? 0x88 : index === 13 ? 0xb5 : 0));
}

/** Who has `target`? Asked by the station `source` with the address `from`. */
function arpRequest(source: string, from: number[], target: number[]): Uint8Array {
  const asked = [...bytesOf(BROADCAST), ...bytesOf(source), ARP >> 8, ARP & 0xff, 0, 1, 8, 0, 6, 4, 0, 1];
  const words = [...asked, ...bytesOf(source), ...from, 0, 0, 0, 0, 0, 0, ...target];
  return Uint8Array.from({ length: 60 }, (_, index) => words[index] ?? 0);
}

const memory = (name: string, number: number, extra: object = {}) => ({
  name,
  network: "blue",
  mac: station(number),
  memory: {},
  ...extra,
});

function configure(
  ports: object[],
  network: object = {},
): { networks: NetworkConfig[]; ports: PortConfig[] } & ReturnType<typeof parseConfig> {
  return parseConfig({ networks: [{ name: "blue", subnet: "10.77.0.0/24", ...network }], ports });
}

async function withPorts(ports: object[], body: (engine: Engine) => Promise<void>): Promise<void> {
  const engine = await Engine.create(configure(ports), { isolation: "inline" });
  try {
    await body(engine);
  } finally {
    await engine.close();
  }
}

async function refused(action: Promise<unknown>): Promise<PortyardError> {
  try {
    await action;
  } catch (error) {
    if (error instanceof PortyardError) return error;
    throw error;
  }
  throw new Error("it was taken");
}

const macsOf = (engine: Engine, name: string) =>
  engine
    .macs()
    .filter(({ port }) => port === name)
    .map(({ mac, kind }) => `${mac} ${kind}`);

/** What of the ports must be the same when nothing was changed. */
const picture = (engine: Engine) => [engine.ports(), engine.macs().map(({ mac, port, kind }) => [mac, port, kind])];

test("a limit that is lowered forgets the stations that were unseen longest, and binds those to come", () =>
  withPorts([memory("a", 1), memory("b", 2)], async (engine) => {
    for (let number = 16; number < 32; number++) {
      engine.tick(number * 1000);
      engine.memoryPort("a").send(frame(BROADCAST, station(number)));
    }
    engine.memoryPort("b").send(frame(BROADCAST, station(99)));
    const before = engine.ports();
    await engine.setPorts(configure([memory("a", 1, { macLimit: 4 })]).ports);
    assert.equal(
      macsOf(engine, "a"),
      [28, 29, 30, 31].map((number) => `${station(number)} learned`),
    );
    assert.equal(macsOf(engine, "b"), [`${station(99)} learned`]);
    assert.equal(engine.ports(), before);
    for (let number = 40; number < 60; number++) engine.memoryPort("a").send(frame(BROADCAST, station(number)));
    assert.is(macsOf(engine, "a").length, 4);
    await engine.setPorts(configure([memory("a", 1, { macLimit: 8 })]).ports);
    for (let number = 60; number < 80; number++) engine.memoryPort("a").send(frame(BROADCAST, station(number)));
    assert.is(macsOf(engine, "a").length, 8);
  }));

test("an address goes from one port to another in one change, and is answered for there", () =>
  withPorts(
    [memory("a", 1, { addresses: ["10.77.0.9"] }), memory("b", 2, { addresses: ["10.77.0.2"] }), memory("c", 3)],
    async (engine) => {
      const answers: string[] = [];
      engine.memoryPort("c").onFrame((answer) => void answers.push(Buffer.from(answer.subarray(22, 28)).toString("hex")));
      const ask = () => engine.memoryPort("c").send(arpRequest(station(3), [10, 77, 0, 3], [10, 77, 0, 9]));
      ask();
      await engine.setPorts(configure([memory("a", 1, { addresses: ["10.77.0.2"] }), memory("b", 2, { addresses: ["10.77.0.9"] })]).ports);
      ask();
      assert.equal(answers, ["020000000001", "020000000002"]);
    },
  ));

test("a source check begins and ends while the port forwards", () =>
  withPorts([memory("a", 1), memory("b", 2)], async (engine) => {
    const heard: number[] = [];
    engine.memoryPort("b").onFrame(({ length }) => void heard.push(length));
    const send = () => engine.memoryPort("a").send(frame(BROADCAST, station(7)));
    send();
    await engine.setPorts(configure([memory("a", 1, { sourceCheck: true })]).ports);
    send();
    assert.is(heard.length, 1);
    await engine.setPorts(configure([memory("a", 1)]).ports);
    send();
    assert.is(heard.length, 2);
    const [a] = engine.ports();
    assert.equal([a?.receivedFrames, a?.droppedFrames], [3, 1]);
  }));

test("a station that is set stays where it was set, until it is taken away", () =>
  withPorts([memory("a", 1), memory("b", 2)], async (engine) => {
    engine.memoryPort("b").send(frame(BROADCAST, station(7)));
    await engine.setPorts(configure([memory("a", 1, { staticMacs: [station(7)] })]).ports);
    assert.equal([macsOf(engine, "a"), macsOf(engine, "b")], [[`${station(7)} static`], []]);
    await engine.setPorts(configure([memory("a", 1)]).ports);
    assert.equal(engine.macs(), []);
    engine.memoryPort("b").send(frame(BROADCAST, station(7)));
    assert.equal(macsOf(engine, "b"), [`${station(7)} learned`]);
  }));

test("of several changes one that is refused changes none of them", () =>
  withPorts(
    [memory("a", 1, { addresses: ["10.77.0.2"] }), memory("b", 2, { staticMacs: [station(7)] }), memory("c", 3)],
    async (engine) => {
      const before = picture(engine);
      const wanted = [
        memory("a", 1, { addresses: ["10.77.0.5"], macLimit: 3, sourceCheck: false }),
        memory("c", 3, { addresses: ["10.77.0.2"], staticMacs: [station(8)] }),
      ];
      // the engine alone finds this one: the file would be refused before
      const stolen = { ...configure([memory("b", 2)]).ports[0]!, name: "c", mac: station(3), staticMacs: [station(7)] };
      const error = await refused(engine.setPorts([...configure(wanted).ports.slice(0, 1), stolen]));
      assert.equal([error.code, error.value], ["mac-taken", station(7)]);
      assert.equal(picture(engine), before);
      await engine.setPorts(configure(wanted).ports);
      assert.equal(
        engine.ports().map(({ name, addresses }) => [name, addresses]),
        [
          ["a", ["10.77.0.5"]],
          ["b", []],
          ["c", ["10.77.0.2"]],
        ],
      );
    },
  ));

test("what a living port or network cannot take is refused by name", () =>
  withPorts([memory("a", 1)], async (engine) => {
    const other = await refused(engine.setPorts(configure([memory("a", 2)]).ports));
    assert.equal([other.code, other.path, other.value], ["not-settable", "mac", "a"]);
    assert.is((await refused(engine.setPorts(configure([memory("z", 2)]).ports))).code, "port-missing");
    const network = await refused(engine.setNetwork(configure([], { mtu: 9000 }).networks[0]!));
    assert.equal([network.code, network.path], ["not-settable", "mtu"]);
  }));

test("a network stops learning and begins again; what it knows stays", () =>
  withPorts([memory("a", 1), memory("b", 2)], async (engine) => {
    engine.memoryPort("a").send(frame(BROADCAST, station(7)));
    const info = await engine.setNetwork(configure([], { learning: false, macAgeSeconds: 60 }).networks[0]!);
    assert.equal([info.learning, info.macAgeSeconds, info.ports], [false, 60, ["a", "b"]]);
    engine.memoryPort("a").send(frame(BROADCAST, station(8)));
    assert.equal(macsOf(engine, "a"), [`${station(7)} learned`]);
    await engine.setNetwork(configure([]).networks[0]!);
    engine.memoryPort("a").send(frame(BROADCAST, station(8)));
    assert.is(macsOf(engine, "a").length, 2);
  }));

test.run();
