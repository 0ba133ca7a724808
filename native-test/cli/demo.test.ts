/** The demo from its command to its last trace, on machines of the test's own (demo/machine.ts) and once on the host itself:
 *
 *    container1 eth0 10.77.0.2 ── TAP ── forwarder ── TAP ── 10.77.0.3 eth0 container2
 *    container1 eth1 10.78.0.2 ── veth ── Linux bridge ── veth ── 10.78.0.3 eth1 container2
 *    container1 ── my-service 10.77.0.100:80 ── TAPs ── 10.77.0.11-13 eth0 backend1, backend2, backend3
 *
 *  Needs root; the user namespace is tried as user 65534. Whatever ends the demo, nothing may be left. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { DemoResult } from "../../cli/demo/result.ts";
import { scale } from "../../test/scale.ts";
import { skip } from "../../test/support/skip.ts";
import { modelOf } from "../../test/cli/demo/service-model.ts";
import { Machine, type MachineOptions } from "./demo/machine.ts";
import { type End, Program } from "./demo/program.ts";

const portyard = fileURLToPath(new URL("../../../scripts/portyard.mjs", import.meta.url));
const NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
/** Rather more than a demo takes on an idle machine. */
const WHOLE_MS = 7000;
const seed = Number(process.env.PORTYARD_SEED ?? Date.now() % 1_000_000);
const IN_STREAM = "through the switch";
const IN_SERVICE = "weighted-round-robin";

const demo = (...options: string[]): string[] => [
  process.execPath,
  portyard,
  "demo",
  "--seconds",
  String(scale.demoStreamSeconds),
  ...options,
];
const once = demo("--once", "--json");

/** A test on a machine of its own that must look afterwards as it did before. */
function story(name: string, tell: (machine: Machine) => Promise<void>, options: MachineOptions = {}): void {
  test(name, async () => {
    if (process.getuid?.() !== 0) return skip(name, "right", "needs root");
    const machine = await Machine.make(options);
    try {
      const before = machine.state();
      await tell(machine);
      assert.equal(machine.state(), before);
    } finally {
      await machine.close();
    }
  });
}

