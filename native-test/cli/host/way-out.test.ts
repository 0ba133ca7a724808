/** Containers and the world outside, through a host whose FORWARD chain drops (support/world.ts draws it). */
import * as assert from "uvu/assert";
import { ask } from "../../../test/agent/support/yard.ts";
import { scale } from "../../../test/scale.ts";
import { SOCKET, type Yard } from "../support/instance.ts";
import {
  answering,
  asks,
  assertListedAs,
  blue,
  green,
  HOST,
  hostListing,
  isSilent,
  lab,
  left,
  pings,
  right,
  settled,
  WORLD,
} from "../support/world.ts";
import { worldStory } from "../support/world-story.ts";
import { sideBySide } from "../../support/side-by-side.ts";

const test = sideBySide("way out");
const FAMILIES = [4, 6] as const;

/** A story in a world that answers. */
function inWorld(name: string, tell: (yard: Yard) => Promise<void>): ReturnType<typeof worldStory> {
  return worldStory(name, async (yard) => {
    const world = await answering(yard.machine, "world");
    await tell(yard);
    await world.kill();
  });
}

test(
  ...inWorld("TCP, UDP and ping get out over both families, and the world sees the host", async (yard) => {
    const up = await yard.up(lab);
    await settled(yard.machine, "left");
    for (const family of FAMILIES) {
      assert.is(await pings(yard.machine, "left", WORLD[family]), 3, `ping over IPv${family}`);
      for (const protocol of ["tcp", "udp"] as const) {
        assert.is(await asks(yard.machine, "left", protocol, WORLD[family]), `${HOST[family]} 100`, `${protocol} over IPv${family}`);
      }
      const bytes = scale.streamMegabytes * 1_000_000;
      assert.is(await asks(yard.machine, "left", "tcp", WORLD[family], bytes), `${HOST[family]} ${bytes}`);
    }
    await up.stop("SIGTERM");
  }),
);

test(
  ...inWorld("host and container reach each other by their own addresses", async (yard) => {
    const up = await yard.up(lab);
    await settled(yard.machine, "left");
    for (const [gateway, container] of [
      ["10.77.0.1", "10.77.0.2"],
      ["fd77::1", "fd77::2"],
    ] as const) {
      assert.is(await pings(yard.machine, "left", gateway), 3, gateway);
      assert.is(await pings(yard.machine, "", container), 3, container);
    }
    const [port] = (await yard.json("show", "ports", "--name", "lab")).filter(({ kind }: { kind: string }) => kind === "host");
    assert.equal([port.name, port.network, port.state, port.addresses, port.owner], ["py-blue", "blue", "up", blue.gateway, "file"]);
    const drops: { reason: string }[] = await yard.json("show", "drops", "--name", "lab");
    assert.not.ok(
      drops.some(({ reason }) => reason === "spoofed-source"),
      "the world's addresses are no false senders",
    );
    await up.stop("SIGTERM");
  }),
);

test(
  ...inWorld("nobody gets in who was not asked", async (yard) => {
    const up = await yard.up(lab);
    await settled(yard.machine, "left");
    yard.machine.tool("ip", "-n", "world", "route", "add", "10.77.0.0/24", "via", HOST[4]);
    yard.machine.tool("ip", "-n", "world", "route", "add", "fd77::/64", "via", HOST[6]);
    const inside = await answering(yard.machine, "left");
    for (const address of ["10.77.0.2", "fd77::2"]) {
      assert.ok(await isSilent(yard.machine, "world", address), address);
      assert.is(await asks(yard.machine, "world", "tcp", address, 1, scale.quietMilliseconds), "silence");
    }
    assert.is(await pings(yard.machine, "left", WORLD[4]), 3, "the other way is open");
    await inside.kill();
    for (const subnet of ["10.77.0.0/24", "fd77::/64"]) yard.machine.tool("ip", "-n", "world", "route", "del", subnet);
    await up.stop("SIGTERM");
  }),
);

test(
  ...inWorld("an internal network reaches its host and nothing behind it", async (yard) => {
    const up = await yard.up({ ...lab, networks: [{ ...blue, internal: true }] });
    await settled(yard.machine, "left");
    assert.is(yard.machine.tool("ip", "-n", "left", "route", "show", "default"), "");
    for (const gateway of blue.gateway) {
      assert.is(await pings(yard.machine, "left", gateway), 3, gateway);
      yard.machine.tool("ip", "-n", "left", "route", "add", "default", "via", gateway);
    }
    yard.machine.tool("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward");
    for (const family of FAMILIES) assert.ok(await isSilent(yard.machine, "left", WORLD[family]), `IPv${family}`);
    yard.machine.tool("sh", "-c", "echo 0 > /proc/sys/net/ipv4/ip_forward");
    await up.stop("SIGTERM");
  }),
);

