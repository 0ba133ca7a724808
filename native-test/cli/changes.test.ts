/** `portyard port`, `network` and `reload` against a running instance: what they print, what they change, and what they leave alone.
 *
 *      left eth0 ── TAP ── portyard up ── TAP ── eth0 right          left is the file's, right comes and goes              */
import { renameSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import * as assert from "uvu/assert";
import { scale } from "../../test/scale.ts";
import { devicesIn, errorOf, lab, left, right, story, type Yard } from "./support/instance.ts";
import { reaches } from "./support/talk.ts";
import { sideBySide } from "../support/side-by-side.ts";

const test = sideBySide("changes");
const NAME = ["--name", "lab"];
const ONE = { ...lab, ports: [left] };

async function fails(yard: Yard, ...words: string[]): Promise<ReturnType<typeof errorOf>> {
  const end = await yard.run(...words, ...NAME, "--json");
  assert.is(end.code, 1, end.stdout);
  return errorOf(end);
}

async function says(yard: Yard, ...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await yard.run(...words, ...NAME);
  assert.is(code, 0, stderr);
  return stdout;
}

const portNamed = async (yard: Yard, name: string) => (await yard.json("show", "ports", ...NAME, "--port", name))[0];

test(
  ...story("a port is added by options, changes while it forwards, is made anew and goes", async (yard) => {
    const up = await yard.up(ONE);
    assert.is(
      await says(yard, "port", "add", "right", "--network", "blue", "--tap", "right:eth0", "--address", "10.77.0.3"),
      "Port right forwards.\n",
    );
    assert.ok(await reaches(yard.machine, "left", "right", "10.77.0.3"));
    const before = await portNamed(yard, "right");
    assert.is(await says(yard, "port", "set", "right", "--mac-limit", "3", "--address", "10.77.0.9"), "Port right is changed.\n");
    const after = await portNamed(yard, "right");
    assert.equal([after.addresses, after.generation], [["10.77.0.3", "10.77.0.9"], before.generation]);
    assert.ok(after.receivedFrames >= before.receivedFrames);
    assert.ok(await reaches(yard.machine, "left", "right", "10.77.0.3"));
    const { code, value } = await fails(yard, "port", "set", "right", "--mac", "02:00:00:00:00:0d");
    assert.equal([code, value], ["recreate-needed", "right"]);
    await says(yard, "port", "set", "right", "--tap", "right:net0", "--recreate");
    const anew = await portNamed(yard, "right");
    assert.equal([anew.mac, anew.addresses, anew.state], [before.mac, after.addresses, "up"]);
    assert.equal(devicesIn(yard.machine, "right"), ["lo", "net0"]);
    assert.ok(await reaches(yard.machine, "left", "right", "10.77.0.3"));
    // on failure it forwards on as it was
    assert.is((await fails(yard, "port", "set", "right", "--tap", "absent:eth0", "--recreate")).code, "namespace-missing");
    assert.is((await fails(yard, "port", "set", "right", "--address", "10.77.0.2")).code, "bad-configuration");
    assert.equal((await portNamed(yard, "right")).generation, anew.generation);
    assert.ok(await reaches(yard.machine, "left", "right", "10.77.0.3"));
    assert.is(await says(yard, "port", "remove", "right"), "Port right is gone.\n");
    assert.equal(devicesIn(yard.machine, "right"), ["lo"]);
    await up.stop("SIGTERM");
  }),
);

test(
  ...story("a network and a port are added whole, by text and by a file, and survive a restart", async (yard) => {
    const up = await yard.up(ONE);
    await says(yard, "network", "add", "{ name: green, subnet: 10.78.0.0/24, mtu: 1400 }");
    const port = { name: "g", network: "green", tap: { namespace: "right", interface: "eth1", address: "10.78.0.2" } };
    await says(yard, "port", "add", "--file", yard.file(port));
    assert.is((await fails(yard, "network", "remove", "green")).code, "network-in-use");
    await up.stop("SIGTERM");
    const again = await yard.up(ONE);
    assert.equal([(await portNamed(yard, "g")).state, (await portNamed(yard, "g")).mtu], ["up", 1400]);
    for (const words of [
      ["port", "remove", "left"],
      ["port", "set", "left", "--mac-limit", "3"],
      ["network", "remove", "blue"],
    ])
      assert.is((await fails(yard, ...words)).code, "owned-by-file");
    assert.equal(await yard.json("port", "remove", "g", ...NAME), { name: "g", removed: true });
    assert.equal(await yard.json("network", "remove", "green", ...NAME), { name: "green", removed: true });
    assert.is((await fails(yard, "network", "remove", "green")).code, "network-missing");
    await again.stop("SIGTERM");
  }),
);

test(
  ...story("what is no object is refused before the agent is asked", async (yard) => {
    const { code, remedy } = await fails(yard, "port", "add", "{ name: ");
    assert.is(code, "bad-request");
    assert.match(remedy ?? "", "name: a");
    assert.is((await fails(yard, "port", "add", "--file", "/absent")).code, "configuration-unreadable");
    assert.is((await fails(yard, "port", "add", "x", "--network", "blue")).code, "agent-missing");
    assert.is((await yard.run("port", "add", "t", "--trunk", "blue", ...NAME)).code, 2);
  }),
);

/** Replaces the file as editors do. */
function rewrite(path: string, config: unknown): void {
  writeFileSync(`${path}.new`, JSON.stringify(config), { mode: 0o644 });
  renameSync(`${path}.new`, path);
}

async function upWithFile(yard: Yard, config: unknown) {
  const path = yard.file(config);
  const up = yard.start(["up", "--config", path, "--log-level", "info"]);
  await up.prints("ready");
  return { up, path };
}

test(
  ...story("reload prints what differs and does it; --dry-run only prints", async (yard) => {
    const { up, path } = await upWithFile(yard, ONE);
    assert.is(await says(yard, "reload"), "");
    rewrite(path, {
      ...lab,
      networks: [{ ...lab.networks[0], macAgeSeconds: 60 }, { name: "plain" }],
      ports: [{ ...left, macLimit: 5 }, right],
    });
    const printed = "~ network blue: macAgeSeconds\n+ network plain\n~ port left: macLimit\n+ port right\n";
    assert.is(await says(yard, "reload", "--dry-run"), printed);
    assert.is(await says(yard, "reload", "--check"), printed);
    assert.equal(devicesIn(yard.machine, "right"), ["lo"]);
    assert.is(await says(yard, "reload"), printed);
    assert.ok(await reaches(yard.machine, "left", "right", "10.77.0.3"));
    rewrite(path, { ...lab, workers: 3 });
    const refused = await fails(yard, "reload");
    assert.equal([refused.code, refused.path, refused.value], ["reload-refused", "workers", 3]);
    assert.match(refused.remedy ?? "", "--replace");
    const other = yard.file({ ...lab, ports: [right, { ...left, mac: "02:00:00:00:00:0d" }] });
    assert.equal((await yard.json("reload", "--config", other, ...NAME)).changes.length, 3);
    // the other file is the agent's from now on
    rewrite(other, lab);
    assert.is(await says(yard, "reload"), "~ port left: mac (anew)\n");
    await up.stop("SIGTERM");
  }),
);

test(
  ...story("SIGHUP reloads; one that is impossible is logged, and nothing changes", async (yard) => {
    const { up, path } = await upWithFile(yard, ONE);
    rewrite(path, lab);
    up.child.kill("SIGHUP");
    await up.prints('"msg":"reloaded"');
    assert.ok(await reaches(yard.machine, "left", "right", "10.77.0.3"));
    rewrite(path, { ...ONE, ports: [{ ...right, tap: { ...right.tap, namespace: "absent" } }] });
    up.child.kill("SIGHUP");
    await up.prints("nothing was changed");
    assert.ok(await reaches(yard.machine, "left", "right", "10.77.0.3"));
    assert.is((await up.stop("SIGTERM")).code, 0);
  }),
);

test(
  ...story("a reload makes a port anew that was gone, when its namespace is there again", async (yard) => {
    const { up } = await upWithFile(yard, lab);
    yard.machine.tool("ip", "netns", "del", "right");
    for (const end = performance.now() + scale.nativePatienceMilliseconds; ; await delay(10)) {
      const { state, desired, error } = await portNamed(yard, "right");
      if (state === "gone") {
        assert.equal([desired, error.code], ["up", "EBADFD"]);
        assert.match(error.remedy, "portyard reload");
        break;
      }
      assert.ok(performance.now() < end);
    }
    assert.match(await says(yard, "show", "ports"), /right .* gone: EBADFD /);
    assert.is(await says(yard, "reload"), ""); // it cannot be had yet, which is in nobody's way
    yard.machine.tool("ip", "netns", "add", "right");
    assert.is(await says(yard, "reload"), "~ port right (anew)\n");
    assert.ok(await reaches(yard.machine, "left", "right", "10.77.0.3"));
    await up.stop("SIGTERM");
  }),
);

test(
  ...story("a network of the file stays while a port of the API is in it", async (yard) => {
    const { up, path } = await upWithFile(yard, ONE);
    await says(yard, "port", "add", "right", "--network", "blue", "--tap", "right", "--address", "10.77.0.3");
    rewrite(path, { ...lab, networks: [], ports: [] });
    const gone = await fails(yard, "reload");
    assert.equal([gone.code, gone.value], ["network-in-use", "blue"]);
    assert.match(gone.message, "right");
    rewrite(path, lab);
    assert.equal((await fails(yard, "reload")).code, "name-taken");
    await says(yard, "port", "remove", "right");
    assert.is(await says(yard, "reload"), "+ port right\n");
    await up.stop("SIGTERM");
  }),
);

test(
  ...story("a port that was lent an address keeps it over changes, reloads and its making anew", async (yard) => {
    const { address: _none, ...tap } = right.tap;
    const lent = { ...right, tap };
    const { up, path } = await upWithFile(yard, { ...lab, ports: [left, lent] });
    const { addresses } = await portNamed(yard, "right");
    assert.is(addresses.length, 2);
    assert.is(await says(yard, "reload"), "");
    for (const [next, printed] of [
      [{ ...lent, macLimit: 9 }, "~ port right: macLimit\n"],
      [{ ...lent, macLimit: 9, tap: { ...tap, offload: false } }, "~ port right: tap.offload (anew)\n"],
    ] as const) {
      rewrite(path, { ...lab, ports: [left, next] });
      assert.is(await says(yard, "reload"), printed);
      assert.equal((await portNamed(yard, "right")).addresses, addresses);
      assert.ok(await reaches(yard.machine, "left", "right", addresses[0]));
    }
    await up.stop("SIGTERM");
  }),
);

test.run();
