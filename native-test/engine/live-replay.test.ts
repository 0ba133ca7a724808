/** The same frames through two live workers and through a replay of one: what leaves each port, what is dropped and why, and the order in
 *  which one port's frames leave by another are the same.
 *
 *      c0 ─ TAP p0 ┐ worker 0 ┌ TAP p2 ─ c2       each container sends the frames of its own stations, all at once,
 *      c1 ─ TAP p1 ┘ worker 1 └ TAP p3 ─ c3       captured ones and flows between all four                            */
import { createHash } from "node:crypto";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MAX_MTU } from "../../assembly/abi/limits.ts";
import { openCapture, writePcap } from "../../bindings/capture/index.ts";
import { parseConfig } from "../../bindings/config/parse.ts";
import type { EngineConfig } from "../../bindings/config/types.ts";
import type { Engine } from "../../bindings/engine.ts";
import { replay } from "../../bindings/replay/replay.ts";
import { scale } from "../../test/scale.ts";
import { captureFolder, ethernetFrames, ownCaptureFolder } from "../../test/support/captures.ts";
import { bytes, u32 } from "../../test/support/packet/bytes.ts";
import { arp, BROADCAST, ethernet, padded, station, TYPE_ARP, TYPE_EXPERIMENT, TYPE_IPV4 } from "../../test/support/packet/ethernet.ts";
import { ipv4, TCP, UDP } from "../../test/support/packet/ip.ts";
import { ACK, tcp, udp } from "../../test/support/packet/transport.ts";
import { needing } from "../support/need.ts";
import { createEngine } from "./own-engine.ts";
import { isTagCut, QuietTap } from "./quiet-taps.ts";
import { lawHolds, until } from "./topology.ts";

const test = suite("live workers and replay");
const PORTS = 4;
/** In one go from each port: less than the queue of a TAP holds. */
const BURST_FRAMES = 48;
/** Stations of each port whose captured frames are sent: what a port may have learned. */
const MOST_STATIONS = 900;
const NARROW_MTU = 1000;
const ADDRESSES_BYTES = 12;
const ETHERNET_BYTES = 14;

interface Entry {
  port: number;
  frame: Uint8Array;
}

const name = (port: number): string => `p${port}`;
const macOf = (port: number): string => station(0xa0 + port);
const addressOf = (port: number): string => `10.77.0.${10 + port}`;
const sourceOf = (frame: Uint8Array): string => Buffer.from(frame.subarray(6, ADDRESSES_BYTES)).toString("hex");

/** Each port has a station of its own with an address; the last one is narrow, and checks its senders. */
function configure(taps: readonly QuietTap[], learning: boolean): EngineConfig {
  const ports = taps.map(({ tap }, port) => ({
    name: name(port),
    network: "blue",
    tap,
    mac: macOf(port),
    addresses: [addressOf(port)],
    sourceCheck: port === PORTS - 1,
    ...(port === PORTS - 1 && { mtu: NARROW_MTU }),
  }));
  return parseConfig({ name: `pyt-${process.pid}`, workers: 2, networks: [{ name: "blue", mtu: MAX_MTU, learning }], ports });
}

/** Which port a station is behind: the configured ones behind their own, captured ones in turn. */
class Homes {
  readonly #homes = new Map(Array.from({ length: PORTS }, (_, port) => [macOf(port).replaceAll(":", ""), port]));
  #next = 0;

