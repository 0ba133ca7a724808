/** One agent after another under one name: after a death, after `--keep`, and by `--replace` while the old one runs. The
 *  forwarder and the devices in the containers are the same all the time.
 *
 *      left eth0 ── TAP ── forwarder (agent 1, then agent 2) ── TAP ── eth0 right                                       */
import { setTimeout as delay } from "node:timers/promises";
import * as assert from "uvu/assert";
import { ask } from "../../test/agent/support/yard.ts";
import { scale } from "../../test/scale.ts";
import { devicesIn, errorOf, lab, left, right, SOCKET, story, type Yard } from "./support/instance.ts";
import { reaches } from "./support/talk.ts";
import { sideBySide } from "../support/side-by-side.ts";

const test = sideBySide("succession");
const NAME = ["--name", "lab"];

async function forwarderOf(yard: Yard): Promise<number> {
  return (await ask(yard.machine.path(SOCKET), "GET", "/v1/version")).body.forwarderPid;
}

/** Index of the device: the same as long as nobody made it anew. */
function deviceIndex(yard: Yard, namespace: string): number {
  return JSON.parse(yard.machine.tool("ip", "-n", namespace, "-json", "link", "show", "eth0"))[0].ifindex;
}

/** What must not change from one agent to the next. */
async function identity(yard: Yard): Promise<number[]> {
  return [await forwarderOf(yard), deviceIndex(yard, "left"), deviceIndex(yard, "right")];
}

/** Resolves when the agent runs again. */
async function runs(yard: Yard): Promise<void> {
  const state = async () => (await ask(yard.machine.path(SOCKET), "GET", "/v1/version").catch(() => null))?.body.state;
  for (const end = performance.now() + scale.nativePatienceMilliseconds; (await state()) !== "running"; await delay(10)) {
    assert.ok(performance.now() < end, "the agent did not come back");
  }
}

const forwards = (yard: Yard) => reaches(yard.machine, "left", "right", "10.77.0.3");

test(
  ...story("after a kill -9 the next up takes over, with the API's objects, and ends all at its own end", async (yard) => {
    const first = await yard.up({ ...lab, ports: [left] });
    assert.is((await ask(yard.machine.path(SOCKET), "POST", "/v1/ports", right)).status, 201);
    const before = await identity(yard);
    await first.kill();
    assert.ok(await forwards(yard));
    const second = await yard.up({ ...lab, ports: [left] });
    assert.equal(await identity(yard), before);
    assert.ok(await forwards(yard));
    assert.is((await ask(yard.machine.path(SOCKET), "DELETE", "/v1/ports/right")).status, 204);
    assert.equal(devicesIn(yard.machine, "right"), ["lo"]);
    await second.stop("SIGTERM");
  }),
);

test(
  ...story("--keep ends the agent alone, and down ends the rest", async (yard) => {
    const first = await yard.up(lab, "--keep");
    const before = await identity(yard);
    assert.is((await first.stop("SIGTERM")).code, 0);
    assert.ok(await forwards(yard));
    const second = await yard.up(lab, "--keep");
    assert.equal(await identity(yard), before);
    assert.is((await second.stop("SIGINT")).code, 0);
    const { was, forwarder } = await yard.json("down", ...NAME);
    assert.equal([was, forwarder], ["dead", before[0]]);
  }),
);

test(
  ...story("--replace takes over from an agent that runs, which then ends", async (yard) => {
    const first = await yard.up();
    const before = await identity(yard);
    const second = await yard.up(lab, "--replace");
    assert.is((await first.ended).code, 0);
    assert.equal(await identity(yard), before);
    assert.ok(await forwards(yard));
    await second.stop("SIGTERM");
  }),
);

const absent = { ...right, name: "third", tap: { namespace: "absent", interface: "eth0", address: "10.77.0.9" } };
/** The first is met in the middle, the second as the very last. */
const WRONG = [
  ["for a port", { ...lab, ports: [left, right, absent] }, "namespace-missing"],
  ["for Docker's socket", { ...lab, docker: { socket: "/run/taken.sock" } }, "socket-taken"],
] as const;

for (const [into, ...options] of [["the same tables"], ["tables of another layout", "--workers", "2"]] as string[][])
  for (const [why, wrong, reason] of WRONG) test(...failedTakeover(`into ${into} that fails ${why}`, wrong, reason, options));

function failedTakeover(what: string, wrong: object, reason: string, options: readonly string[]) {
  return story(`a takeover ${what} leaves the old agent running`, async (yard) => {
    const first = await yard.up();
    yard.machine.tool("touch", "/run/taken.sock");
    const before = await identity(yard);
    const { code, stderr } = await yard.run("up", "--config", yard.file(wrong), "--replace", "--json", ...options);
    assert.is(code, 1);
    assert.is(errorOf({ code, signal: null, stderr, stdout: "" }).code, reason);
    await first.prints("no successor came up");
    await runs(yard);
    assert.equal(await identity(yard), before);
    assert.ok(await forwards(yard));
    assert.equal((await yard.json("show", "ports", ...NAME)).length, 2);
    await first.stop("SIGTERM");
    yard.machine.tool("rm", "/run/taken.sock");
  });
}

test(
  ...story("when agent and forwarder are killed, up opens the devices in place", async (yard) => {
    const first = await yard.up();
    const [forwarder, ...devices] = await identity(yard);
    await first.kill();
    yard.machine.tool("kill", "-9", String(forwarder));
    const second = await yard.up();
    const [now, ...after] = await identity(yard);
    assert.is.not(now, forwarder);
    assert.equal(after, devices);
    assert.ok(await forwards(yard));
    const ports: { pinned: boolean }[] = await yard.json("show", "ports", ...NAME);
    assert.ok(ports.every(({ pinned }) => pinned));
    await second.stop("SIGTERM");
  }),
);

test(
  ...story("a configuration that differs ends what it does not name, with both dead as well", async (yard) => {
    const first = await yard.up();
    const forwarder = await forwarderOf(yard);
    await first.kill();
    yard.machine.tool("kill", "-9", String(forwarder));
    const second = await yard.up({ ...lab, ports: [{ ...left, macLimit: 9 }] });
    assert.equal(devicesIn(yard.machine, "left"), ["lo", "eth0"]);
    assert.equal(devicesIn(yard.machine, "right"), ["lo"]);
    await second.stop("SIGTERM");
  }),
);

test.run();