test(
  ...inWorld("two networks get out and do not reach each other", async (yard) => {
    const up = await yard.up({ name: "lab", networks: [blue, green], ports: [left, right] });
    await settled(yard.machine, "left", "right");
    for (const container of ["left", "right"]) {
      for (const family of FAMILIES) assert.is(await pings(yard.machine, container, WORLD[family]), 3);
    }
    assert.ok(await isSilent(yard.machine, "left", "10.78.0.2"));
    assert.ok(await isSilent(yard.machine, "right", "fd77::2"));
    await up.stop("SIGTERM");
  }),
);

test(
  ...inWorld("interfaces of the host that did not forward to each other still do not", async (yard) => {
    const up = await yard.up(lab);
    for (const line of [
      "netns add other",
      "link add far type veth peer name eth0 netns other",
      "address add 198.51.100.1/24 dev far",
      "link set far up",
      "-n other address add 198.51.100.2/24 dev eth0",
      "-n other link set eth0 up",
      "-n other route add default via 198.51.100.1",
      `-n world route add default via ${HOST[4]}`,
    ])
      yard.machine.tool("ip", ...line.split(" "));
    yard.machine.tool("iptables", "-P", "FORWARD", "ACCEPT");
    assert.is(await pings(yard.machine, "other", WORLD[4]), 3, "one that came later is not ours to judge");
    await up.stop("SIGTERM");
    yard.machine.tool("sh", "-c", "echo 0 > /proc/sys/net/ipv4/conf/far/forwarding");
    const again = await yard.up(lab);
    assert.ok(await isSilent(yard.machine, "other", WORLD[4]));
    await settled(yard.machine, "left");
    assert.is(await pings(yard.machine, "left", WORLD[4]), 3);
    await again.stop("SIGTERM");
    yard.machine.tool("iptables", "-P", "FORWARD", "DROP");
    for (const line of ["link del far", "netns del other", "-n world route del default"]) yard.machine.tool("ip", ...line.split(" "));
  }),
);

test(
  ...inWorld("a network that the API makes has a way out at once, and is gone with its rules when it is removed", async (yard) => {
    const up = await yard.up({ name: "lab" });
    const before = hostListing(yard.machine);
    const socket = yard.machine.path(SOCKET);
    assert.is((await ask(socket, "POST", "/v1/networks", blue)).status, 201);
    assert.is((await ask(socket, "POST", "/v1/ports", left)).status, 201);
    await settled(yard.machine, "left");
    for (const family of FAMILIES) assert.is(await pings(yard.machine, "left", WORLD[family]), 3);
    assert.is((await ask(socket, "DELETE", "/v1/ports/left")).status, 204);
    assert.is((await ask(socket, "DELETE", "/v1/networks/blue")).status, 204);
    assertListedAs(before, yard.machine);
    await up.stop("SIGTERM");
  }),
);

test(
  ...inWorld("a container that has a default route keeps it, ours stands behind it", async (yard) => {
    const config = {
      name: "lab",
      networks: [blue, green],
      ports: [left, { ...right, tap: { ...right.tap, namespace: "left", interface: "eth1" } }],
    };
    const up = await yard.up(config);
    const defaults = (family: string) => yard.machine.tool("ip", "-n", "left", family, "route", "show", "default").trim().split("\n");
    for (const [family, gateways] of [
      ["-4", ["10.77.0.1", "10.78.0.1"]],
      ["-6", ["fd77::1", "fd78::1"]],
    ] as const) {
      assert.equal(
        defaults(family).map((line) => line.split(" ")[2]),
        gateways,
        family,
      );
    }
    await settled(yard.machine, "left");
    assert.is(await pings(yard.machine, "left", WORLD[4]), 3);
    yard.machine.tool("ip", "-n", "left", "link", "del", "eth0");
    assert.is(await pings(yard.machine, "left", WORLD[4]), 3, "by the other one");
    await up.stop("SIGTERM");
  }),
);

test.run();
