/** An agent's host from its start to its end, however that comes: what was changed is put back once nobody needs it (support/world.ts draws the host). */
import * as assert from "uvu/assert";
import { ask } from "../../../test/agent/support/yard.ts";
import { scale } from "../../../test/scale.ts";
import { SOCKET, type Yard } from "../support/instance.ts";
import { assertListedAs, green, hostListing, isSilent, lab, pings, right, settled, WORLD } from "../support/world.ts";
import { worldStory } from "../support/world-story.ts";
import { sideBySide } from "../../support/side-by-side.ts";

const test = sideBySide("lifetimes of the host");
const NAME = ["--name", "lab"];

const _hasTable = ({ machine }: Yard) => machine.tool("nft", "-s", "list", "ruleset").includes("table inet portyard-lab");
const forwarderOf = async (yard: Yard) => (await ask(yard.machine.path(SOCKET), "GET", "/v1/version")).body.forwarderPid;
const _hostPortIndex = (yard: Yard) => JSON.parse(yard.machine.tool("ip", "-json", "link", "show", "py-blue"))[0].ifindex;

test(
  ...worldStory("down takes everything back", async (yard, before) => {
    const up = await yard.up(lab);
    assert.is.not(hostListing(yard.machine).join("\n"), before.join("\n"));
    await yard.json("down", ...NAME);
    assert.is((await up.ended).code, 0);
    assertListedAs(before, yard.machine);
  }),
);

test(
  ...worldStory(`after a kill -9 of agent and forwarder down does, ${scale.successions} times`, async (yard, before) => {
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
  ...worldStory("settings that differed from interface to interface differ again afterwards", async (yard) => {
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
  ...worldStory("of two instances the last one turns forwarding off", async (yard) => {
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

test.run();
