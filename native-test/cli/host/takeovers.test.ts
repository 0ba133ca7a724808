/** A host from one agent to the next: the host port is the same all the time, or made anew where it is to be another one
 *  (support/world.ts draws the host). */
import * as assert from "uvu/assert";
import { ask } from "../../../test/agent/support/yard.ts";
import { SOCKET, type Yard } from "../support/instance.ts";
import { blue, isSilent, lab, pings, settled, WORLD } from "../support/world.ts";
import { worldStory } from "../support/world-story.ts";
import { sideBySide } from "../../support/side-by-side.ts";

const test = sideBySide("takeovers of the host");

const hasTable = ({ machine }: Yard) => machine.tool("nft", "-s", "list", "ruleset").includes("table inet portyard-lab");
const forwarderOf = async (yard: Yard) => (await ask(yard.machine.path(SOCKET), "GET", "/v1/version")).body.forwarderPid;
const hostPortIndex = (yard: Yard) => JSON.parse(yard.machine.tool("ip", "-json", "link", "show", "py-blue"))[0].ifindex;

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
    ...worldStory(`an agent that takes over ${how} keeps the host port, and no packet is lost`, async (yard) => {
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
  ...worldStory("when both are dead, up opens the host port in place", async (yard) => {
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
    ...worldStory(`a network that comes back ${about} after both died is made anew`, async (yard) => {
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
  ...worldStory("--keep leaves rules and forwarding, and the next agent watches them", async (yard) => {
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
