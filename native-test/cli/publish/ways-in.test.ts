/** Published ports from everywhere, on a machine that plays a host whose FORWARD chain drops (support/world.ts draws it):
 *
 *   world 192.0.2.2 ── out 192.0.2.1 ┐                        ┌ py-blue ── forwarder ── left 10.77.0.2 (answers), near 10.77.0.3
 *                  127.0.0.1, ::1 lo ┴─ the machine, published ┴ py-green ── forwarder ── right 10.78.0.2                         */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ask } from "../../../test/agent/support/yard.ts";
import { SOCKET, story, type Yard } from "../support/instance.ts";
import { call } from "../support/call.ts";
import { answering, assertListedAs, blue, green, HOST, hostListing, left, makeWorld, right, settled, WORLD } from "../support/world.ts";

const test = suite("ways in by published ports");
const programs = ["iproute2", "tun", "nft", "iptables"] as const;
/** Where the answerer listens. */
const TARGET = 7008;

const near = { name: "near", network: "blue", tap: { namespace: "near", interface: "eth0", address: ["10.77.0.3", "fd77::3"] } };
const published = { ...left, publish: [`8080:${TARGET}`, `8080:${TARGET}/udp`] };
const config = { name: "lab", networks: [blue, green], ports: [published, near, right] };

type Address = string;
const PROTOCOLS = ["tcp", "udp"] as const;
const GATEWAY = { 4: "10.77.0.1", 6: "fd77::1" } as const;

function inWorld(name: string, tell: (yard: Yard) => Promise<void>): ReturnType<typeof story> {
  const body = async (yard: Yard) => {
    const { machine } = yard;
    await makeWorld(machine);
    machine.tool("ip", "netns", "add", "near");
    const before = hostListing(machine);
    await tell(yard);
    assertListedAs(before, machine);
    for (const line of ["link del out", "netns del world", "netns del near"]) machine.tool("ip", ...line.split(" "));
  };
  return story(name, body, { programs });
}

/** Asks by both protocols; the server must have seen `seen`. */
async function reaches(yard: Yard, from: string, address: Address, seen: string, port = 8080): Promise<void> {
  const answers = await Promise.all(PROTOCOLS.map((protocol) => call(yard.machine, { from, protocol, address, port })));
  assert.equal(answers, [`${seen} 100`, `${seen} 100`], `TCP and UDP from ${from || "the host"} to ${address} port ${port}`);
}

/** Both protocols are refused, or not answered. */
async function fails(yard: Yard, from: string, address: Address, port: number): Promise<void> {
  const answers = await Promise.all(PROTOCOLS.map((protocol) => call(yard.machine, { from, protocol, address, port, waitMs: 300 })));
  for (const answer of answers) assert.match(answer, /^(E[A-Z]+|silence)$/, `from ${from || "the host"} to ${address} port ${port}`);
}

/** An instance with something that answers in `left`. */
async function running(yard: Yard, given: object = config): Promise<() => Promise<void>> {
  const up = await yard.up(given);
  const server = await answering(yard.machine, "left");
  await settled(yard.machine, "left");
  return async () => {
    await server.kill();
    await up.stop("SIGTERM");
  };
}

test(
  ...inWorld("a client from outside is seen by its own address", async (yard) => {
    const stop = await running(yard);
    await reaches(yard, "world", HOST[4], WORLD[4]);
    await reaches(yard, "world", HOST[6], WORLD[6]);
    await stop();
  }),
);

test(
  ...inWorld("the host is seen by the address that it asked, or by the gateway's through the loopback proxy", async (yard) => {
    const stop = await running(yard);
    await reaches(yard, "", HOST[4], HOST[4]);
    await reaches(yard, "", HOST[6], HOST[6]);
    await reaches(yard, "", GATEWAY[4], GATEWAY[4]);
    await reaches(yard, "", "127.0.0.1", GATEWAY[4]);
    await reaches(yard, "", "::1", GATEWAY[6]);
    assert.is(
      await call(yard.machine, { from: "", protocol: "tcp", address: "127.0.0.1", port: 8080, bytes: 5_000_000 }),
      `${GATEWAY[4]} 5000000`,
    );
    assert.is(yard.machine.tool("cat", "/proc/sys/net/ipv4/conf/all/route_localnet").trim(), "0");
    await stop();
  }),
);

test(
  ...inWorld(
    "a container in the network, and the target itself, are seen as the gateway; one in another network as itself",
    async (yard) => {
      const stop = await running(yard);
      await settled(yard.machine, "near", "right");
      for (const from of ["near", "left"]) {
        await reaches(yard, from, HOST[4], GATEWAY[4]);
        await reaches(yard, from, HOST[6], GATEWAY[6]);
        await reaches(yard, from, GATEWAY[4], GATEWAY[4]);
      }
      await reaches(yard, "right", HOST[4], "10.78.0.2");
      await reaches(yard, "right", HOST[6], "fd78::2");
      await stop();
    },
  ),
);

