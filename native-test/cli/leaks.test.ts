/** Containers come and go, and the forwarder is killed again and again: memory, descriptors, threads, files and namespaces are afterwards
 *  as they were before.
 *
 *      left eth0 ── TAP ── portyard up ── TAP ── eth0 right          passing: a namespace and its port, made and removed */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ask } from "../../test/agent/support/yard.ts";
import { scale } from "../../test/scale.ts";
import { isWhole, lab, SOCKET, story, version, type Yard } from "./support/instance.ts";
import { reaches } from "./support/talk.ts";

const test = suite("leaks");
const passing = { name: "passing", network: "blue", tap: { namespace: "passing", interface: "eth0", address: "10.77.0.9" } };
/** Cycles after which everything has been allocated that is allocated once. */
const WARM_UP = 10;
/** Node.js takes memory for its heap as it is used, up to a size, and gives it back when it likes. What it has taken after a quarter of the
 *  cycles is no leak; this much more after all of them is none either: of 750 cycles and 150 kills a leak would be 20 kB and 100 kB each. */
const MEMORY_MEGABYTES = 20;
const QUARTERS = 4;

interface Use {
  descriptors: number[];
  threads: number[];
  /** Files in /run and /dev/shm with their sizes; a log may grow to its limit. */
  files: string[];
  namespaces: string[];
  processes: number;
}

const counted = (pid: number, what: "fd" | "task") => readdirSync(`/proc/${pid}/${what}`).length;
const megabytes = (pid: number) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;

/** Of agent and forwarder, in megabytes. */
async function memoryOf(yard: Yard): Promise<number[]> {
  const { pid, forwarderPid } = await version(yard, isWhole);
  return [megabytes(pid), megabytes(forwarderPid)];
}

async function use(yard: Yard): Promise<Use> {
  const { pid, forwarderPid, standbyPid } = await version(yard, isWhole);
  const all = [pid, forwarderPid, standbyPid];
  const state = yard.machine.state();
  const size = (file: string) => (file.includes("forwarder.log") ? "" : statSync(yard.machine.path(file)).size);
  const files = [...state.run.map((file) => `/run/${file}`), ...state.shared.map((file) => `/dev/shm/${file}`)];
  return {
    descriptors: all.map((one) => counted(one, "fd")),
    threads: all.map((one) => counted(one, "task")),
    files: files.map((file) => `${file} ${size(file)}`),
    namespaces: state.namespaces,
    processes: state.processes.length,
  };
}

/** What is there now is what was there `before`; work that is under way is waited for. */
async function isAsBefore(yard: Yard, before: Use): Promise<void> {
  for (const end = performance.now() + scale.nativePatienceMilliseconds; performance.now() < end; await delay(50)) {
    if (JSON.stringify(await use(yard)) === JSON.stringify(before)) return;
  }
  assert.equal(await use(yard), before);
}

async function cycle(yard: Yard): Promise<void> {
  const socket = yard.machine.path(SOCKET);
  yard.machine.tool("ip", "netns", "add", "passing");
  assert.is((await ask(socket, "POST", "/v1/ports", passing)).status, 201);
  assert.is((await ask(socket, "DELETE", "/v1/ports/passing")).status, 204);
  yard.machine.tool("ip", "netns", "del", "passing");
}

async function killForwarder(yard: Yard): Promise<void> {
  const { forwarderPid } = await version(yard, isWhole);
  yard.machine.tool("kill", "-9", String(forwarderPid));
  await version(yard, (now) => now.forwarderPid !== null && now.forwarderPid !== forwarderPid);
}

test(
  ...story(`${scale.containerCycles} containers and ${scale.cycleKills} kills of the forwarder leave nothing`, async (yard) => {
    const agent = await yard.up(lab);
    for (let round = 0; round < WARM_UP; round++) await cycle(yard);
    await killForwarder(yard);
    await cycle(yard);
    const before = await use(yard);
    const memory = [await memoryOf(yard)];
    const between = scale.containerCycles / scale.cycleKills;
    for (let kill = 1; kill <= scale.cycleKills; kill++) {
      for (let round = 0; round < between; round++) await cycle(yard);
      await killForwarder(yard);
      if (kill % (scale.cycleKills / QUARTERS) === 0) memory.push(await memoryOf(yard));
    }
    await cycle(yard);
    await isAsBefore(yard, before);
    const courses = [0, 1].map((which) => memory.map((both) => both[which]!));
    const told = courses.map((course) => course.map((value) => value.toFixed(0)).join(", ")).join(" MB; of the forwarder ");
    console.log(`${scale.containerCycles} cycles, ${scale.cycleKills} kills: memory of the agent after each quarter ${told} MB`);
    for (const course of courses) assert.ok(course.at(-1)! - course[1]! < MEMORY_MEGABYTES, `memory grew: ${told}`);
    assert.ok(await reaches(yard.machine, "left", "right", "10.77.0.3"));
    await agent.stop("SIGTERM");
  }),
);

test.run();
