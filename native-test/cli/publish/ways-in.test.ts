/** Published ports from everywhere: from outside, from the host and its loopback, from containers of the same network and of
 *  another one, and from the target itself (published-world.ts draws the host). */
import * as assert from "uvu/assert";
import { call } from "../support/call.ts";
import { HOST, settled, WORLD } from "../support/world.ts";
import { GATEWAY, inWorld, reaches, running } from "./published-world.ts";
import { sideBySide } from "../../support/side-by-side.ts";

const test = sideBySide("ways in by published ports");

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

test.run();
