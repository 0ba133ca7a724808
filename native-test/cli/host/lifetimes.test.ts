/** An agent's host from its start to its end, however that comes, and from one agent to the next: what was changed is put back
 *  once nobody needs it (support/world.ts draws the host). */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ask } from "../../../test/agent/support/yard.ts";
import { scale } from "../../../test/scale.ts";
import { SOCKET, story, type Yard } from "../support/instance.ts";
import { assertListedAs, blue, green, hostListing, isSilent, lab, makeWorld, pings, right, settled, WORLD } from "../support/world.ts";

const test = suite("lifetimes of the host");
const NAME = ["--name", "lab"];
const programs = ["iproute2", "tun", "nft", "iptables", "ping"] as const;

function inWorld(name: string, tell: (yard: Yard, before: string[]) => Promise<void>): ReturnType<typeof story> {
  const body = async (yard: Yard) => {
    await makeWorld(yard.machine);
    const before = hostListing(yard.machine);
    await tell(yard, before);
    assertListedAs(before, yard.machine);
    for (const line of ["link del out", "netns del world"]) yard.machine.tool("ip", ...line.split(" "));
  };
  return story(name, body, { programs });
}

const hasTable = ({ machine }: Yard) => machine.tool("nft", "-s", "list", "ruleset").includes("table inet portyard-lab");
const forwarderOf = async (yard: Yard) => (await ask(yard.machine.path(SOCKET), "GET", "/v1/version")).body.forwarderPid;
const hostPortIndex = (yard: Yard) => JSON.parse(yard.machine.tool("ip", "-json", "link", "show", "py-blue"))[0].ifindex;

test(
  ...inWorld("down takes everything back", async (yard, before) => {
    const up = await yard.up(lab);
    assert.is.not(hostListing(yard.machine).join("\n"), before.join("\n"));
    await yard.json("down", ...NAME);
    assert.is((await up.ended).code, 0);
    assertListedAs(before, yard.machine);
  }),
);

test(
  ...inWorld(`after a kill -9 of agent and forwarder down does, ${scale.successions} times`, async (yard, before) => {
    for (let round = 0; round < scale.successions; round++) {
      const up = await yard.up(lab);
      const forwarder = await forwarderOf(yard);
      await up.kill();
      if (round % 2 === 0) yard.machine.tool("kill", "-9", String(forwarder));
      const { was, host, devices } = await yard.json("down", ...NAME);
      assert.equal([was, host], ["dead", true]);
      assert.ok(
        devices.some((device: { namespace: unknown; interface: string }) => device.namespace === null && device.interface === "py-blue"),
      );
      assertListedAs(before, yard.machine);
    }
  }),
);

test(
  ...inWorld("settings that differed from interface to interface differ again afterwards", async (yard) => {
    const { machine } = yard;
    const set = (path: string, value: string) => machine.tool("sh", "-c", `echo ${value} > /proc/sys/net/${path}`);
    set("ipv4/conf/out/forwarding", "1");
    set("ipv4/conf/default/forwarding", "1");
    set("ipv6/conf/out/accept_ra", "0");
    set("ipv6/conf/default/accept_ra", "2");
    const odd = hostListing(machine);
    const up = await yard.up(lab);
    assert.is(machine.tool("cat", "/proc/sys/net/ipv6/conf/lo/accept_ra").trim(), "2");
    assert.is(machine.tool("cat", "/proc/sys/net/ipv6/conf/out/accept_ra").trim(), "0");
    for (const [path, value] of [
      ["ipv4/conf/py-blue/rp_filter", "0"],
      ["ipv4/conf/py-blue/send_redirects", "0"],
      ["ipv6/conf/py-blue/accept_ra", "0"],
    ])
      assert.is(machine.tool("cat", `/proc/sys/net/${path}`).trim(), value, path);
    await up.stop("SIGTERM");
    assertListedAs(odd, machine);
    for (const [path, value] of [
      ["ipv4/conf/out/forwarding", "0"],
      ["ipv4/conf/default/forwarding", "0"],
      ["ipv6/conf/out/accept_ra", "1"],
      ["ipv6/conf/default/accept_ra", "1"],
    ] as const)
      set(path, value);
  }),
);

