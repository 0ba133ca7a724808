/** Containers whose agent, forwarder or daemon dies, restarts, or is replaced, with streams open between them all the while; and a host that
 *  is started anew. Afterwards nothing is left of anything (support/docker-host.ts draws the host). */
import * as assert from "uvu/assert";
import { scale } from "../../test/scale.ts";
import { ask } from "../../test/agent/support/yard.ts";
import { pings, until } from "../cli/support/world.ts";
import { type DockerHost, dockerStory } from "./support/docker-host.ts";
import { StreamRing } from "./support/stream-ring.ts";
import { sideBySide } from "../support/side-by-side.ts";

const test = sideBySide("Docker and deaths");
const API = "/run/portyard/default/agent.sock";

interface Scene {
  host: DockerHost;
  names: string[];
  /** All streams go on from now on. */
  goOn: () => Promise<void>;
}

/** Containers of a test on one network, each with a stream to the next one. */
async function withStreams(host: DockerHost, body: (scene: Scene) => Promise<void>): Promise<void> {
  const before = await host.listing();
  await host.docker("network", "create", "-d", "portyard", "--ipam-driver", "portyard", "net");
  const names = Array.from({ length: scale.dockerStreams }, (_, index) => `c${index}`);
  for (const name of names) await host.run(name, "net");
  const members = names.map(async (name) => ({
    name,
    namespace: `/proc/${await host.pid(name)}/ns/net`,
    address: await host.address(name, "net"),
  }));
  const ring = StreamRing.open(await Promise.all(members));
  const goOn = () => ring.goOn();
  try {
    await goOn();
    await body({ host, names, goOn });
  } finally {
    ring.close();
  }
  await host.docker("rm", "-f", ...names);
  await host.docker("network", "rm", "net");
  assert.equal(await host.listing(), before, "nothing is left");
}

const version = async ({ machine }: DockerHost) => (await ask(machine.path(API), "GET", "/v1/version")).body;

/** Containers are made, connected and removed as before. */
async function works(host: DockerHost): Promise<void> {
  await host.run("later", "net");
  assert.is(await pings(host.machine, "later", await host.address("c0", "net")), 3);
  await host.docker("rm", "-f", "later");
}

// it waits longest, for Docker to give up an agent that is not there: the others run meanwhile
test(
  ...dockerStory("a daemon that ends its containers starts them again, also when the agent was away meanwhile", async (host) => {
    const before = await host.listing();
    await host.docker("network", "create", "-d", "portyard", "--ipam-driver", "portyard", "net");
    for (const name of ["c0", "c1"]) await host.run(name, "net", "--restart", "always");
    const again = async () => {
      for (const name of ["c0", "c1"]) {
        await until(`${name} runs again`, async () => (await host.docker("inspect", "-f", "{{.State.Running}}", name)) === "true");
        await host.named(name);
      }
      assert.is(await pings(host.machine, "c0", await host.address("c1", "net")), 3);
    };
    await host.stopDaemon();
    await host.startDaemon();
    await again();
    await host.stopDaemon();
    await host.agent.stop("SIGTERM");
    await host.startAgent();
    await host.startDaemon();
    await again();
    await host.stopDaemon();
    await host.agent.kill();
    await host.startDaemon();
    await host.startAgent();
    for (const name of ["c0", "c1"]) await host.docker("start", name);
    await again();
    await host.docker("rm", "-f", "c0", "c1");
    await host.docker("network", "rm", "net");
    assert.equal(await host.listing(), before, "nothing is left");
  }),
);

test(
  ...dockerStory(
    `agent and forwarder die, and the agent is replaced, under ${scale.dockerStreams} containers: no stream breaks`,
    async (host) => {
      await withStreams(host, async ({ goOn }) => {
        await host.agent.kill();
        await goOn();
        await host.startAgent();
        await goOn();
        await works(host);
        const { forwarderPid } = await version(host);
        host.machine.tool("kill", "-9", String(forwarderPid));
        await goOn();
        const predecessor = host.agent;
        await host.startAgent("--replace");
        await predecessor.ended;
        await goOn();
        await works(host);
        const { forwarderPid: second } = await version(host);
        await host.agent.kill();
        host.machine.tool("kill", "-9", String(second));
        await host.startAgent();
        await goOn();
        await host.agent.stop("SIGTERM");
        await host.startAgent();
        await goOn();
        await works(host);
      });
    },
  ),
);

test(
  ...dockerStory("a daemon that leaves its containers running finds everything as it was, with the agent or without it", async (host) => {
    await host.stopDaemon();
    await host.startDaemon("--live-restore");
    await withStreams(host, async ({ goOn, names }) => {
      await host.stopDaemon();
      await goOn();
      await host.startDaemon("--live-restore");
      await works(host);
      await host.stopDaemon();
      await host.agent.kill();
      await goOn();
      const seconds = await host.startDaemon("--live-restore");
      console.log(`# the daemon answered ${seconds.toFixed(1)} s after its start, with no agent`);
      await host.startAgent();
      await goOn();
      await works(host);
      assert.is((await host.yard.json("show", "ports")).filter(({ kind }: { kind: string }) => kind === "tap").length, names.length);
    });
  }),
);

test(
  ...dockerStory("a host that is started anew has its networks, and starts its containers", async (host) => {
    const before = await host.listing();
    await host.docker("network", "create", "-d", "portyard", "--ipam-driver", "portyard", "net");
    for (const name of ["c0", "c1"]) await host.run(name, "net", "-p", "9000");
    await host.reboot();
    await host.startAgent();
    assert.is((await host.yard.json("show", "networks")).length, 1);
    await host.startDaemon();
    for (const name of ["c0", "c1"]) {
      await host.docker("start", name);
      await host.named(name);
    }
    assert.is(await pings(host.machine, "c0", await host.address("c1", "net")), 3);
    assert.is((await host.yard.json("show", "published")).length, 4, "of each container one of each family");
    await host.docker("rm", "-f", "c0", "c1");
    await host.docker("network", "rm", "net");
    assert.equal(await host.listing(), before, "nothing is left");
  }),
);

test.run();
