/** What the demo shows of its findings. */
import type { DropInfo, MacInfo, PortInfo } from "../../bindings/engine/types.ts";
import type { Choice } from "./mode.ts";
import { CONTAINERS, INTERFACE, NETWORK } from "./plan.ts";
import type { DemoResult, PingResult, StreamResult, Streams } from "./result.ts";
import type { Screen } from "./screen.ts";
import { bar, bitRate, bytes, type Column, count, type Paint, table } from "../format/text.ts";
import type { Echo } from "./traffic/ping.ts";
import type { World } from "./world.ts";

const BAR_WIDTH = 32;

/** What was made, and where. */
export function introduction({ engine, kind }: World, { mode }: Choice, paint: Paint): string[] {
  const devices = kind === "tap" ? "TAPs" : "veth pairs with packet sockets";
  const where = mode === "root" ? "" : ", in a user namespace";
  return [
    paint("bold", "Two containers' network namespaces, and a switch in WebAssembly between them"),
    "",
    picture(paint),
    paint("dim", `  ${devices} by ${engine.io}, forwarder process ${engine.forwarderPid()}${where}`),
  ];
}

/** What is replayed, why, and how to see more. */
export function replayIntroduction({ reason, remedy }: Choice, frames: number, paint: Paint): string[] {
  return [
    paint("bold", "What two containers said to each other, replayed through a switch in WebAssembly"),
    "",
    picture(paint),
    paint("dim", `  ${frames} frames of a capture through the engine in memory; no interface is made`),
    "",
    ...(reason === null ? [] : [`  ${paint("yellow", reason)}`]),
    ...(remedy === null ? [] : [`  For two real containers: ${remedy}`]),
  ];
}

function picture(paint: Paint): string {
  const [first, second] = CONTAINERS;
  return `  ${first.name} ${INTERFACE} ${first.address} ${paint("cyan", `── ${NETWORK} ──`)} ${second.address} ${INTERFACE} ${second.name}`;
}

/** @param echo without a time when it was replayed. */
export function echoLine(address: string, sequence: number, echo: (Omit<Echo, "milliseconds"> & { milliseconds?: number }) | null): string {
  if (echo === null) return `  no answer from ${address}: seq=${sequence}`;
  const time = echo.milliseconds === undefined ? "" : ` time=${echo.milliseconds.toFixed(3)} ms`;
  return `  ${echo.bytes} bytes from ${address}: seq=${sequence} ttl=${echo.timeToLive}${time}`;
}

/** The sum of a ping, times in milliseconds. */
export function pingLine({ sent, received, roundTripMs }: PingResult): string {
  const list = roundTripMs === null ? [] : Object.values(roundTripMs).map((ms) => ms.toFixed(3));
  const times = list.length === 0 ? "" : `; round trip min/median/max ${list.join("/")} ms`;
  return `  ${sent} sent, ${received} received${times}`;
}

/** Both streams as bars of one scale, and their ratio. */
export function streamLines(stream: Streams, paint: Paint): string[] {
  const best = Math.max(stream.switch.gigabitsPerSecond, stream.bridge?.gigabitsPerSecond ?? 0);
  const line = (name: string, { bytes: total, gigabitsPerSecond }: StreamResult) =>
    `  ${name.padEnd(14)} ${bitRate(gigabitsPerSecond * 1e9).padStart(9)}  ${paint("cyan", bar(gigabitsPerSecond / best, BAR_WIDTH))}  ${bytes(total)}`;
  return [
    line("Portyard", stream.switch),
    ...(stream.bridge === null ? ["  Linux bridge   not in this kernel"] : [line("Linux bridge", stream.bridge)]),
    ...(stream.ratio === null ? [] : [paint("bold", `  ${"ratio".padEnd(14)} ${stream.ratio.toFixed(2).padStart(9)}`)]),
  ];
}

const portColumns: Column<PortInfo>[] = [
  { title: "PORT", cell: (port) => port.name },
  { title: "STATE", cell: (port) => port.state, colour: (port) => (port.state === "up" ? "green" : "yellow") },
  { title: "RECEIVED", cell: (port) => count(port.receivedFrames), right: true },
  { title: "", cell: (port) => bytes(port.receivedBytes), right: true, rank: 2 },
  { title: "SENT", cell: (port) => count(port.sentFrames), right: true },
  { title: "", cell: (port) => bytes(port.sentBytes), right: true, rank: 2 },
  { title: "DROPPED", cell: (port) => count(port.droppedFrames), right: true },
  { title: "KIND", cell: (port) => `${port.kind}/${port.io}`, rank: 3 },
  { title: "MAC", cell: (port) => port.mac ?? "", rank: 4 },
  { title: "ADDRESS", cell: (port) => port.addresses.join(" "), rank: 5 },
  { title: "MTU", cell: (port) => count(port.mtu), right: true, rank: 6 },
];

const macColumns: Column<MacInfo>[] = [
  { title: "MAC", cell: (mac) => mac.mac },
  { title: "PORT", cell: (mac) => mac.port },
  { title: "NETWORK", cell: (mac) => mac.network },
  { title: "KIND", cell: (mac) => mac.kind },
  { title: "AGE", cell: (mac) => (mac.kind === "static" ? "-" : `${mac.ageSeconds} s`), right: true },
];

const dropColumns: Column<DropInfo>[] = [
  { title: "REASON", cell: (drop) => drop.reason },
  { title: "PORT", cell: (drop) => drop.port },
  { title: "FRAMES", cell: (drop) => count(drop.count), right: true },
];

/** The ports as a table of at most `width` characters. @param more columns behind the counters. */
export function portLines(ports: readonly PortInfo[], width: number, paint: Paint, more: readonly Column<PortInfo>[] = []): string[] {
  return table(ports, portColumns.toSpliced(7, 0, ...more), width, paint);
}

/** The MAC table, the ports and the drops. */
export function showTables(screen: Screen, result: Pick<DemoResult, "ports" | "macs" | "drops">): void {
  screen.heading("MAC addresses");
  screen.lines(table(result.macs, macColumns, screen.width, screen.paint));
  screen.heading("Ports (frames, bytes)");
  screen.lines(portLines(result.ports, screen.width, screen.paint));
  screen.heading(result.drops.length === 0 ? "No frame was dropped" : "Dropped");
  if (result.drops.length > 0) screen.lines(table(result.drops, dropColumns, screen.width, screen.paint));
}
