/** An agent that is killed: its forwarder goes on, and `down` or the next `up` of that name removes what it left. */
import { readFileSync } from "node:fs";
import { request } from "node:http";
import * as assert from "uvu/assert";
import { ask } from "../../test/agent/support/yard.ts";
import { devicesIn, lab, left, right, SOCKET, story, type Yard } from "./support/instance.ts";
import { reaches } from "./support/talk.ts";
import { sideBySide } from "../support/side-by-side.ts";

const test = sideBySide("dead agent");
const NAME = ["--name", "lab"];

async function killed(yard: Yard, config: unknown = lab): Promise<void> {
  const up = await yard.up(config);
  await up.kill();
}

test(
  ...story("its forwarder goes on, and down removes forwarder, devices and files", async (yard) => {
    await killed(yard);
    assert.ok(await reaches(yard.machine, "left", "right", "10.77.0.3"));
    assert.equal(devicesIn(yard.machine, "left"), ["lo", "eth0"]);
    const { was, forwarder, devices, files } = await yard.json("down", ...NAME);
    assert.is(was, "dead");
    assert.ok(forwarder > 0);
    assert.equal(devices, [
      { namespace: "left", interface: "eth0" },
      { namespace: "right", interface: "eth0" },
    ]);
    assert.ok(files.includes("/run/portyard/lab/tables"));
  }),
);

test(
  ...story("the next up of its name takes the place over", async (yard) => {
    await killed(yard);
    const up = await yard.up();
    assert.ok(await reaches(yard.machine, "left", "right", "10.77.0.3"));
    const { stderr, code } = await up.stop("SIGTERM");
    assert.is(code, 0);
    assert.match(stderr, /taking over from an agent before this one/);
  }),
);

test(
  ...story("a device of the same name that is somebody else's stays", async (yard) => {
    await killed(yard);
    yard.machine.tool("ip", "-n", "left", "link", "del", "eth0");
    yard.machine.tool("ip", "-n", "left", "tuntap", "add", "eth0", "mode", "tap");
    const { devices } = await yard.json("down", ...NAME);
    assert.equal(devices, [{ namespace: "right", interface: "eth0" }]);
    assert.equal(devicesIn(yard.machine, "left"), ["lo", "eth0"]);
    yard.machine.tool("ip", "-n", "left", "link", "del", "eth0");
  }),
);

test(
  ...story("a namespace that is gone as well is no hindrance", async (yard) => {
    await killed(yard);
    yard.machine.tool("ip", "netns", "del", "left");
    assert.equal((await yard.json("down", ...NAME)).devices, [{ namespace: "right", interface: "eth0" }]);
    yard.machine.tool("ip", "netns", "add", "left");
  }),
);

/** Whether an interface is up, has ARP and has IPv6. */
function traits(yard: Yard, name: string): unknown[] {
  const [{ flags }] = JSON.parse(yard.machine.tool("ip", "-json", "link", "show", "dev", name)) as [{ flags: string[] }];
  const ipv6 = yard.machine.tool("cat", `/proc/sys/net/ipv6/conf/${name}/disable_ipv6`).trim();
  return [flags.includes("UP"), !flags.includes("NOARP"), ipv6];
}

test(
  ...story("the interface of a packet port is as it was before", async (yard) => {
    yard.machine.tool("ip", "link", "add", "near", "type", "veth", "peer", "name", "far");
    const before = traits(yard, "near");
    await killed(yard, { ...lab, ports: [left, { name: "v", network: "blue", packet: { interface: "near" } }] });
    assert.equal(traits(yard, "near"), [true, false, "1"]);
    await yard.json("down", ...NAME);
    assert.equal(traits(yard, "near"), before);
    yard.machine.tool("ip", "link", "del", "near");
  }),
);

test(
  ...story("what the API made survives the death; --purge forgets it", async (yard) => {
    const up = await yard.up({ ...lab, ports: [left] });
    assert.is((await ask(yard.machine.path(SOCKET), "POST", "/v1/ports", right)).status, 201);
    await up.kill();
    const state = yard.machine.path("/var/lib/portyard/lab/state.json");
    await yard.json("down", ...NAME);
    assert.equal(
      JSON.parse(readFileSync(state, "utf8")).ports.map(({ config }: { config: { name: string } }) => config.name),
      ["right"],
    );
    const again = await yard.up({ ...lab, ports: [left] });
    assert.ok(await reaches(yard.machine, "left", "right", "10.77.0.3"));
    await again.stop("SIGTERM");
    assert.is((await yard.json("down", ...NAME, "--purge")).purged, true);
  }),
);

test(
  ...story("an agent whose socket was removed is ended by its lock", async (yard) => {
    const up = await yard.up();
    yard.machine.tool("rm", SOCKET);
    assert.equal(await yard.json("down", ...NAME), { name: "lab", was: "running", purged: false });
    assert.is((await up.ended).code, 0);
  }),
);

test(
  ...story("whoever waits for an answer gets one or an end, not silence", async (yard) => {
    const up = await yard.up();
    const answer = new Promise((resolve) => {
      const call = request({ socketPath: yard.machine.path(SOCKET), path: "/v1/stop", method: "POST" });
      call.on("response", (response) => resolve(response.statusCode));
      call.on("error", (error: NodeJS.ErrnoException) => resolve(error.code));
      call.end();
    });
    assert.ok([200, "ECONNRESET"].includes((await answer) as never));
    await up.ended;
  }),
);

test.run();
