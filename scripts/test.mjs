/** `npm test [-- NAME …]`: set-up and build, then each test file in a process of its own: unit tests two at a time (those
 *  whose head says "Processors: two" alone, after the others), native ones (real kernel) one after the other, with the host
 *  compared before and after them. NAME selects files whose path contains it. The last line is "N passed, N failed[, N
 *  skipped]"; the exit status is 0 only when nothing failed.
 *
 *  A test that cannot run prints "# skip: NAME: CAUSE: reason" (test/support/skip.ts) and is counted and named as skipped;
 *  in CI a skip for want of a package or a right is a failure. A file that crashes, hangs, leaves a process behind or runs
 *  no test is a failure too. Compiled tests whose source is gone do not run. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { delimiter, dirname, join, sep } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { ensurePrograms } from "./packages.mjs";
import { ensureDependencies } from "./support/dependencies.mjs";
import { differences, hostState } from "./support/host-state.mjs";
import { fail, root, say } from "./support/root.mjs";
import { killGroup, running, runTestFile } from "./support/test-file.mjs";

const USAGE = `npm test [-- OPTIONS] [NAME …]     runs the test files whose path contains a NAME, or all
  --full               the long counts and durations (npm run test:full)
  --only unit|native   one of the two kinds
  --node PATH          the Node.js to run them with
  --verbose            show what every file prints, not only those that failed
  --list               name the files and end
  --no-install         install no system packages`;
const UNIT_FILES_AT_ONCE = 2;
/** Devices of an ended process take this long to go at most. */
const SETTLE_MILLISECONDS = 3000;
/** Causes of a skip that CI accepts. */
const ACCEPTED_IN_CI = /: (machine|scale): /;

const { values: options, positionals: names } = parseOptions();
if (options.help) {
  console.log(USAGE);
  process.exit(0);
}
setUp();
const { scale } = await import(pathToFileURL(join(root, "dist/test/scale.js")).href);
const total = { passed: 0, failed: 0, skips: [], failures: [] };
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, interrupt);
const unitFiles = options.only === "native" ? [] : filesOf("test");
const nativeFiles = options.only === "unit" ? [] : filesOf("native-test");
if (options.list) {
  for (const file of [...unitFiles, ...nativeFiles]) console.log(file);
  process.exit(0);
}
if (unitFiles.length + nativeFiles.length === 0) fail(`no test file's path contains ${names.join(" or ")}`, 2);
await runUnitFiles();
await runNativeFiles();
conclude();

function parseOptions() {
  const flag = { type: "boolean", default: false };
  const known = {
    full: flag,
    only: { type: "string" },
    node: { type: "string" },
    verbose: flag,
    list: flag,
    "no-install": flag,
    help: flag,
  };
  try {
    const parsed = parseArgs({ options: known, allowPositionals: true });
    if (![undefined, "unit", "native"].includes(parsed.values.only)) throw new Error(`--only takes unit or native`);
    return parsed;
  } catch (error) {
    return fail(`${error.message}\n${USAGE}`, 2);
  }
}

function setUp() {
  ensureDependencies();
  ensurePrograms("test", !options["no-install"]);
  process.env.PORTYARD_SCALE = options.full ? "full" : (process.env.PORTYARD_SCALE ?? "quick");
  const { status } = spawnSync(process.execPath, [join(root, "scripts/build.mjs")], { cwd: root, stdio: ["ignore", 2, 2] });
  if (status !== 0) {
    console.log("0 passed, 1 failed");
    process.exit(1);
  }
}

/** Sources of the tests below `folder` that are asked for, in alphabetical order. */
function filesOf(folder) {
  if (!existsSync(join(root, folder))) return [];
  const all = readdirSync(join(root, folder), { recursive: true }).map((path) => `${folder}/${path.split(sep).join("/")}`);
  const tests = all.filter((path) => path.endsWith(".test.ts")).sort();
  return names.length === 0 ? tests : tests.filter((path) => names.some((name) => path.includes(name)));
}

async function runUnitFiles() {
  const waiting = unitFiles.filter((file) => !runsAlone(file));
  const runNext = async () => {
    for (let file = waiting.shift(); file; file = waiting.shift()) await runFile(file, scale.unitFileSeconds);
  };
  await Promise.all(Array.from({ length: UNIT_FILES_AT_ONCE }, runNext));
  for (const file of unitFiles.filter(runsAlone)) await runFile(file, scale.unitFileSeconds);
}

/** A file whose threads must run at the same moment says so at its head. */
function runsAlone(file) {
  const [head = ""] = readFileSync(join(root, file), "utf8").split("*/");
  return /Processors: two\b/.test(head);
}

async function runNativeFiles() {
  if (nativeFiles.length === 0) return;
  const { removeRemains } = await import(pathToFileURL(join(root, "dist/native-test/support/remains.js")).href);
  for (const name of removeRemains()) say(`left by a test that was killed, now removed: ${name}`);
  const before = hostState();
  for (const file of nativeFiles) await runFile(file, scale.nativeFileSeconds);
  const found = await settledDifferences(before);
  report("the host is as it was before the native tests", {
    passed: found.length === 0 ? 1 : 0,
    failed: found.length === 0 ? 0 : 1,
    skips: [],
    problem: found.length === 0 ? null : found.join("; "),
    output: "",
    seconds: 0,
  });
}

async function settledDifferences(before) {
  const deadline = performance.now() + SETTLE_MILLISECONDS;
  let found = differences(before, hostState());
  while (found.length > 0 && performance.now() < deadline) {
    await delay(100);
    found = differences(before, hostState());
  }
  return found;
}

async function runFile(file, limitSeconds) {
  const compiled = join(root, "dist", file.replace(/\.ts$/, ".js"));
  const node = options.node ?? process.execPath;
  report(file, await runTestFile(node, compiled, limitSeconds, { PATH: `${dirname(node)}${delimiter}${process.env.PATH}` }));
}

/** Prints the line of a file and adds its counts to the total. */
function report(name, outcome) {
  const refused = process.env.CI === "true" ? outcome.skips.filter((line) => !ACCEPTED_IN_CI.test(line)) : [];
  const skips = outcome.skips.filter((line) => !refused.includes(line));
  const failed = outcome.failed + refused.length;
  if (options.verbose || failed > 0) console.log(outcome.output.trimEnd());
  const counts = `${outcome.passed} passed${failed ? `, ${failed} failed` : ""}${skips.length ? `, ${skips.length} skipped` : ""}`;
  console.log(`${failed ? "FAIL" : "ok  "} ${name}  ${counts}  ${outcome.seconds.toFixed(1)} s`);
  if (outcome.problem) console.log(`     ${outcome.problem}`);
  for (const line of refused) console.log(`     skipped, which CI does not accept: ${line}`);
  total.passed += outcome.passed;
  total.failed += failed;
  total.skips.push(...skips.map((line) => `${name}: ${line}`));
  if (failed) total.failures.push(name);
}

function conclude() {
  for (const line of total.skips) console.log(`skipped: ${line}`);
  for (const name of total.failures) console.log(`failed: ${name}`);
  console.log(`${total.passed} passed, ${total.failed} failed${total.skips.length ? `, ${total.skips.length} skipped` : ""}`);
  process.exitCode = total.failed === 0 ? 0 : 1;
}

function interrupt(signal) {
  for (const child of running) killGroup(child);
  say(`ended by ${signal}`);
  process.exit(1);
}
