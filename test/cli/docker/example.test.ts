import { setTimeout as delay } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Screen } from "../../../cli/demo/screen.ts";
import { DockerClient } from "../../../cli/docker/docker-client.ts";
import { tellExample } from "../../../cli/docker/example.ts";
import { PortyardError } from "../../../bindings/error.ts";
import { captured } from "../support/capture.ts";
import { FakeDocker, type FakeDockerOptions } from "./fake-docker.ts";

const test = suite("docker example");

const CREATE = "network create -d portyard --ipam-driver portyard my-network";
const RUN = ["container1", "container2"].map((name) => `run -d --net my-network --name ${name} busybox sleep infinity`);
const PING = "exec container1 ping -c 5 container2";
const STEPS = [CREATE, ...RUN, PING];
const REMOVALS = ["rm -f container2", "rm -f container1", "network rm my-network"];

type Told = Awaited<ReturnType<typeof tellExample>>;

/** What came of the example with such a Docker. */
async function told(options: FakeDockerOptions, stop?: (fake: FakeDocker, abort: () => void) => Promise<void>) {
  const fake = new FakeDocker({ has: ["image busybox"], ...options });
  const abort = new AbortController();
  const stopping = stop?.(fake, () => abort.abort(new Error("stopped")));
  try {
    const screen = new Screen(false);
    const docker = new DockerClient(screen, fake.environment);
    const { result, stdout, stderr } = await captured(() =>
      tellExample({ docker, screen, signal: abort.signal }).then(
        (told): Told | Error => told,
        (error: Error) => error,
      ),
    );
    return { result, stdout, stderr, steps: docker.steps, calls: fake.calls, has: fake.has };
  } finally {
    await stopping;
    fake.close();
  }
}

const codeOf = (result: Told | Error): string | undefined => (result instanceof PortyardError ? result.code : undefined);

test("makes the network, then the containers, pings, and removes all in reverse order", async () => {
  const { result, calls, has, steps } = await told({});
  assert.equal(result, { image: "found", sent: 5, received: 5, left: [] });
  assert.equal(calls, [...STEPS, ...REMOVALS]);
  assert.equal(has, ["image busybox"], "an image that was there stays");
  assert.equal(
    steps.map(({ command, status }) => [command, status]),
    [...STEPS, ...REMOVALS].map((command) => [`docker ${command}`, 0]),
  );
  assert.ok(steps.every(({ seconds }) => seconds >= 0 && seconds < 60));
});

test("shows each command before what it prints", async () => {
  const { stdout } = await told({});
  const lines = stdout.trimEnd().split("\n");
  assert.equal(lines.slice(0, 2), [`$ docker ${CREATE}`, "my-network-id"]);
  assert.is(lines.indexOf(`$ docker ${PING}`) + 1, lines.indexOf("64 bytes from 10.210.0.3: seq=0 ttl=64 time=0.1 ms"));
  assert.is(lines.at(-1), "my-network");
});

for (const received of [0, 4]) {
  test(`${received} of 5 answers are a result, not an error`, async () => {
    const { result, has } = await told({ received });
    assert.equal(result, { image: "found", sent: 5, received, left: [] });
    assert.equal(has, ["image busybox"]);
  });
}

for (const [index, step] of STEPS.entries()) {
  test(`when \`docker ${step.slice(0, 44)}\` fails, what was made before it is removed`, async () => {
    const { result, calls, has, stderr } = await told({ fails: step });
    assert.is(codeOf(result), "docker-failed");
    assert.match((result as Error).message, /ended with status 1: it does not work$/);
    assert.match(stderr, /it does not work/);
    assert.equal(calls.slice(0, index + 1), STEPS.slice(0, index + 1), "nothing is tried after it but removals");
    assert.equal(has, ["image busybox"]);
  });
}

for (const step of [CREATE, ...RUN]) {
  test(`what \`docker ${step.slice(0, 44)}\` has made although it failed is removed too`, async () => {
    const { result, has } = await told({ failsAfter: step });
    assert.is(codeOf(result), "docker-failed");
    assert.equal(has, ["image busybox"]);
  });
}

for (const words of [
  'Conflict. The container name "/container2" is already in use by container 12.',
  "network with name my-network already exists",
]) {
  test(`somebody else's is left alone: ${words}`, async () => {
    const [step, theirs] = words.startsWith("Conflict") ? [RUN[1] as string, "container container2"] : [CREATE, "network my-network"];
    const { result, has } = await told({ has: ["image busybox", theirs], fails: step, words });
    assert.is(codeOf(result), "docker-failed");
    assert.equal(has, [theirs, "image busybox"].sort());
  });
}

for (const removal of REMOVALS) {
  test(`when \`docker ${removal}\` fails, the rest is removed and it is told`, async () => {
    const { result, calls, stderr } = await told({ fails: removal });
    assert.ok(!(result instanceof Error));
    const { left } = result as Told;
    assert.is(left.length, 1);
    assert.match(left[0] ?? "", `Could not do \`docker ${removal}\``);
    assert.match(stderr, left[0] ?? "");
    assert.equal(calls, [...STEPS, ...REMOVALS]);
  });
}

test("stopped in the ping: it ends at once, and all is removed", async () => {
  const { result, calls, has } = await told({ lasts: [PING, 60] }, async (fake, abort) => {
    while (!fake.calls.includes(PING)) await delay(5);
    abort();
  });
  assert.is((result as Error).message, "stopped");
  assert.equal(calls, [...STEPS, ...REMOVALS]);
  assert.equal(has, ["image busybox"]);
});

test("stopped while a network is made: the step is finished, then it is removed", async () => {
  const { result, calls, has, steps } = await told({ lasts: [CREATE, 60] }, async (fake, abort) => {
    while (!fake.calls.includes(CREATE)) await delay(5);
    abort();
    fake.goOn();
  });
  assert.is((result as Error).message, "stopped");
  assert.not(calls.includes(PING));
  assert.equal(
    steps.map(({ command, status }) => [command, status]),
    [
      [`docker ${CREATE}`, 0],
      ["docker network rm my-network", 0],
    ],
  );
  assert.equal(has, ["image busybox"]);
});

test("stopped while Docker is asked for the image: it ends at once, and nothing is made", async () => {
  const start = performance.now();
  const { result, calls } = await told({ lasts: ["image inspect", 15] }, async (fake, abort) => {
    while (fake.questions.length === 0) await delay(5);
    abort();
  });
  assert.ok(performance.now() - start < 10_000);
  assert.is((result as Error).message, "stopped");
  assert.equal(calls, []);
});

test("without an image and a static busybox it says what to install, and makes nothing", async () => {
  const path = process.env.PATH;
  process.env.PATH = "/nowhere";
  try {
    const { result, calls } = await told({ has: [] });
    assert.is(codeOf(result), "busybox-missing");
    assert.match((result as PortyardError).remedy ?? "", /apt install busybox-static/);
    assert.equal(calls, []);
  } finally {
    process.env.PATH = path;
  }
});

test.run();