  of(frame: Uint8Array): number | null {
    const source = sourceOf(frame);
    const known = this.#homes.get(source);
    if (known !== undefined) return known;
    if (this.#homes.size >= MOST_STATIONS) return null;
    const port = this.#next++ % PORTS;
    this.#homes.set(source, port);
    return port;
  }

  /** Every station says something once, so that all are known before anything else is sent. */
  greetings(): Entry[] {
    return [...this.#homes].map(([source, port]) => ({ port, frame: padded(ethernet(BROADCAST, source, TYPE_EXPERIMENT, "hello")) }));
  }
}

function capturedFrames(homes: Homes): Entry[] {
  const folders = [...new Set([captureFolder(), ownCaptureFolder])];
  const all: Entry[] = [];
  for (const { frames } of folders.flatMap((folder) => [...ethernetFrames(folder)])) {
    for (const { bytes: frame } of frames) {
      const port = isTagCut(frame) || frame.length < ADDRESSES_BYTES ? null : homes.of(frame);
      if (port !== null && all.length < scale.liveCapturedFrames) all.push({ port, frame });
    }
  }
  return all;
}

/** Numbered datagrams, segments and questions from each station to each other, in turn. */
function flows(): Entry[] {
  const ports = Array.from({ length: PORTS }, (_, port) => port);
  const pairs = ports.flatMap((port) => ports.filter((to) => to !== port).map((to) => ({ port, to })));
  return Array.from({ length: scale.liveFlowFrames }, (_, number) => pairs.flatMap(({ port, to }) => step(port, to, number))).flat();
}

function step(port: number, to: number, number: number): Entry[] {
  const ends = { source: addressOf(port), destination: addressOf(to) };
  const load = bytes(u32(number), new Uint8Array((number * 37) % 1400));
  const datagram = udp(ends, { sourcePort: 5000 + (number % 3), targetPort: 53 }, load);
  const segment = tcp(ends, { sourcePort: 6000, targetPort: 80, sequence: number, flags: ACK }, load);
  const question = arp({ operation: 1, senderMac: macOf(port), senderAddress: ends.source, targetAddress: ends.destination });
  const frames = [
    ethernet(macOf(to), macOf(port), TYPE_IPV4, ipv4({ ...ends, protocol: UDP, id: number }, datagram)),
    ethernet(macOf(to), macOf(port), TYPE_IPV4, ipv4({ ...ends, protocol: TCP, id: number }, segment)),
    padded(ethernet(BROADCAST, macOf(port), TYPE_ARP, question)),
  ];
  return frames.map((frame) => ({ port, frame }));
}

/** What leaves each port, in order, as text; and drops by reason and port. */
interface Outcome {
  left: string[][];
  drops: Map<string, number>;
}

/** It begins with the Ethernet header, by whose source the input is told. */
function textOf(frame: Uint8Array): string {
  return `${Buffer.from(frame.subarray(0, ETHERNET_BYTES)).toString("hex")} ${frame.length} ${createHash("sha1").update(frame).digest("base64")}`;
}

/** Sends everything, from all ports at once. @returns what was let in, in the order in which it was sent, and what became of it. */
async function live(engine: Engine, taps: readonly QuietTap[], entries: readonly Entry[]): Promise<Outcome & { entered: Entry[] }> {
  const left: string[][] = taps.map(() => []);
  const entered: Entry[] = [];
  const sum = (key: "receivedFrames" | "sentFrames"): number => engine.ports().reduce((all, port) => all + port[key], 0);
  const drain = (): number => {
    for (const [port, tap] of taps.entries()) {
      for (let frame = tap.receive(); frame !== null; frame = tap.receive()) left[port]?.push(textOf(frame));
    }
    return left.reduce((all, { length }) => all + length, 0);
  };
  const settle = () => until(() => sum("receivedFrames") === entered.length && drain() === sum("sentFrames"));
  let inFlight = 0;
  for (const entry of entries) {
    if (taps[entry.port]?.send(entry.frame)) entered.push(entry);
    if (++inFlight < BURST_FRAMES) continue;
    await settle();
    inFlight = 0;
  }
  await settle();
  await lawHolds(engine);
  await settle();
  return { left, entered, drops: new Map(engine.drops().map(({ reason, port, count }) => [`${reason} ${port}`, count])) };
}

async function replayed(config: EngineConfig, entered: readonly Entry[]): Promise<Outcome> {
  const files = config.ports.map((_, port) => {
    const own = entered.map((entry, index) => ({ ...entry, timeNs: BigInt(index) * 1000n })).filter((entry) => entry.port === port);
    return writePcap(own.map(({ frame, timeNs }) => ({ bytes: frame, timeNs })));
  });
  const left: string[][] = config.ports.map(() => []);
  const drops = new Map<string, number>();
  await replay({
    config,
    inputs: files.map((file, port) => ({ port: name(port), capture: openCapture(once(file)) })),
    onOutput: ({ port, bytes: frame }) => void left[Number(port.slice(1))]?.push(textOf(frame)),
    onFrame: (_frame, dropped) => {
      for (const { reason, port } of dropped) drops.set(`${reason} ${port}`, (drops.get(`${reason} ${port}`) ?? 0) + 1);
    },
  });
  return { left, drops };
}

async function* once(file: Uint8Array): AsyncGenerator<Uint8Array> {
  yield file;
}

/** Frames of each destination, source and EtherType, in order: no flow has more than one of these, and answers are none of those for whom
 *  they are given. */
function byFlow(texts: readonly string[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const text of texts) {
    const flow = text.slice(0, 2 * ETHERNET_BYTES);
    const group = groups.get(flow);
    if (group === undefined) groups.set(flow, [text]);
    else group.push(text);
  }
  return groups;
}

const sorted = (drops: ReadonlyMap<string, number>) => [...drops].filter(([, count]) => count > 0).sort(([a], [b]) => (a < b ? -1 : 1));

for (const { isolation, io, learning } of [
  { isolation: "process", io: "uring", learning: true },
  { isolation: "process", io: "uring", learning: false },
  { isolation: "thread", io: "syscall", learning: true },
] as const) {
  const title = `${isolation}, ${io}, ${learning ? "learning" : "flooding"}`;
  test(
    ...needing(["root", "iproute2", "tun", ...(io === "uring" ? (["uring"] as const) : [])], title, async () => {
      const taps = Array.from({ length: PORTS }, (_, index) => new QuietTap(`q${index}`));
      const config = configure(taps, learning);
      const engine = await createEngine(config, { isolation, io });
      try {
        for (const tap of taps) tap.open();
        const homes = new Homes();
        const captured = capturedFrames(homes);
        const generated = flows();
        const mixed = Array.from({ length: Math.max(captured.length, generated.length) }, (_, index) =>
          [captured[index], generated[index]].filter((entry) => entry !== undefined),
        ).flat();
        const { entered, ...really } = await live(engine, taps, [...homes.greetings(), ...mixed]);
        const expected = await replayed(config, entered);
        for (const [port, texts] of really.left.entries()) {
          const wanted = expected.left[port] as string[];
          assert.equal([...texts].sort(), [...wanted].sort(), `what left ${name(port)}`);
          assert.equal(byFlow(texts), byFlow(wanted), `the order in which it left ${name(port)}`);
        }
        assert.equal(sorted(really.drops), sorted(expected.drops));
        for (const { received, worker } of engine.workers())
          assert.ok(received > entered.length / 8, `worker ${worker} received ${received}`);
        assert.ok(engine.workers().some(({ answered }) => answered > 0));
        const total = really.left.reduce((all, { length }) => all + length, 0);
        console.log(
          `${title}: ${entered.length} entered, ${total} left, dropped: ${sorted(really.drops)
            .map((drop) => drop.join(" "))
            .join(", ")}`,
        );
      } finally {
        await engine.close();
        for (const tap of taps) tap.remove();
      }
    }),
  );
}

test.run();
