/** What is led by published ports, and that nothing else is: ranges, addresses, families, networks, ports that come and go
 *  (published-world.ts draws the host). */
import * as assert from "uvu/assert";
import { ask } from "../../../test/agent/support/yard.ts";
import { SOCKET } from "../support/instance.ts";
import { blue, HOST, left, settled, WORLD } from "../support/world.ts";
import { config, fails, GATEWAY, inWorld, near, published, reaches, running, TARGET } from "./published-world.ts";
import { sideBySide } from "../../support/side-by-side.ts";

const test = sideBySide("what is led by published ports");

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
