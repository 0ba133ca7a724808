/** What `portyard replay` says at its end. */
import type { Difference, Verdict } from "../../bindings/replay/compare.ts";
import { dropComment } from "../../bindings/replay/drop-comment.ts";
import type { ReplaySummary } from "../../bindings/replay/types.ts";
import { print, printTable, remark } from "../format/lines.ts";
import { bytes, count } from "../format/text.ts";

/** Where a capture stops making sense. */
export interface FileDamage {
  file: string;
  /** Bytes from the beginning of the unpacked file. */
  offset: number;
  reason: string;
}

/** What `--json` prints. Fields are only ever added. */
export interface Outcome extends Omit<ReplaySummary, "damages"> {
  damages: FileDamage[];
  seconds: number;
  framesPerSecond: number;
  /** Paths of the files that were written. */
  out: string[];
}

/** For people: totals, ports, drops, and what else there is to know. */
export function printOutcome(outcome: Outcome): void {
  const { frames, bytes: size, seconds, framesPerSecond, ports, drops, services, answered, out } = outcome;
  print(
    `${count(frames)} frames, ${bytes(size)}, in ${seconds.toFixed(seconds < 10 ? 2 : 0)} s: ${count(framesPerSecond)} frames a second`,
  );
  print();
  const columns = [
    { title: "PORT", cell: ([name]: [string, { received: number; sent: number }]) => name },
    { title: "RECEIVED", cell: ([, { received }]: [string, { received: number; sent: number }]) => count(received), right: true },
    { title: "SENT", cell: ([, { sent }]: [string, { received: number; sent: number }]) => count(sent), right: true },
  ];
  printTable(Object.entries(ports), columns, "There is no port.");
  if (Object.keys(drops).length > 0) {
    print();
    const rows = Object.entries(drops).sort(([, a], [, b]) => b - a);
    printTable(
      rows,
      [
        { title: "DROPPED", cell: ([reason]) => reason },
        { title: "FRAMES", cell: ([, times]) => count(times), right: true },
      ],
      "",
    );
  }
  printServices(services);
  if (answered > 0) print(`\n${count(answered)} answered by the switch itself.`);
  for (const line of remarks(outcome)) remark(line);
  if (out.length > 0) remark(`written: ${out.join(", ")}`);
}

/** Flows that began, by service and backend. @param before of another configuration, which is told beside them. */
export function printServices(services: ReplaySummary["services"], before: ReplaySummary["services"] | null = null): void {
  const names = (found: ReplaySummary["services"]) =>
    Object.entries(found).flatMap(([service, backends]) => Object.keys(backends).map((backend) => `${service} ${backend}`));
  const rows = [...new Set([...names(before ?? {}), ...names(services)])].map((row) => row.split(" ") as [string, string]);
  if (rows.length === 0) return;
  const flows = (found: ReplaySummary["services"], [service, backend]: [string, string]) => {
    const begun = found[service]?.[backend];
    return begun === undefined ? "-" : count(begun);
  };
  print();
  printTable<[string, string]>(
    rows,
    [
      { title: "SERVICE", cell: ([service]) => service },
      { title: "BACKEND", cell: ([, backend]) => backend },
      ...(before === null ? [] : [{ title: "FLOWS", cell: (row: [string, string]) => flows(before, row), right: true }]),
      { title: before === null ? "FLOWS" : "NOW", cell: (row) => flows(services, row), right: true },
    ],
    "",
  );
}

function remarks({ snapped, superFrames, strangers, adopted }: Outcome): string[] {
  return [
    ...(snapped > 0 ? [`${count(snapped)} were cut when they were captured: they went by the headers that are there`] : []),
    ...(superFrames > 0
      ? [`${count(superFrames)} were super-frames, captured before they were cut: they went as segments that fill the MTU`]
      : []),
    ...(strangers > 0 ? [`${count(strangers)} came from a MAC that is behind no port, and entered nowhere`] : []),
    ...Object.entries(adopted).map(([port, mac]) => `port ${port} took ${mac}, the source of its first frame, as its MAC`),
  ];
}

/** One line about a file. */
export function damageLine({ file, offset, reason }: FileDamage): string {
  return `${file} is damaged at byte ${count(offset)}: ${reason}. What was before it was replayed.`;
}

/** "frame 17 into web at 12.003001 s: leaves by db, now too-big at db". Frames are counted from 1, as tshark does. */
export function differenceLine({ number, port, timeNs, before, after, isBytesAlone }: Difference): string {
  const isSame = isBytesAlone && String(servedWords(before.served)) === String(servedWords(after.served));
  const what = isSame ? `${verdictWords(before)}, now with other bytes` : `${verdictWords(before)}; now ${verdictWords(after)}`;
  return `frame ${number + 1} into ${port} at ${(Number(timeNs / 1000n) / 1e6).toFixed(6)} s: ${what}`;
}

function verdictWords({ outputs, drops, served }: Verdict): string {
  const left = outputs.length === 0 ? [] : [`leaves by ${outputs.join(", ")}`];
  const dropped = drops.length === 0 ? [] : [dropComment(drops).replaceAll("\n", ", ")];
  return [...servedWords(served), ...left, ...dropped].join(", ") || "nothing";
}

function servedWords(served: Verdict["served"]): string[] {
  if (served === null) return [];
  return [served.backend === null ? `to no backend of ${served.service}` : `to ${served.backend} of ${served.service}`];
}