test(
  ...inWorld("of two instances the last one turns forwarding off", async (yard) => {
    const { machine } = yard;
    const one = await yard.up(lab);
    const two = await yard.up({ name: "other", networks: [green], ports: [right] });
    await settled(machine, "left", "right");
    assert.ok(await isSilent(machine, "left", "10.78.0.2"), "instances are isolated as networks are");
    await one.stop("SIGTERM");
    for (const family of [4, 6] as const) assert.is(await pings(machine, "right", WORLD[family]), 3);
    await two.stop("SIGTERM");
  }),
);

for (const [how, end] of [
  [
    "after its death",
    async (yard: Yard, first: { kill(): Promise<void> }) => {
      await first.kill();
      return yard.up(lab);
    },
  ],
  ["by --replace", (yard: Yard) => yard.up(lab, "--replace")],
] as const) {
  test(
    ...inWorld(`an agent that takes over ${how} keeps the host port, and no packet is lost`, async (yard) => {
      const first = await yard.up(lab);
      await settled(yard.machine, "left");
      const [index, forwarder] = [hostPortIndex(yard), await forwarderOf(yard)];
      const traffic = pings(yard.machine, "left", WORLD[4], 200);
      const second = await end(yard, first);
      assert.is(await traffic, 200);
      assert.equal([hostPortIndex(yard), await forwarderOf(yard)], [index, forwarder]);
      await second.stop("SIGTERM");
    }),
  );
}

test(
  ...inWorld("when both are dead, up opens the host port in place", async (yard) => {
    const first = await yard.up(lab);
    await settled(yard.machine, "left");
    const [index, forwarder] = [hostPortIndex(yard), await forwarderOf(yard)];
    await first.kill();
    yard.machine.tool("kill", "-9", String(forwarder));
    const second = await yard.up(lab);
    assert.is(hostPortIndex(yard), index);
    for (const family of [4, 6] as const) assert.is(await pings(yard.machine, "left", WORLD[family]), 3);
    await second.stop("SIGTERM");
  }),
);

for (const [about, networks] of [
  ["without its gateway", [{ ...blue, gateway: undefined }]],
  ["with another gateway", [{ ...blue, gateway: ["10.77.0.9", "fd77::9"] }]],
  ["as an internal one", [{ ...blue, internal: true }]],
] as const) {
  test(
    ...inWorld(`a network that comes back ${about} after both died is made anew`, async (yard) => {
      const first = await yard.up(lab);
      const forwarder = await forwarderOf(yard);
      await first.kill();
      yard.machine.tool("kill", "-9", String(forwarder));
      const second = await yard.up({ ...lab, networks });
      await settled(yard.machine, "left");
      const isOpen = networks[0].gateway !== undefined && !("internal" in networks[0]);
      assert.is(hasTable(yard), networks[0].gateway !== undefined);
      if (isOpen) assert.is(await pings(yard.machine, "left", WORLD[4]), 3);
      else assert.ok(await isSilent(yard.machine, "left", WORLD[4]));
      await second.stop("SIGTERM");
    }),
  );
}

test(
  ...inWorld("--keep leaves rules and forwarding, and the next agent watches them", async (yard) => {
    const first = await yard.up(lab, "--keep");
    await settled(yard.machine, "left");
    await first.stop("SIGTERM");
    assert.is(await pings(yard.machine, "left", WORLD[4]), 3);
    yard.machine.tool("nft", "delete", "table", "inet", "portyard-lab");
    const second = await yard.up(lab);
    assert.ok(hasTable(yard));
    await second.stop("SIGTERM");
  }),
);

test.run();
