/** A program in the background that is waited for: it answers, ends, takes too long, or nobody waits any more. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { PortyardError } from "../../../bindings/error.ts";
import { environment } from "../../../bindings/native/program.ts";
import { Screen } from "../../../cli/demo/screen.ts";
import { Daemon } from "../../../cli/docker/daemon.ts";
import { DockerClient } from "../../../cli/docker/docker-client.ts";
import { captured } from "../support/capture.ts";
import { FakeDocker } from "./fake-docker.ts";

const test = suite<{ folder: string; fake: FakeDocker }>("daemon");
/** Ends with the folder of its log. */
const LIVES = 'echo starting; while [ -d "$0" ]; do sleep 0.05; done';
const LONG_SECONDS = 15;
const AT_ONCE_MS = 10_000;

test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), "portyard-daemon-"));
  context.fake = new FakeDocker({ lasts: ["version", LONG_SECONDS] });
});
test.after.each(({ folder, fake }) => {
  rmSync(folder, { recursive: true });
  fake.close();
});

async function daemon(folder: string, script = LIVES, startMs = LONG_SECONDS * 1000): Promise<Daemon> {
  const program = { name: "daemon", launch: ["sh", "-c"], words: [script, folder], environment: environment(), folder, startMs };
  return (await captured(async () => new Daemon(program, new Screen(false)))).result;
}

const asking = ({ environment }: FakeDocker) => {
  const client = new DockerClient(new Screen(true), environment);
  return async (signal: AbortSignal) => (await client.ask(["version"], signal)).status === 0;
};

const never = new AbortController().signal;

test("it is looked at until it answers", async ({ folder }) => {
  let looks = 0;
  assert.is(await (await daemon(folder)).answers(async () => ++looks === 3, never), true);
  assert.is(looks, 3);
});

test("one that ended is no longer waited for, and its last words are told", async ({ folder }) => {
  const ended = await daemon(folder, "echo one; echo two; exit 3");
  assert.is(await ended.answers(async () => false, never), false);
  assert.is(ended.failed().message, "daemon did not come up: it ended with status 3. Its last words: two");
});

test("while a question to it hangs, the deadline ends the wait", async ({ folder, fake }) => {
  const start = performance.now();
  const error = await (await daemon(folder, LIVES, 300)).answers(asking(fake), never).catch((thrown: unknown) => thrown);
  assert.instance(error, PortyardError);
  assert.is((error as PortyardError).code, "daemon-failed");
  assert.match((error as PortyardError).message, "it did not answer within 0.3 s");
  assert.ok(performance.now() - start < AT_ONCE_MS);
});

test("so does the signal, by its reason", async ({ folder, fake }) => {
  const controller = new AbortController();
  const reason = new Error("stopped");
  const waiting = (await daemon(folder)).answers(asking(fake), controller.signal).catch((thrown: unknown) => thrown);
  while (fake.questions.length === 0) await delay(5);
  const start = performance.now();
  controller.abort(reason);
  assert.is(await waiting, reason);
  assert.ok(performance.now() - start < AT_ONCE_MS);
});

test("an answer that comes with the signal is none", async ({ folder }) => {
  const controller = new AbortController();
  const answer = async () => {
    controller.abort(new Error("stopped"));
    return true;
  };
  const error = await (await daemon(folder)).answers(answer, controller.signal).catch((thrown: unknown) => thrown);
  assert.is((error as Error).message, "stopped");
});

test("a look that fails is told as it is", async ({ folder }) => {
  const failure = new Error("no docker");
  const error = await (await daemon(folder)).answers(() => Promise.reject(failure), never).catch((thrown: unknown) => thrown);
  assert.is(error, failure);
});

test.run();
