/** One test file, run in a process of its own: its counts, its skips and whatever makes it a failure. */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { root } from "./root.mjs";

/** How long the output of a file may stay open after its process has ended. */
const PIPE_MILLISECONDS = 2000;
/** How long what a file started may take to end after it, and how often that is looked at. */
const GROUP_MILLISECONDS = 1000;
const GROUP_LOOK_MILLISECONDS = 20;
/** Output kept of a file: what it says last matters most. */
const MAX_OUTPUT_CHARACTERS = 2_000_000;

/** What became of a file. `skips` are lines "NAME: CAUSE: reason"; `problem` is a sentence when more than tests failed.
 *  @typedef {{ passed: number, failed: number, skips: string[], problem: string | null, output: string, seconds: number }} Outcome */

/** Runs a compiled test file with `node` and waits for its end, at most `limitSeconds`; then it is killed with what it started.
 *  @returns {Promise<Outcome>} */
export async function runTestFile(node, file, limitSeconds, environment) {
  const started = performance.now();
  const child = spawn(node, ["--enable-source-maps", file], {
    cwd: root,
    env: { ...process.env, FORCE_COLOR: "0", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    detached: process.platform !== "win32",
  });
  const ended = await endOf(child, limitSeconds);
  return { ...judge(ended), output: ended.output, seconds: (performance.now() - started) / 1000 };
}

/** Children of the runner that live, so that an interrupted run ends them. */
export const running = new Set();

function endOf(child, limitSeconds) {
  let output = "";
  const keep = (chunk) => {
    output = (output + chunk).slice(-MAX_OUTPUT_CHARACTERS);
  };
  child.stdout.setEncoding("utf8").on("data", keep);
  child.stderr.setEncoding("utf8").on("data", keep);
  running.add(child);
  return new Promise((resolve) => {
    let isLate = false;
    const limit = setTimeout(() => {
      isLate = true;
      killGroup(child);
    }, limitSeconds * 1000);
    let hasEnded = false;
    const end = async (code, signal) => {
      if (hasEnded) return;
      hasEnded = true;
      clearTimeout(limit);
      const hasLeftovers = !isLate && (await outlives(child));
      if (hasLeftovers) killGroup(child);
      running.delete(child);
      resolve({ output, code, signal, isLate, limitSeconds, hasLeftovers });
    };
    child.once("error", (error) => end(error.message, null));
    // "close" waits for whoever else holds the pipes: not for ever
    child.once("exit", (code, signal) => setTimeout(end, PIPE_MILLISECONDS, code, signal).unref());
    child.once("close", end);
  });
}

/** Kills a child and its process group; false when none of it lives any more. */
export function killGroup(child) {
  try {
    if (process.platform === "win32") return child.kill("SIGKILL");
    return process.kill(-child.pid, "SIGKILL");
  } catch {
    return false;
  }
}

/** Whether something of a child's process group still lives a moment after the child. */
async function outlives(child) {
  for (let waited = 0; groupLives(child.pid); waited += GROUP_LOOK_MILLISECONDS) {
    if (waited >= GROUP_MILLISECONDS) return true;
    await new Promise((resolve) => setTimeout(resolve, GROUP_LOOK_MILLISECONDS));
  }
  return false;
}

/** A process that has ended and waits for its parent, or for an init that never asks, does not live: only /proc tells it apart. */
function groupLives(group) {
  if (process.platform !== "linux") {
    try {
      return process.platform !== "win32" && process.kill(-group, 0);
    } catch {
      return false;
    }
  }
  return readdirSync("/proc").some((name) => /^\d+$/.test(name) && isLivingMember(name, group));
}

/** Of proc_pid_stat(5): the state and the process group stand behind the name in brackets, which may hold anything. */
function isLivingMember(pid, group) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const [state, , memberOf] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(memberOf) === group && state !== "Z" && state !== "X";
  } catch {
    return false; // it has gone meanwhile
  }
}

/** From what a file printed and how it ended to its counts. uvu prints `Total`, `Passed` and `Skipped` once, at its end. */
function judge(ended) {
  const { output, code } = ended;
  const total = count(output, "Total");
  const passed = count(output, "Passed") ?? 0;
  const skips = skipLines(output, count(output, "Skipped") ?? 0);
  const unrun = total === null && skips.length > 0 && code === 0;
  const problem = problemOf({ ...ended, total, passed, skips, unrun });
  // a skipped test returned early and was counted as passed, unless it was registered with test.skip
  const early = Math.max(0, skips.length - (count(output, "Skipped") ?? 0));
  const failed = (total ?? passed) - passed;
  return { passed: Math.max(0, passed - early), failed: problem && failed === 0 ? 1 : failed, skips, problem };
}

function problemOf({ total, passed, skips, code, signal, isLate, limitSeconds, hasLeftovers, unrun }) {
  if (isLate) return `did not end within ${limitSeconds} s and was killed`;
  if (signal) return `was ended by ${signal}`;
  if (total === null && !unrun) return `ended with status ${code} before its tests did`;
  if (total === 0 && skips.length === 0) return "ran no test";
  if (code !== 0 && total === passed) return `all its tests passed, yet it ended with status ${code}`;
  if (hasLeftovers) return "left a process of its own running";
  return null;
}

function count(output, label) {
  const lines = [...output.matchAll(new RegExp(`^\\s*${label}:\\s+(\\d+)\\s*$`, "gm"))];
  return lines.length === 0 ? null : Number(lines.at(-1)[1]);
}

/** Skip lines, which may stand behind the marks that uvu prints for its tests. A test that was skipped without one gets a
 *  line that says so. */
function skipLines(output, skippedCount) {
  const lines = [...output.matchAll(/# skip: (.+)$/gm)].map((match) => match[1].trim());
  while (lines.length < skippedCount) lines.push("a test gave no reason");
  return lines;
}