/** Numbers from 0 to 1 (Park and Miller's generator); the same for the same seed. */
function randomFrom(start: number): () => number {
  let state = (start % 2147483646) + 1;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

const resultOf = ({ stdout }: End): DemoResult => JSON.parse(stdout.trimEnd().split("\n").at(-1) as string);

const errorOf = ({ stderr }: End): { code: string; message: string; remedy: string | null } =>
  JSON.parse(stderr.trimEnd().split("\n").at(-1) as string).error;

function isWhole(end: End, mode: DemoResult["mode"]): DemoResult {
  assert.is(end.code, 0, end.stderr);
  const result = resultOf(end);
  assert.is(result.mode, mode);
  assert.equal([result.ping.sent, result.ping.received], [5, 5]);
  isSpread(result);
  return result;
}

/** The schedules to the last connection; the others as the model predicts for what a connection took on average, a fifth of them to spare. */
function isSpread({ services, serviceTimes, backends }: DemoResult): void {
  assert.equal(Object.values(services["round-robin"]).sort(), [233, 233, 234]);
  assert.equal(services["weighted-round-robin"], { backend1: 500, backend2: 100, backend3: 100 });
  const overheadMs = serviceTimes["round-robin"].meanMs - backends.reduce((sum, { delayMs }) => sum + delayMs / backends.length, 0);
  for (const algorithm of ["least-response-time", "least-load"] as const) {
    const counts = services[algorithm];
    const model = modelOf(algorithm, Math.max(0, overheadMs));
    const told = `${algorithm}: ${JSON.stringify(counts)}, model ${JSON.stringify(model)}`;
    console.log(told);
    assert.is(
      Object.values(counts).reduce((sum, each) => sum + each, 0),
      700,
    );
    for (const { name } of backends) assert.ok(Math.abs((counts[name] ?? 0) - (model[name] ?? 0)) < 140, told);
  }
  assert.ok((services["least-response-time"].backend1 ?? 0) > 350, "the fastest gets most");
}

function hasStreams({ stream }: DemoResult): void {
  for (const one of [stream?.switch, stream?.bridge]) {
    assert.ok(one && one.bytes > 0 && one.seconds > 0 && one.gigabitsPerSecond > 0, JSON.stringify(stream));
  }
  assert.ok((stream?.ratio ?? 0) > 0);
}

test("on this very host: five pings answered, two streams, and its names free again", async () => {
  const name = "on this host";
  if (process.getuid?.() !== 0) return skip(name, "right", "needs root");
  if (existsSync("/run/netns/container1") || existsSync("/run/portyard/demo.mark")) return skip(name, "machine", "a demo is running here");
  const result = isWhole(await new Program(once).ended, "root");
  hasStreams(result);
  for (const left of ["/run/netns/container1", "/run/netns/container2", "/run/netns/backend1", "/run/portyard/demo.mark"])
    assert.not(existsSync(left), left);
});

story("the counters and the MAC table show what the containers did", async (machine) => {
  const result = isWhole(await machine.start(once).ended, "root");
  hasStreams(result);
  assert.equal(
    result.ports.map(({ name, state }) => [name, state]),
    [
      ["container1", "up"],
      ["container2", "up"],
      ["backend1", "up"],
      ["backend2", "up"],
      ["backend3", "up"],
    ],
  );
  const [first, second] = result.ports as [DemoResult["ports"][number], DemoResult["ports"][number]];
  const streamed = result.stream?.switch.bytes ?? Number.POSITIVE_INFINITY;
  assert.ok(first.receivedBytes > streamed && second.sentBytes > streamed, "the stream went through the switch");
  assert.ok(second.receivedBytes < first.receivedBytes);
  const owners = Object.fromEntries(result.macs.map(({ mac, port }) => [mac, port]));
  assert.is(owners["02:00:0a:4d:00:02"], "container1");
  assert.is(owners["02:00:0a:4d:00:03"], "container2");
  assert.ok(result.io === "uring" || result.io === "syscall");
});

story("another way to move frames can be forced, and is shown", async (machine) => {
  assert.is(isWhole(await machine.start([...once, "--io", "syscall"]).ended, "root").io, "syscall");
});

story("for people it says what it does, on standard output, without colours where there is no terminal", async (machine) => {
  const { code, stdout } = await machine.start(demo("--once")).ended;
  assert.is(code, 0);
  for (const words of [
    "container1",
    "my-network",
    "5 sent, 5 received",
    "Linux bridge",
    "ratio",
    "my-service",
    "least-load",
    "MAC addresses",
    "Ports",
  ]) {
    assert.ok(stdout.includes(words), words);
  }
  assert.not(stdout.includes("\u001b"));
  const widest = Math.max(...stdout.split("\n").map((line) => line.length));
  assert.ok(widest <= 80, `${widest} columns`);
});

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

story("as root without /dev/net/tun it takes veth pairs and packet sockets", async (machine) => {
  machine.tool("mount", "-t", "tmpfs", "tmpfs", "/dev/net");
  const { ports } = isWhole(await machine.start(once).ended, "root");
  assert.equal(
    ports.map(({ kind }) => kind),
    ["packet", "packet", "packet", "packet", "packet"],
  );
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

story("without root it runs in a user namespace", async (machine) => {
  const result = isWhole(await machine.start(once, NOBODY).ended, "user-namespace");
  hasStreams(result);
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

story("where a user namespace is refused it replays a capture, and says how to get the rest", async (machine) => {
  const end = await machine.start(once, [...NOBODY, "env", "PATH=/nowhere"]).ended;
  const result = isWhole(end, "replay");
  assert.equal([result.io, result.stream], ["memory", null]);
  assert.match(result.reason ?? "", "a user namespace is refused");
  assert.match(end.stderr, "For two real containers: run it as root");
});

console.log(`PORTYARD_SEED=${seed}`);
test.run();
