/** The ends of the demo (demo.test.ts draws it): whatever ends it, and at whatever moment, nothing may be left, or the next one clears up.
 *
 *    signal, kill -9, a process that dies, a reader that goes ──> demo ── containers, forwarder, devices, files: as before
 *
 *  Needs root; the user namespace is tried as user 65534. */
import * as assert from "uvu/assert";
import { scale } from "../../test/scale.ts";
import { demo, errorOf, IN_SERVICE, IN_STREAM, isWhole, NOBODY, once, story, test } from "./demo/story.ts";

/** Rather more than a demo takes on an idle machine. */
const WHOLE_MS = 7000;
const seed = Number(process.env.PORTYARD_SEED ?? Date.now() % 1_000_000);

/** Numbers from 0 to 1 (Park and Miller's generator); the same for the same seed. */
function randomFrom(start: number): () => number {
  let state = (start % 2147483646) + 1;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const) {
  story(`${signal} in the middle of the stream leaves nothing`, async (machine) => {
    const running = machine.start(once);
    await running.prints(IN_STREAM);
    assert.is((await running.stop(signal)).code, code);
  });
}

story("a signal in the middle of the connections leaves nothing", async (machine) => {
  const running = machine.start(once);
  await running.prints(IN_SERVICE);
  assert.is((await running.stop("SIGINT")).code, 130);
});

story("a signal between two steps leaves nothing", async (machine) => {
  const running = machine.start(once);
  await running.prints("Two containers");
  assert.is((await running.stop("SIGINT")).code, 130);
});

story("the live table goes on until Ctrl-C, which is its right end", async (machine) => {
  const running = machine.start(demo("--json"));
  await running.prints("Every second");
  await running.prints("container1 up received");
  isWhole(await running.stop("SIGINT"), "root");
});

story("a reader of its output that goes away ends it", async (machine) => {
  const running = machine.start(demo());
  await running.prints("Every second");
  running.child.stdout.destroy();
  assert.is((await running.ended).code, 141);
});

story("stopped or killed at any moment, nothing stays after the next", async (machine) => {
  const random = randomFrom(seed);
  for (let round = 0; round < scale.demoStops; round++) {
    const running = machine.start(once);
    const timer = setTimeout(() => running.child.kill(round % 2 === 0 ? "SIGINT" : "SIGKILL"), random() * WHOLE_MS);
    await running.exited;
    clearTimeout(timer);
  }
  isWhole(await machine.start(once).ended, "root");
});

story("a container's process that dies in the middle is an error, and nothing stays", async (machine) => {
  const running = machine.start(once);
  await running.prints(IN_STREAM);
  const container = machine.state().processes.find((line) => line.includes("container-process")) as string;
  process.kill(Number.parseInt(container, 10), "SIGKILL");
  const end = await running.ended;
  assert.is(end.code, 1);
  assert.is(errorOf(end).code, "container-ended");
});

story("a backend that dies among the connections is an error, and nothing stays", async (machine) => {
  const running = machine.start(once);
  await running.prints(IN_SERVICE);
  const containers = machine.state().processes.filter((line) => line.includes("container-process"));
  process.kill(Math.max(...containers.map((line) => Number.parseInt(line, 10))), "SIGKILL"); // the last one is backend3
  const end = await running.ended;
  assert.is(end.code, 1);
  assert.is(errorOf(end).code, "request-failed");
});

story(
  "a switch that cannot start takes all containers with it",
  async (machine) => {
    const end = await machine.start(once).ended;
    assert.is(end.code, 1);
    assert.is(typeof errorOf(end).code, "string");
  },
  { runSize: "64k", sharedSize: "64k" },
);

for (const where of [IN_STREAM, IN_SERVICE]) {
  story(`kill -9 leaves a mark, by which the next demo clears up: ${where}`, async (machine) => {
    const killed = machine.start(once);
    await killed.prints(where);
    await killed.kill();
    const { namespaces } = machine.state();
    assert.equal(
      namespaces.filter((name) => !name.startsWith("demo-")),
      ["backend1", "backend2", "backend3", "container1", "container2"],
    );
    isWhole(await machine.start(once).ended, "root");
  });
}

story("a namespace of that name which it did not make is left alone, and so is everything", async (machine) => {
  machine.tool("ip", "netns", "add", "container2");
  const before = machine.state();
  const end = await machine.start(once).ended;
  assert.is(end.code, 1);
  assert.is(errorOf(end).code, "namespace-taken");
  assert.match(errorOf(end).remedy ?? "", "container2");
  assert.equal(machine.state(), before);
  machine.tool("ip", "netns", "delete", "container2");
});

story("another's namespace that took a killed demo's name is left alone", async (machine) => {
  const killed = machine.start(once);
  await killed.prints(IN_STREAM);
  await killed.kill();
  machine.tool("ip", "netns", "delete", "container1");
  machine.tool("ip", "netns", "add", "container1");
  assert.is(errorOf(await machine.start(once).ended).code, "namespace-taken");
  assert.equal(machine.state().namespaces, ["container1"]);
  machine.tool("ip", "netns", "delete", "container1");
});

story("a second demo at the same time says so and does not disturb the first", async (machine) => {
  const first = machine.start(demo("--json"));
  await first.prints(IN_STREAM);
  const second = await machine.start(once).ended;
  assert.is(second.code, 1);
  assert.is(errorOf(second).code, "demo-running");
  await first.prints("Every second");
  isWhole(await first.stop("SIGINT"), "root");
});

story("without root Ctrl-C leaves nothing", async (machine) => {
  const running = machine.start(once, NOBODY);
  await running.prints(IN_STREAM);
  assert.is((await running.stop("SIGINT")).code, 130);
});

story("without root not even kill -9 leaves a process", async (machine) => {
  const running = machine.start(once, NOBODY);
  await running.prints(IN_STREAM);
  await running.stop("SIGKILL");
});

console.log(`PORTYARD_SEED=${seed}`);
test.run();