test(
  ...inWorld("ranges, addresses and families are led as they are written, and nothing else is", async (yard) => {
    const publish = [
      `9000-9002:${TARGET - 1}-${TARGET + 1}`,
      `9000-9002:${TARGET - 1}-${TARGET + 1}/udp`,
      `${HOST[4]}:9100:${TARGET}`,
      `${HOST[4]}:9100:${TARGET}/udp`,
      `127.0.0.1:9200:${TARGET}`,
      `127.0.0.1:9200:${TARGET}/udp`,
      `[${HOST[6]}]:9300:${TARGET}`,
      `[${HOST[6]}]:9300:${TARGET}/udp`,
      `[::]:9400:${TARGET}`,
      `[::]:9400:${TARGET}/udp`,
    ];
    const stop = await running(yard, { ...config, ports: [{ ...left, publish }] });
    await reaches(yard, "world", HOST[4], WORLD[4], 9001);
    await fails(yard, "world", HOST[4], 9000);
    await fails(yard, "world", HOST[4], 9003);
    await reaches(yard, "world", HOST[4], WORLD[4], 9100);
    await fails(yard, "", "127.0.0.1", 9100);
    await reaches(yard, "", "127.0.0.1", GATEWAY[4], 9200);
    await fails(yard, "world", HOST[4], 9200);
    await reaches(yard, "world", HOST[6], WORLD[6], 9300);
    await fails(yard, "world", HOST[4], 9300);
    await reaches(yard, "world", HOST[6], WORLD[6], 9400);
    await reaches(yard, "", "::1", GATEWAY[6], 9400);
    await fails(yard, "world", HOST[4], 9400);
    await stop();
  }),
);

test(
  ...inWorld("what the world sends to a loopback address, or straight to a container, does not come through", async (yard) => {
    const stop = await running(yard, { ...config, ports: [{ ...published, publish: [...published.publish, `127.0.0.1:9200:${TARGET}`] }] });
    const { machine } = yard;
    machine.tool("ip", "-n", "world", "route", "add", "10.77.0.0/24", "via", HOST[4]);
    machine.tool("ip", "-n", "world", "route", "add", "127.9.0.0/16", "via", HOST[4], "dev", "eth0");
    machine.tool(
      "ip",
      "netns",
      "exec",
      "world",
      "sysctl",
      "-qw",
      "net.ipv4.conf.all.route_localnet=1",
      "net.ipv4.conf.eth0.route_localnet=1",
    );
    await fails(yard, "world", "10.77.0.2", TARGET);
    await fails(yard, "world", "127.9.0.1", 8080);
    await fails(yard, "world", "127.9.0.1", 9200);
    await reaches(yard, "world", HOST[4], WORLD[4]);
    await stop();
  }),
);

test(
  ...inWorld("a network publishes an address in it; a port without IPv6 is reached by ::1", async (yard) => {
    const network = { ...blue, publish: [`8080:10.77.0.2:${TARGET}`, `8080:10.77.0.2:${TARGET}/udp`] };
    const stop = await running(yard, { ...config, networks: [network], ports: [left] });
    await reaches(yard, "world", HOST[4], WORLD[4]);
    await reaches(yard, "", "127.0.0.1", GATEWAY[4]);
    await reaches(yard, "", "::1", GATEWAY[4]);
    await fails(yard, "world", HOST[6], 8080);
    const rows = await yard.json("show", "published", "--name", "lab");
    assert.equal(rows.slice(0, 2), [
      {
        network: "blue",
        port: null,
        protocol: "tcp",
        hostAddress: "0.0.0.0",
        hostPort: 8080,
        targetAddress: "10.77.0.2",
        targetPort: TARGET,
      },
      { network: "blue", port: null, protocol: "tcp", hostAddress: "::1", hostPort: 8080, targetAddress: "10.77.0.2", targetPort: TARGET },
    ]);
    await stop();
  }),
);

test(
  ...inWorld("a port that is removed is not reached any more, its rules are gone and its host port is free", async (yard) => {
    const { machine } = yard;
    const stop = await running(yard, { ...config, ports: [near] });
    const empty = machine.tool("nft", "-s", "list", "table", "inet", "portyard-lab");
    await fails(yard, "world", HOST[4], 8080);
    assert.is((await ask(machine.path(SOCKET), "POST", "/v1/ports", published)).status, 201);
    await settled(machine, "left");
    await reaches(yard, "world", HOST[4], WORLD[4]);
    await reaches(yard, "", "127.0.0.1", GATEWAY[4]);
    assert.is((await ask(machine.path(SOCKET), "DELETE", "/v1/ports/left")).status, 204);
    await fails(yard, "world", HOST[4], 8080);
    await fails(yard, "", "127.0.0.1", 8080);
    assert.is(machine.tool("nft", "-s", "list", "table", "inet", "portyard-lab"), empty);
    assert.is(machine.tool("ss", "-Hnltu", "sport = :8080"), "");
    await stop();
  }),
);

test.run();
