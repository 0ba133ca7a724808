/** Ports without addresses: they are lent some, talk to each other by them, and keep them through whatever becomes of the agent.
 *
 *      left eth0 10.77.0.1 fd77::1 ── TAP ── portyard up ── TAP ── 10.77.0.2 fd77::2 eth0 right                              */
import * as assert from "uvu/assert";
import { ask } from "../../test/agent/support/yard.ts";
import type { Program } from "./demo/program.ts";
import { blue, errorOf, SOCKET, story, type Yard } from "./support/instance.ts";
import { reaches } from "./support/talk.ts";
import { sideBySide } from "../support/side-by-side.ts";

const test = sideBySide("address pool");
const NAME = ["--name", "lab"];
const pooled = (name: string, network = "blue") => ({ name, network, tap: { namespace: name, interface: "eth0" } });
const lab = { name: "lab", networks: [blue], ports: [pooled("left"), pooled("right")] };
const LENT = { left: ["10.77.0.1", "fd77::1"], right: ["10.77.0.2", "fd77::2"] };

async function shown(yard: Yard): Promise<Record<string, string[]>> {
  const ports: { name: string; addresses: string[] }[] = await yard.json("show", "ports", ...NAME);
  return Object.fromEntries(ports.map(({ name, addresses }) => [name, addresses]));
}

/** Index of the device, and the addresses that its container sees on it. */
function device(yard: Yard, container: string): { index: number; addresses: string[] } {
  const [{ ifindex, addr_info }] = JSON.parse(yard.machine.tool("ip", "-n", container, "-json", "address", "show", "eth0"));
  const global = addr_info.filter(({ scope }: { scope: string }) => scope === "global");
  return { index: ifindex, addresses: global.map((each: { local: string; prefixlen: number }) => `${each.local}/${each.prefixlen}`) };
}

const containers = ["left", "right"];
const devices = (yard: Yard) => containers.map((name) => device(yard, name));

test(
  ...story("two of them have the first addresses of both families, and talk", async (yard) => {
    const up = await yard.up(lab);
    assert.equal(await shown(yard), LENT);
    assert.equal(
      devices(yard).map(({ addresses }) => addresses.sort()),
      [
        ["10.77.0.1/24", "fd77::1/64"],
        ["10.77.0.2/24", "fd77::2/64"],
      ],
    );
    assert.ok(await reaches(yard.machine, "left", "right", "10.77.0.2"));
    assert.ok(await reaches(yard.machine, "right", "left", "fd77::1"));
    await up.stop("SIGTERM");
  }),
);

/** Each end of an agent, after which the next one finds the same ports. */
const ends: [string, (yard: Yard, up: Program) => Promise<string[]>][] = [
  [
    "is told to keep everything",
    async (_yard, up) => {
      assert.is((await up.stop("SIGTERM")).code, 0);
      return [];
    },
  ],
  [
    "is killed",
    async (_yard, up) => {
      await up.kill();
      return [];
    },
  ],
  [
    "is killed with its forwarder",
    async (yard, up) => {
      const { forwarderPid } = (await ask(yard.machine.path(SOCKET), "GET", "/v1/version")).body;
      await up.kill();
      yard.machine.tool("kill", "-9", String(forwarderPid));
      return [];
    },
  ],
  ["is replaced", async () => ["--replace"]],
];
for (const [how, end] of ends) {
  test(
    ...story(`they keep addresses and devices when the agent ${how}, also where the file now names them in another order`, async (yard) => {
      const first = await yard.up(lab, "--keep");
      const before = devices(yard);
      const options = await end(yard, first);
      const second = await yard.up({ ...lab, ports: [pooled("right"), pooled("left")] }, ...options);
      await first.ended;
      assert.equal(await shown(yard), LENT);
      assert.equal(devices(yard), before);
      assert.ok(await reaches(yard.machine, "left", "right", "10.77.0.2"));
      await second.stop("SIGTERM");
    }),
  );
}

test(
  ...story("one that the API made keeps its address over down, and a port of the file gets another", async (yard) => {
    const first = await yard.up({ ...lab, ports: [] });
    const { status, body } = await ask(yard.machine.path(SOCKET), "POST", "/v1/ports", pooled("right"));
    assert.equal([status, body.addresses], [201, ["10.77.0.1", "fd77::1"]]);
    await yard.json("down", ...NAME);
    await first.ended;
    const second = await yard.up({ ...lab, ports: [pooled("left")] });
    assert.equal(await shown(yard), { left: ["10.77.0.2", "fd77::2"], right: ["10.77.0.1", "fd77::1"] });
    assert.ok(await reaches(yard.machine, "left", "right", "10.77.0.1"));
    await second.stop("SIGTERM");
    await yard.json("down", ...NAME, "--purge");
  }),
);

test(
  ...story("where the subnet has none left the start is refused, and so is a request", async (yard) => {
    const tiny = { name: "tiny", subnet: "10.0.0.0/30" };
    const config = { name: "lab", networks: [tiny], ports: [pooled("left", "tiny"), pooled("right", "tiny")] };
    const { code, stderr } = await yard.run("up", "--config", yard.file(config), "--json");
    const error = errorOf({ code, signal: null, stderr, stdout: "" });
    assert.equal([code, error.code, error.value], [1, "pool-exhausted", "10.0.0.0/30"]);
    const up = await yard.up({ ...config, ports: [pooled("left", "tiny")] });
    const { status, body } = await ask(yard.machine.path(SOCKET), "POST", "/v1/ports", pooled("right", "tiny"));
    assert.equal([status, body.error.code], [409, "pool-exhausted"]);
    await up.stop("SIGTERM");
  }),
);

test.run();
