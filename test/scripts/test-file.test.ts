/** The test runner counts what a file says and takes nothing for passed that was not: fixtures of a few lines each are
 *  run as the real files are. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { root } from "../../scripts/check/source-file.ts";
import { scale } from "../scale.ts";

const { runTestFile } = await import(pathToFileURL(join(root, "scripts/support/test-file.mjs")).href);
const { differences } = await import(pathToFileURL(join(root, "scripts/support/host-state.mjs")).href);
const uvu = pathToFileURL(join(root, "node_modules/uvu/dist/index.mjs")).href;
const folder = mkdtempSync(join(tmpdir(), "portyard-test-"));
const LONG_SECONDS = scale.unitFileSeconds;

test.after(() => rmSync(folder, { recursive: true }));

/** Runs a file made of `lines`, with uvu's `test` at hand. */
async function outcomeOf(lines: string, limitSeconds = LONG_SECONDS) {
  const file = join(folder, "fixture.mjs");
  writeFileSync(file, `import { test } from ${JSON.stringify(uvu)};\n${lines}\n`);
  const { passed, failed, skips, problem } = await runTestFile(process.execPath, file, limitSeconds, {});
  return { passed, failed, skips, problem };
}

test("tests that pass are counted", async () => {
  const outcome = await outcomeOf(`test("a", () => {}); test("b", () => {}); test.run();`);
  assert.equal(outcome, { passed: 2, failed: 0, skips: [], problem: null });
});

test("a test that throws is one failure among the passed", async () => {
  const outcome = await outcomeOf(`test("a", () => {}); test("b", () => { throw new Error("no"); }); test.run();`);
  assert.equal(outcome, { passed: 1, failed: 1, skips: [], problem: null });
});

test("a skip that a test prints is taken from the passed ones", async () => {
  const outcome = await outcomeOf(`test("a", () => {}); test("b", () => console.log("# skip: b: machine: no such thing")); test.run();`);
  assert.equal(outcome, { passed: 1, failed: 0, skips: ["b: machine: no such thing"], problem: null });
});

test("a file that only says why it cannot run is a skip", async () => {
  const outcome = await outcomeOf(`console.log("# skip: all: machine: no such thing");`);
  assert.equal(outcome, { passed: 0, failed: 0, skips: ["all: machine: no such thing"], problem: null });
});

test("a skip without a reason is named", async () => {
  const outcome = await outcomeOf(`test("a", () => {}); test.skip("b", () => {}); test.run();`);
  assert.equal(outcome, { passed: 1, failed: 0, skips: ["a test gave no reason"], problem: null });
});

test("a file that runs no test is a failure", async () => {
  assert.is((await outcomeOf("test.run();")).failed, 1);
  assert.is((await outcomeOf(`test("never started", () => {});`)).failed, 1);
});

test("a file that crashes, before its tests or after them, is a failure", async () => {
  assert.is((await outcomeOf(`test("a", () => {}); test.run(); throw new Error("no");`)).failed, 1);
  assert.equal(await outcomeOf(`test("a", () => {}); test.run(); process.on("exit", () => { process.exitCode = 3; });`), {
    passed: 1,
    failed: 1,
    skips: [],
    problem: "all its tests passed, yet it ended with status 3",
  });
});

test("a file whose tests wait for ever ends early and is a failure", async () => {
  assert.is((await outcomeOf(`test("a", () => new Promise(() => {})); test.run();`)).failed, 1);
});

test("a hook that throws does not hide the tests behind it", async () => {
  const outcome = await outcomeOf(`test.before(() => { throw new Error("no"); }); test("a", () => {}); test.run();`);
  assert.is(outcome.passed, 0);
  assert.is(outcome.failed, 1);
});

test("a file that does not end is killed, and so is what it started", async () => {
  const sleeper = `import { spawn } from "node:child_process"; spawn("sleep", ["1000"]);`;
  const late = await outcomeOf(`${sleeper} test("a", () => {}); test.run();`, scale.hungFileSeconds);
  assert.is(late.problem, `did not end within ${scale.hungFileSeconds} s and was killed`);
  assert.is(late.failed, 1);
});

test("a file that leaves a process behind is a failure", async () => {
  const sleeper = `import { spawn } from "node:child_process"; spawn("sleep", ["1000"], { stdio: "ignore" }).unref();`;
  assert.is((await outcomeOf(`${sleeper} test("a", () => {}); test.run();`)).problem, "left a process of its own running");
});

test("a file whose process ended later than itself, or was never waited for, is none", async () => {
  const brief = `import { spawn } from "node:child_process"; spawn("sleep", ["0.2"], { stdio: "ignore" }).unref();`;
  assert.is((await outcomeOf(`${brief} test("a", () => {}); test.run();`)).problem, null);
  // the shell becomes a sleep in a group of its own, which never asks after the child that has ended in the file's group
  const careless = `import { spawn } from "node:child_process";
    spawn("sh", ["-c", "true & exec setsid sleep 3"], { stdio: "ignore" }).unref();`;
  assert.is((await outcomeOf(`${careless} test("a", () => {}); test.run();`)).problem, null);
});

test("what came to the host and what went is named", () => {
  assert.equal(differences({ route: ["a", "b"], setting: ["x = 1"] }, { route: ["b"], setting: ["x = 0"] }), [
    "route lost: a",
    "setting left behind: x = 0",
    "setting lost: x = 1",
  ]);
  assert.equal(differences({ route: ["a"] }, { route: ["a"] }), []);
});

test.run();
