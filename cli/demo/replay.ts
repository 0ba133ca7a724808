/** The demo without a kernel: what two containers said to each other (examples/two-containers.pcap) goes through the same
 *  switch, over ports in memory. A frame enters by the port of the container that sent it, at the time at which it was sent;
 *  a ping counts as answered when its reply has left by the port of the container that asked. Then requests to a service, made here
 *  (traffic/virtual-requests.ts), are spread by it.
 *
 *    capture ── by source MAC ── memory ports container1, container2 ── Engine in this very thread                          */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type CaptureFrame, readCapture } from "../../bindings/capture/index.ts";
import { Engine } from "../../bindings/engine.ts";
import { PortyardError } from "../../bindings/error.ts";
import type { Choice } from "./mode.ts";
import { engineConfig, macOf } from "./network.ts";
import { ALGORITHMS, CONTAINERS } from "./plan.ts";
import { echoLine, pingLine, replayIntroduction, showTables } from "./report.ts";
import { type DemoResult, servicesResult } from "./result.ts";
import type { Screen } from "./screen.ts";
import { serviceConfig, type Spreads, spreadOf } from "./service.ts";
import { serviceHeading, servicePicture, spreadLines } from "./service-report.ts";
import { echoReply } from "./traffic/ping.ts";
import { VirtualRequests } from "./traffic/virtual-requests.ts";

const CAPTURE = fileURLToPath(new URL("../../../examples/two-containers.pcap", import.meta.url));
const ETHERNET_BYTES = 14;
const TYPE_IPV4 = 0x0800;
const PROTOCOL_ICMP = 1;
const ECHO_REQUEST = 8;

const [FIRST, SECOND] = CONTAINERS;

/** @param found called with the result. @throws PortyardError `capture-unreadable`, and what the engine throws. */
export async function replayDemo(choice: Choice, screen: Screen, found: (result: DemoResult) => void): Promise<void> {
  const frames = readFrames();
  screen.lines(replayIntroduction(choice, frames.length, screen.paint));
  const engine = await Engine.create(engineConfig("demo", "memory"), { isolation: "inline" });
  try {
    const left = replay(engine, frames);
    const spreads = await spread(engine, lengthMs(frames));
    const result = resultOf(engine, choice, left, spreads);
    show(screen, result, left, spreads);
    found(result);
  } finally {
    await engine.close();
  }
}

function readFrames(): CaptureFrame[] {
  const { frames, damage } = readCapture(readFileSync(CAPTURE));
  if (frames.length > 0 && damage === null) return frames;
  throw new PortyardError("capture-unreadable", `${CAPTURE} is damaged: ${damage?.reason ?? "it is empty"}.`, { path: CAPTURE });
}

/** @returns copies of the frames that left the switch, by port. */
function replay(engine: Engine, frames: readonly CaptureFrame[]): Map<string, Buffer[]> {
  const left = new Map(CONTAINERS.map(({ name }) => [name, [] as Buffer[]]));
  for (const [name, list] of left) engine.memoryPort(name).onFrame((frame) => void list.push(Buffer.from(frame)));
  for (const { bytes, timeNs } of frames) {
    engine.tick(sinceMs(frames, timeNs));
    engine.memoryPort(senderOf(Buffer.from(bytes))).send(bytes);
  }
  return left;
}

const sinceMs = (frames: readonly CaptureFrame[], timeNs: bigint): number => Number((timeNs - (frames[0]?.timeNs ?? 0n)) / 1_000_000n);

const lengthMs = (frames: readonly CaptureFrame[]): number => sinceMs(frames, frames.at(-1)?.timeNs ?? 0n);

/** @param nowMs what the engine's time is. */
async function spread(engine: Engine, nowMs: number): Promise<Spreads> {
  const requests = new VirtualRequests(engine, nowMs);
  const spreads: Partial<Spreads> = {};
  await engine.addService(serviceConfig(ALGORITHMS[0]));
  for (const algorithm of ALGORITHMS) {
    await engine.setService(serviceConfig(algorithm));
    spreads[algorithm] = spreadOf(requests.make(), engine.services());
  }
  return spreads as Spreads;
}

const senderOf = (frame: Buffer): string => {
  const mac = frame.toString("hex", 6, 12).replace(/..(?!$)/g, "$&:");
  return CONTAINERS.find((station) => macOf(station) === mac)?.name ?? FIRST.name;
};

function resultOf(engine: Engine, { mode, reason }: Choice, left: Map<string, Buffer[]>, spreads: Spreads): DemoResult {
  const requests = (left.get(SECOND.name) ?? []).filter(isEchoRequest);
  const ping = { sent: requests.length, received: repliesIn(left).length, roundTripMs: null };
  const tables = { ports: engine.ports(), macs: engine.macs(), drops: engine.drops() };
  return { mode, reason, io: engine.io, ping, stream: null, ...servicesResult(spreads), ...tables };
}

function repliesIn(left: Map<string, Buffer[]>): { sequence: number; bytes: number; timeToLive: number }[] {
  return (left.get(FIRST.name) ?? []).filter(isIcmp).flatMap((frame) => echoReply(frame.subarray(ETHERNET_BYTES)) ?? []);
}

const isIcmp = (frame: Buffer): boolean => frame.readUInt16BE(12) === TYPE_IPV4 && frame[ETHERNET_BYTES + 9] === PROTOCOL_ICMP;

const isEchoRequest = (frame: Buffer): boolean => isIcmp(frame) && frame[ETHERNET_BYTES + 20] === ECHO_REQUEST;

function show(screen: Screen, result: DemoResult, left: Map<string, Buffer[]>, spreads: Spreads): void {
  screen.heading(`The ping from ${FIRST.name} to ${SECOND.name}`);
  for (const reply of repliesIn(left)) screen.line(echoLine(SECOND.address, reply.sequence, reply));
  screen.line(pingLine(result.ping));
  screen.heading(serviceHeading);
  screen.lines(servicePicture(screen.width, screen.paint));
  for (const algorithm of ALGORITHMS) screen.lines(spreadLines(algorithm, spreads[algorithm], screen.width, screen.paint));
  showTables(screen, result);
}
