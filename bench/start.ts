/** How long until a program that embeds the library can send a frame? Milliseconds in a process of its own for each measurement: the import of
 *  "portyard", an engine with two ports in memory and its first frame, and memory; beside Node.js alone, and the packages that the import loads. */
import { spawnSync } from "node:child_process";
import { withCleanup } from "./support/cleanup.ts";
import { median } from "./support/median.ts";
import { readOptions } from "./support/options.ts";
import { machineLine, writeResults } from "./support/results.ts";
import { projectRoot } from "./support/root.ts";
import { formatNumber, formatTable } from "./support/table.ts";

const ABOUT = "bench/start: milliseconds until a program has the library, an engine and its first frame.";

/** What a program does; the steps' names and how long each took are what it prints. */
const PROGRAMS: Record<string, string> = {
  "Node.js alone": "",
  library: `
    const { Engine, parseConfig } = await step("import portyard", () => import("portyard"));
    const ports = ["a", "b"].map((name) => ({ name, network: "blue", memory: {} }));
    const engine = await step("engine of two ports", () => {
      return Engine.create(parseConfig({ networks: [{ name: "blue" }], ports }), { isolation: "inline" });
    });
    let heard = 0;
    engine.memoryPort("b").onFrame(() => void heard++);
    await step("first frame", () => engine.memoryPort("a").send(Uint8Array.of(255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 136, 181)));
    if (heard !== 1) throw new Error("the frame did not arrive");
    await engine.close();`,
  "its packages": `
    for (const name of ["zod", "yaml", "ipaddr.js", "@assemblyscript/loader"]) await step("import " + name, () => import(name));`,
};

const PROLOGUE = `
  const steps = {};
  const step = async (name, action) => {
    const begin = performance.now();
    const result = await action();
    steps[name] = performance.now() - begin;
    return result;
  };`;
const EPILOGUE = `
  console.log(JSON.stringify({ ...steps, "resident megabytes": process.memoryUsage.rss() / 2 ** 20 }));`;

/** Measurements of one program, each run's beside the others'. */
interface Row {
  program: string;
  step: string;
  values: number[];
}

await withCleanup(async () => {
  const options = readOptions(ABOUT, { runs: 11 }, Object.keys(PROGRAMS));
  const rows: Row[] = [];
  for (let run = 0; run < options.runs; run++) for (const program of options.only) note(rows, program, runOnce(PROGRAMS[program] ?? ""));
  const results = rows.map((row) => ({ ...row, median: median(row.values) }));
  const file = writeResults("start", options.save, { options, results });
  if (options.json) return console.log(JSON.stringify({ results }));
  console.log(`${machineLine()}\n`);
  const cells = results.map(({ program, step, values, median: middle }) => [
    `${program}: ${step}`,
    formatNumber(middle),
    formatNumber(Math.min(...values)),
    formatNumber(Math.max(...values)),
  ]);
  console.log(formatTable(["step (milliseconds, or what it says)", "median", "least", "most"], cells));
  console.log(`\n${file}`);
});

function note(rows: Row[], program: string, measured: Record<string, number>): void {
  for (const [step, value] of Object.entries(measured)) {
    const row = rows.find((one) => one.program === program && one.step === step);
    if (row === undefined) rows.push({ program, step, values: [value] });
    else row.values.push(value);
  }
}

/** The process as a whole is measured from outside. */
function runOnce(body: string): Record<string, number> {
  const begin = performance.now();
  const args = ["--input-type=module", "--eval", `${PROLOGUE}${body}${EPILOGUE}`];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: projectRoot, encoding: "utf8" });
  const processMs = performance.now() - begin;
  if (status !== 0) throw new Error(stderr);
  return { ...JSON.parse(stdout), "whole process": processMs };
}
