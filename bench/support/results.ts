/** A run's result as a file for programs: what was asked, on which machine, and every single measurement, so that another
 *  median or another ratio can be taken from it later. Goes to dist/bench/results/, with --save to bench/results/. */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { dirname, join, relative } from "node:path";
import { projectRoot } from "./root.ts";

export interface Machine {
  processor: string;
  processors: number;
  memoryGb: number;
  kernel: string;
  node: string;
  architecture: string;
}

export function machine(): Machine {
  const list = cpus();
  return {
    processor: list[0]?.model ?? "unknown",
    processors: list.length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.versions.node,
    architecture: process.arch,
  };
}

/** One line for people, the same facts. */
export function machineLine(): string {
  const { processor, processors, kernel, node } = machine();
  return `${processors} x ${processor}, kernel ${kernel}, Node ${node}, ${new Date().toISOString().slice(0, 10)}`;
}

/** Writes NAME.json and returns its path, relative to the project. */
export function writeResults(name: string, save: boolean, results: Record<string, unknown>): string {
  const path = join(projectRoot, save ? "bench/results" : "dist/bench/results", `${name}.json`);
  const command = ["node", relative(projectRoot, process.argv[1] ?? ""), ...process.argv.slice(2)].join(" ");
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(
    path,
    `${JSON.stringify({ benchmark: name, date: new Date().toISOString(), command, machine: machine(), ...results }, null, 2)}\n`,
  );
  return relative(projectRoot, path);
}
