/** `portyard docker example` from its command to its last trace, on machines of the test's own (demo/machine.ts): with a private Docker, whose
 *  namespaces lie inside the machine's, and with the machine's own agent and a program that plays Docker.
 *
 *    machine ── outer command ── unshare ── sh ── inner command ── agent, dockerd, containers                              */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { ExampleResult } from "../../cli/docker/example.ts";
import { FakeDocker } from "../../test/cli/docker/fake-docker.ts";
import { scale } from "../../test/scale.ts";
import { needing } from "../support/need.ts";
import type { Program } from "./demo/program.ts";
import { Machine } from "./demo/machine.ts";
import { errorOf, Yard } from "./support/instance.ts";

const test = suite("docker example");
const NEEDS = ["root", "unshare", "docker", "busybox"] as const;
const WORDS = ["docker", "example"];
const STEPS = [
  "docker import - busybox",
  "docker network create -d portyard --ipam-driver portyard my-network",
  "docker run -d --net my-network --name container1 busybox sleep infinity",
  "docker run -d --net my-network --name container2 busybox sleep infinity",
  "docker exec container1 ping -c 5 container2",
  "docker rm -f container2",
  "docker rm -f container1",
  "docker network rm my-network",
  "docker image rm busybox",
];

/** What a private Docker could leave outside its namespaces: control groups, and files of /etc. */
function traces(): string[] {
  const groups = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].flatMap((folder) =>
    list(folder).filter((name) => name.startsWith("portyard-example-")),
  );
  return [...groups, ...list("/etc/docker").map((name) => `${name} ${statSync(join("/etc/docker", name)).mtimeMs}`)];
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** On a machine that must soon look as it did before. */
async function onMachine(tell: (yard: Yard) => Promise<void>): Promise<void> {
  const machine = await Machine.make();
  const yard = new Yard(machine);
  machine.tool("mkdir", "-p", "/run/docker/plugins"); // Docker's own, which it does not take away either
  try {
    const [before, found] = [machine.state(), traces()];
    await tell(yard);
    const end = performance.now() + scale.nativePatienceMilliseconds;
    while (machine.state().processes.length > 0 && performance.now() < end) await delay(20);
    assert.equal(machine.state(), before);
    assert.equal(
      traces().filter((trace) => !found.includes(trace)),
      [],
    );
  } finally {
    yard.close();
    await machine.close();
  }
}

const pinging = (program: Program): Promise<void> => program.prints("bytes from");

test(
  ...needing(NEEDS, "a private Docker: shows every step, five pings are answered, nothing is left", () =>
    onMachine(async (yard) => {
      const { code, stdout, stderr } = await yard.run(...WORDS, "--daemon");
      assert.is(code, 0, stderr);
      const shown = stdout.split("\n").filter((line) => line.startsWith("$ docker "));
      assert.equal(
        shown.map((line) => line.slice(2).replace(/ {3}#.*/, "")),
        STEPS,
      );
      assert.match(stdout, /5 packets transmitted, 5 packets received, 0% packet loss/);
      assert.match(stdout, /^Docker .*: 5 pings sent, 5 answered\.$/m);
    }),
  ),
);

test(
  ...needing(NEEDS, "with --json it prints one object, and words on standard error", () =>
    onMachine(async (yard) => {
      const result: ExampleResult = await yard.json(...WORDS, "--daemon");
      assert.equal([result.isPrivate, result.image, result.sent, result.received, result.left], [true, "made", 5, 5, []]);
      assert.equal(
        result.steps.map(({ command, status }) => [command, status]),
        STEPS.map((command) => [command, 0]),
      );
      assert.match(result.docker, /^\d+\./);
    }),
  ),
);

test(
  ...needing(NEEDS, "stopped by SIGINT while it pings, it removes what it made", () =>
    onMachine(async (yard) => {
      const program = yard.start([...WORDS, "--daemon"]);
      await pinging(program);
      const { code, stdout } = await program.stop("SIGINT");
      assert.is(code, 130);
      for (const step of STEPS.slice(5)) assert.ok(stdout.includes(`$ ${step}\n`), step);
      assert.match(stdout, /^Stopped; everything that the example made is removed\.$/m);
    }),
  ),
);

test(
  ...needing(NEEDS, "killed while it pings, it takes Docker and all with it", () =>
    onMachine(async (yard) => {
      const program = yard.start([...WORDS, "--daemon"]);
      await pinging(program);
      await program.kill();
    }),
  ),
);

/** In a story: the words that run the command with a Docker that is played. */
const withFake = (fake: FakeDocker): string[] => ["env", ...Object.entries(fake.environment).map(([name, value]) => `${name}=${value}`)];

test(
  ...needing(["root", "unshare"], "the machine's own Docker is not asked for anything while nobody serves the driver", () =>
    onMachine(async (yard) => {
      const fake = new FakeDocker({ has: ["image busybox"] });
      const end = await yard.start([...WORDS, "--json"], withFake(fake)).ended;
      assert.equal([end.code, end.stdout, errorOf(end).code], [1, "", "docker-driver-missing"]);
      assert.equal(fake.calls, []);
      fake.close();
    }),
  ),
);

test(
  ...needing(
    ["root", "unshare", "iproute2"],
    "the machine's own Docker, with the agent that runs: one object, and the exit status of its pings",
    () =>
      onMachine(async (yard) => {
        const agent = yard.start(["up", "--docker", "--no-standby"]);
        await agent.prints("ready");
        for (const received of [5, 3]) {
          const fake = new FakeDocker({ has: ["image busybox"], received });
          const { code, stdout, stderr } = await yard.start([...WORDS, "--json"], withFake(fake)).ended;
          assert.is(code, received === 5 ? 0 : 1, stderr);
          const result: ExampleResult = JSON.parse(stdout);
          assert.equal([result.isPrivate, result.image, result.sent, result.received], [false, "found", 5, received]);
          assert.equal(
            result.steps.map(({ command }) => command),
            STEPS.slice(1, -1),
          );
          fake.close();
        }
        assert.is((await agent.stop("SIGTERM")).code, 0);
        await yard.run("down", "--purge");
      }),
  ),
);

test.run();
