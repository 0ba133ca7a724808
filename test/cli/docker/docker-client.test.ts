/** Questions to Docker that are stopped before they are answered: what comes of each is why, not what Docker failed by. */
import { setTimeout as delay } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Screen } from "../../../cli/demo/screen.ts";
import { DockerClient } from "../../../cli/docker/docker-client.ts";
import { dockerVersion, refuseTaken } from "../../../cli/docker/preflight.ts";
import { portyard } from "../support/capture.ts";
import { FakeDocker } from "./fake-docker.ts";

const test = suite("docker client");
const LONG_SECONDS = 15;
/** Far below that, and enough for any machine. */
const AT_ONCE_MS = 10_000;
const STOPPED = new Error("stopped");

/** What comes of asking a Docker of which a question lasts, stopped meanwhile, and how long it took from then on. */
async function stopped(question: string, ask: (docker: DockerClient, signal: AbortSignal) => Promise<unknown>) {
  const fake = new FakeDocker({ lasts: [question, LONG_SECONDS] });
  const controller = new AbortController();
  try {
    const answer = ask(new DockerClient(new Screen(true), fake.environment), controller.signal).catch((error: unknown) => error);
    while (!fake.questions.some((asked) => asked.startsWith(question))) await delay(5);
    const start = performance.now();
    controller.abort(STOPPED);
    return { error: await answer, ms: performance.now() - start };
  } finally {
    fake.close();
  }
}

for (const [question, ask] of [
  ["version", (docker, signal) => docker.ask(["version"], signal)],
  ["version --format", dockerVersion],
  ["container inspect container2", refuseTaken],
  ["network inspect", refuseTaken],
] as [string, (docker: DockerClient, signal: AbortSignal) => Promise<unknown>][]) {
  test(`\`docker ${question}\` that hangs ends with the signal, by its reason`, async () => {
    const { error, ms } = await stopped(question, ask);
    assert.is(error, STOPPED);
    assert.ok(ms < AT_ONCE_MS, `after ${ms} ms`);
  });
}

test("after the signal nothing is asked at all", async () => {
  const fake = new FakeDocker();
  try {
    const docker = new DockerClient(new Screen(true), fake.environment);
    assert.is(await docker.ask(["version"], AbortSignal.abort(STOPPED)).catch((error: unknown) => error), STOPPED);
    assert.equal(fake.questions, []);
  } finally {
    fake.close();
  }
});

test("Ctrl-C ends the command while Docker does not answer, with the exit status of that", async () => {
  const fake = new FakeDocker({ lasts: ["version", LONG_SECONDS] });
  const before = process.env;
  process.env = { ...before, ...fake.environment };
  try {
    const told = portyard("docker", "example", "--json");
    while (fake.questions.length === 0) await delay(5);
    process.emit("SIGINT");
    assert.equal(await told, { status: 130, stdout: "", stderr: "" });
  } finally {
    process.env = before;
    fake.close();
  }
});

test.run();
