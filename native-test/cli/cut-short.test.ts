/** What an agent leaves that dies in the middle of a change, put there by hand: the next one clears it away, and nothing else.
 *
 *      left eth0 ── TAP ── portyard up          right: a device that stands in the state alone                          */
import { readFileSync, writeFileSync } from "node:fs";
import * as assert from "uvu/assert";
import { ask } from "../../test/agent/support/yard.ts";
import { devicesIn, lab, left, right, SOCKET, story, type Yard } from "./support/instance.ts";
import { reaches } from "./support/talk.ts";
import { sideBySide } from "../support/side-by-side.ts";

const test = sideBySide("cut short");
const ONE = { ...lab, ports: [left] };
const STATE = "/var/lib/portyard/lab/state.json";
const MAC = "02:00:00:00:00:0e";
const ghost = { name: "ghost", network: "blue", mac: MAC, tap: { namespace: "right", interface: "ghost", address: ["10.77.0.9/24"] } };

// biome-ignore lint/suspicious/noExplicitAny: what the test writes, it knows
function edit(yard: Yard, change: (state: any) => void): void {
  const path = yard.machine.path(STATE);
  const state = JSON.parse(readFileSync(path, "utf8"));
  change(state);
  writeFileSync(path, JSON.stringify(state));
}

/** A persistent TAP that nobody holds. */
function makeTap(yard: Yard, name: string, mac: string): void {
  yard.machine.tool("ip", "-n", "right", "tuntap", "add", name, "mode", "tap", "vnet_hdr");
  yard.machine.tool("ip", "-n", "right", "link", "set", name, "address", mac);
}

for (const [what, owner, wanted] of [
  ["a port that was to be the file's is removed when the file does not name it", "file", []],
  ["a port of the API's is made again in the place of its half", "api", ["ghost"]],
] as const) {
  test(
    ...story(what, async (yard) => {
      const first = await yard.up(ONE);
      const { forwarderPid } = (await ask(yard.machine.path(SOCKET), "GET", "/v1/version")).body;
      await first.kill();
      makeTap(yard, "ghost", MAC);
      edit(yard, (state) => state.ports.push({ owner, config: ghost }));
      const second = await yard.up(ONE);
      assert.equal(devicesIn(yard.machine, "right"), ["lo", ...wanted]);
      const { body } = await ask(yard.machine.path(SOCKET), "GET", "/v1/ports");
      assert.equal(
        body.map(({ name, state }: { name: string; state: string }) => `${name} ${state}`),
        ["left up", ...wanted.map((name) => `${name} up`)],
      );
      assert.is((await ask(yard.machine.path(SOCKET), "GET", "/v1/version")).body.forwarderPid, forwarderPid);
      if (wanted.length > 0) assert.ok(await reaches(yard.machine, "left", "right", "10.77.0.9"));
      await second.stop("SIGTERM");
      assert.is((await yard.run("down", "--name", "lab", "--purge")).code, 0);
    }),
  );
}

test(
  ...story("a device with another MAC is somebody else's and stays", async (yard) => {
    const first = await yard.up(ONE);
    await first.kill();
    makeTap(yard, "ghost", "02:00:00:00:00:0f");
    edit(yard, (state) => state.ports.push({ owner: "file", config: ghost }));
    const second = await yard.up(ONE);
    assert.equal(devicesIn(yard.machine, "right"), ["lo", "ghost"]);
    await second.stop("SIGTERM");
    yard.machine.tool("ip", "-n", "right", "link", "del", "ghost");
  }),
);

test(
  ...story("an interface that was silenced for a port without a record is as it was", async (yard) => {
    yard.machine.tool("ip", "link", "add", "near", "type", "veth", "peer", "name", "far");
    const first = await yard.up(ONE);
    await first.kill();
    yard.machine.tool("ip", "link", "set", "near", "arp", "off");
    const port = { name: "v", network: "blue", packet: { interface: "near" } };
    edit(yard, (state) => {
      state.ports.push({ owner: "file", config: port });
      state.interfaces.push({ interface: "near", isUp: false, hasArp: true, disableIpv6: "0" });
    });
    const second = await yard.up(ONE);
    assert.not.match(yard.machine.tool("ip", "link", "show", "near"), "NOARP");
    await second.stop("SIGTERM");
    yard.machine.tool("ip", "link", "del", "near");
  }),
);

test(
  ...story("of a port that was being made anew the one that is wanted is kept, and the other goes", async (yard) => {
    const first = await yard.up(lab);
    const { forwarderPid } = (await ask(yard.machine.path(SOCKET), "GET", "/v1/version")).body;
    await first.kill();
    makeTap(yard, "ghost", MAC);
    edit(yard, (state) => state.ports.push({ owner: "file", config: { ...ghost, name: right.name } }));
    const second = await yard.up(lab);
    assert.equal(devicesIn(yard.machine, "right"), ["lo", "eth0"]);
    assert.is((await ask(yard.machine.path(SOCKET), "GET", "/v1/version")).body.forwarderPid, forwarderPid);
    assert.ok(await reaches(yard.machine, "left", "right", "10.77.0.3"));
    await second.stop("SIGTERM");
  }),
);

test.run();
