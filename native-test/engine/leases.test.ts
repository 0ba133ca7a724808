/** An engine without an agent lends addresses from what its tables hold; a successor finds them there.
 *
 *      c1 eth0 ── TAP p1 ─┐
 *      c2 eth0 ── TAP p2 ─┼─ network blue, 10.77.0.0/16 and fd77::/64, p3 with addresses of its own
 *      c3 eth0 ── TAP p3 ─┘                                                                                             */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { EngineConfig } from "../../bindings/config/types.ts";
import type { Engine } from "../../bindings/engine.ts";
import { type Child, startChild } from "../support/child.ts";
import { ipJson } from "../support/ip.ts";
import { needing } from "../support/need.ts";
import { Container } from "./container.ts";
import { createEngine } from "./own-engine.ts";
import { configure, tapPort } from "./topology.ts";

const test = suite("engine leases");
const NEEDS = ["root", "iproute2", "tun"] as const;

const PREDECESSOR = `
const { Engine } = await bindings("engine.js");
const engine = await Engine.create(JSON.parse(await heard()));
console.log(engine.forwarderPid());
await heard();
`;

const addresses = (engine: Engine) => Object.fromEntries(engine.ports().map((port) => [port.name, port.addresses]));
const deviceIn = ({ namespace }: Container): unknown => ipJson(`-n ${namespace.name} link show eth0`)[0]?.ifindex;

async function withContainers(body: (containers: [Container, Container, Container]) => Promise<void>): Promise<void> {
  const containers: [Container, Container, Container] = [new Container(1), new Container(2), new Container(3)];
  try {
    await body(containers);
  } finally {
    for (const container of containers) await container.remove();
  }
}

function configOf([first, second, third]: [Container, Container, Container]): EngineConfig {
  const own = { address: ["10.77.0.1/16", "fd77::2/64"] };
  return configure([
    tapPort(first, "p1", {}, { address: undefined }),
    tapPort(second, "p2", {}, { address: undefined }),
    tapPort(third, "p3", {}, own),
  ]);
}

test(
  ...needing([...NEEDS], "no address is lent that a port of the configuration names, and one that was released rests", async () => {
    await withContainers(async (containers) => {
      const config = configOf(containers);
      const engine = await createEngine(config);
      assert.equal(addresses(engine), { p1: ["10.77.0.2", "fd77::1"], p2: ["10.77.0.3", "fd77::3"], p3: ["10.77.0.1", "fd77::2"] });
      await engine.removePort("p2");
      const { addresses: again } = await engine.addPort(config.ports[1]!);
      assert.equal(again, ["10.77.0.4", "fd77::4"]);
      await engine.removePort("p2");
      const { addresses: asked } = await engine.addPort(config.ports[1]!, ["10.77.5.5/16", "fd77::55/64"]);
      assert.equal(asked, ["10.77.5.5", "fd77::55"]);
      await engine.close();
    });
  }),
);

for (const bothDie of [false, true]) {
  test(
    ...needing([...NEEDS], `a successor keeps them ${bothDie ? "when the forwarder is dead too" : "with the forwarder"}`, async () => {
      await withContainers(async (containers) => {
        const config = configOf(containers);
        const predecessor: Child = startChild(PREDECESSOR);
        try {
          predecessor.say(JSON.stringify(config));
          const forwarder = Number(await predecessor.line());
          const devices = containers.map(deviceIn);
          await predecessor.kill("SIGKILL");
          if (bothDie) process.kill(forwarder, "SIGKILL");
          const [p1, p2, p3] = config.ports;
          // where both are dead the device of a port that is configured differently is not found: an agent removes it
          const changed = bothDie ? p1! : { ...p1!, macLimit: 7 };
          const engine = await createEngine({ ...config, ports: [p3!, p2!, changed] });
          assert.equal(addresses(engine), { p1: ["10.77.0.2", "fd77::1"], p2: ["10.77.0.3", "fd77::3"], p3: ["10.77.0.1", "fd77::2"] });
          assert.equal([containers[1], containers[2]].map(deviceIn), devices.slice(1), "those that are the same were not made anew");
          await engine.close();
        } finally {
          await predecessor.finish();
        }
      });
    }),
  );
}

test.run();
