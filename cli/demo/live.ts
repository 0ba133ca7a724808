/** The table of ports, drawn again every second until someone ends the demo; a ping a second keeps it moving. */
import { setInterval as every } from "node:timers/promises";
import type { PortInfo } from "../../bindings/engine/types.ts";
import { echoLine, portLines } from "./report.ts";
import type { Screen } from "./screen.ts";
import { bitRate, bytes, type Column, count } from "../format/text.ts";
import type { Echo } from "./traffic/ping.ts";

const PERIOD_MS = 1000;

/** @param ports read every second. @param keepPinging runs until the demo ends. @param signal ends it, by rejecting. */
export async function live(
  screen: Screen,
  ports: () => PortInfo[],
  address: string,
  keepPinging: (report: (sequence: number, echo: Echo | null) => void) => Promise<void>,
  signal: AbortSignal,
): Promise<never> {
  let echo = "";
  const pinging = keepPinging((sequence, answer) => {
    echo = echoLine(address, sequence, answer);
  });
  const drawing = draw(screen, ports, () => echo, signal);
  return Promise.race([pinging.then(() => drawing), drawing]);
}

async function draw(screen: Screen, ports: () => PortInfo[], echo: () => string, signal: AbortSignal): Promise<never> {
  let before = ports();
  let drawn = 0;
  for await (const _ of every(PERIOD_MS, undefined, { signal })) {
    const now = ports();
    if (screen.isTerminal) drawn = screen.redraw(drawn, [...portLines(now, screen.width, screen.paint, rates(before)), echo()]);
    else screen.line(plainLine(now));
    before = now;
  }
  throw signal.reason;
}

function rates(before: readonly PortInfo[]): Column<PortInfo>[] {
  const last = new Map(before.map((port) => [port.name, port]));
  const rate = (now: PortInfo, key: "receivedBytes" | "sentBytes") =>
    bitRate(Math.max(0, now[key] - (last.get(now.name)?.[key] ?? 0)) * (8000 / PERIOD_MS));
  return [
    { title: "IN", cell: (port) => rate(port, "receivedBytes"), right: true, rank: 1 },
    { title: "OUT", cell: (port) => rate(port, "sentBytes"), right: true, rank: 1 },
  ];
}

function plainLine(ports: readonly PortInfo[]): string {
  const each = ports.map(
    (port) =>
      `${port.name} ${port.state} received ${count(port.receivedFrames)} (${bytes(port.receivedBytes)}) sent ${count(port.sentFrames)} (${bytes(port.sentBytes)}) dropped ${count(port.droppedFrames)}`,
  );
  return [new Date().toISOString().slice(11, 19), ...each].join("  ");
}
