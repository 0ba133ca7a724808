/** The demo without a kernel: what two containers said to each other (examples/two-containers.pcap) goes through the same
 *  switch, over ports in memory. A frame enters by the port of the container that sent it, at the time at which it was sent;
 *  a ping counts as answered when its reply has left by the port of the container that asked.
 *
 *    capture ── by source MAC ── memory ports container1, container2 ── Engine in this very thread                          */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type CaptureFrame, readCapture } from "../../bindings/capture/index.ts";
import { Engine } from "../../bindings/engine.ts";
import { PortyardError } from "../../bindings/error.ts";
import type { Choice } from "./mode.ts";
import { engineConfig, macOf } from "./network.ts";
import { CONTAINERS } from "./plan.ts";
import { echoLine, pingLine, replayIntroduction, showTables } from "./report.ts";
import type { DemoResult } from "./result.ts";
import type { Screen } from "./screen.ts";
import { echoReply } from "./traffic/ping.ts";

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
    const result = resultOf(engine, choice, left);
    show(screen, result, left);
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
  const beginning = frames[0]?.timeNs ?? 0n;
  for (const { bytes, timeNs } of frames) {
    engine.tick(Number((timeNs - beginning) / 1_000_000n));
    engine.memoryPort(senderOf(Buffer.from(bytes))).send(bytes);
  }
  return left;
}

const senderOf = (frame: Buffer): string => {
  const mac = frame.toString("hex", 6, 12).replace(/..(?!$)/g, "$&:");
  return CONTAINERS.find((station) => macOf(station) === mac)?.name ?? FIRST.name;
};

function resultOf(engine: Engine, { mode, reason }: Choice, left: Map<string, Buffer[]>): DemoResult {
  const requests = (left.get(SECOND.name) ?? []).filter(isEchoRequest);
  const ping = { sent: requests.length, received: repliesIn(left).length, roundTripMs: null };
  return { mode, reason, io: engine.io, ping, stream: null, ports: engine.ports(), macs: engine.macs(), drops: engine.drops() };
}

function repliesIn(left: Map<string, Buffer[]>): { sequence: number; bytes: number; timeToLive: number }[] {
  return (left.get(FIRST.name) ?? []).filter(isIcmp).flatMap((frame) => echoReply(frame.subarray(ETHERNET_BYTES)) ?? []);
}

const isIcmp = (frame: Buffer): boolean => frame.readUInt16BE(12) === TYPE_IPV4 && frame[ETHERNET_BYTES + 9] === PROTOCOL_ICMP;

const isEchoRequest = (frame: Buffer): boolean => isIcmp(frame) && frame[ETHERNET_BYTES + 20] === ECHO_REQUEST;

function show(screen: Screen, result: DemoResult, left: Map<string, Buffer[]>): void {
  screen.heading(`The ping from ${FIRST.name} to ${SECOND.name}`);
  for (const reply of repliesIn(left)) screen.line(echoLine(SECOND.address, reply.sequence, reply));
  screen.line(pingLine(result.ping));
  showTables(screen, result);
}
