/** An instance from `up` to `down`, on a machine of the test's own (support/instance.ts): it forwards, it can be looked at,
 *  and whatever ends it, nothing is left. */
import { readFileSync } from "node:fs";
import * as assert from "uvu/assert";
import { blue, devicesIn, errorOf, lab, left, right, story } from "./support/instance.ts";
import { reaches } from "./support/talk.ts";
import { sideBySide } from "../support/side-by-side.ts";

const test = sideBySide("up and down");
const NAME = ["--name", "lab"];

test(
  ...story("two containers talk over IPv4 and IPv6, and every list shows them", async (yard) => {
    const up = await yard.up();
    assert.ok(await reaches(yard.machine, "left", "right", "10.77.0.3"));
    assert.ok(await reaches(yard.machine, "right", "left", "fd77::2"));
    const ports = await yard.json("show", "ports", ...NAME);
    assert.equal(
      ports.map(({ name, network, kind, state, mtu, owner }: never) => [name, network, kind, state, mtu, owner]),
      [
        ["left", "blue", "tap", "up", 1500, "file"],
        ["right", "blue", "tap", "up", 1500, "file"],
      ],
    );
    assert.ok(ports[0].receivedFrames > 0 && ports[0].sentFrames > 0 && ports[0].receivedBytes > 0 && ports[0].sentBytes > 0);
    const [network] = await yard.json("show", "networks", ...NAME);
    assert.equal([network.name, network.subnets, network.gateway, network.ports], ["blue", blue.subnet, null, ["left", "right"]]);
    const macs = await yard.json("show", "macs", ...NAME);
    assert.equal(
      macs.map(({ mac, port }: { mac: string; port: string }) => [mac, port]).sort(),
      ports.map(({ mac, name }: never) => [mac, name]).sort(),
    );
    for (const drop of await yard.json("show", "drops", ...NAME)) assert.ok(drop.reason && drop.port && drop.count > 0);
    const [worker] = await yard.json("show", "workers", ...NAME);
    assert.ok(worker.received > 0 && worker.sent > 0);
    assert.equal(await yard.json("down", ...NAME), { name: "lab", was: "running", purged: false });
    const { code, stdout } = await up.ended;
    assert.is(code, 0);
    assert.match(
      stdout,
      /^ready: lab forwards 2 ports in 1 network by (uring|syscall), forwarder \d+, socket \/run\/portyard\/lab\/agent\.sock\n$/,
    );
  }),
);

test(
  ...story("the interface in the container has the name, MAC, addresses and MTU that were asked for", async (yard) => {
    const config = {
      ...lab,
      networks: [{ ...blue, mtu: 9000 }],
      ports: [{ ...left, mac: "02:00:00:00:00:0c", tap: { ...left.tap, interface: "net0" } }],
    };
    const up = await yard.up(config);
    const [link] = JSON.parse(yard.machine.tool("ip", "-n", "left", "-json", "address", "show", "dev", "net0"));
    assert.equal([link.mtu, link.address, link.flags.includes("LOWER_UP")], [9000, "02:00:00:00:00:0c", true]);
    const addresses = link.addr_info.filter(({ scope }: { scope: string }) => scope === "global");
    assert.equal(
      addresses.map(({ local, prefixlen }: { local: string; prefixlen: number }) => `${local}/${prefixlen}`),
      ["10.77.0.2/24", "fd77::2/64"],
    );
    await up.stop("SIGTERM");
  }),
);

test(
  ...story("the forwarder is a process of its own, known by its command line", async (yard) => {
    const up = await yard.up(lab, "--json");
    const { stdout } = await yard.run("show", "workers", ...NAME, "--json");
    const [{ pid }] = JSON.parse(stdout);
    assert.is.not(pid, up.child.pid);
    assert.match(readFileSync(`/proc/${pid}/cmdline`, "latin1"), /portyard-forwarder/);
    await up.stop("SIGTERM");
  }),
);

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test(
    ...story(`${signal} ends it with status 0`, async (yard) => {
      const up = await yard.up();
      assert.is((await up.stop(signal)).code, 0);
    }),
  );

  test(
    ...story(`${signal} in the middle of the start takes everything back`, async (yard) => {
      const ports = Array.from({ length: 20 }, (_, index) => ({
        name: `p${index}`,
        network: "plain",
        tap: { namespace: "left", interface: `eth${index}` },
      }));
      const up = yard.start(["up", "--config", yard.file({ name: "lab", networks: [{ name: "plain" }], ports })]);
      await up.prints("forwarding");
      const { code, stdout } = await up.stop(signal);
      assert.equal([code, stdout.includes("ready")], [0, false]);
    }),
  );
}

for (const options of [
  ["--io", "syscall"],
  ["--isolation", "thread"],
  ["--workers", "2"],
  ["--spin", "50"],
]) {
  test(
    ...story(`up ${options.join(" ")}`, async (yard) => {
      const up = await yard.up(lab, ...options);
      assert.ok(await reaches(yard.machine, "left", "right", "10.77.0.3"));
      const workers = await yard.json("show", "workers", ...NAME);
      if (options[1] === "syscall") assert.is(workers[0].io, "syscall");
      if (options[0] === "--workers") assert.is(workers.length, 2);
      if (options[1] === "thread") assert.is(workers[0].pid, up.child.pid);
      assert.is((await up.stop("SIGTERM")).code, 0);
    }),
  );
}

test(
  ...story("two instances run side by side, each under its own name", async (yard) => {
    const one = await yard.up({ ...lab, ports: [left] });
    const two = await yard.up({ ...lab, ports: [right] }, "--name", "other");
    assert.equal(
      (await yard.json("show", "ports", "--name", "other")).map(({ name }: { name: string }) => name),
      ["right"],
    );
    await yard.json("down", "--name", "other");
    assert.is((await two.ended).code, 0);
    assert.equal(
      (await yard.json("show", "ports", ...NAME)).map(({ name }: { name: string }) => name),
      ["left"],
    );
    await one.stop("SIGTERM");
  }),
);

test(
  ...story("the log goes to a file, one JSON object a line, at the level that was asked for", async (yard) => {
    const path = `${yard.file({})}.log`;
    const up = await yard.up(lab, "--log-file", path, "--log-level", "debug");
    await reaches(yard.machine, "left", "right", "10.77.0.3");
    const { stderr } = await up.stop("SIGTERM");
    const lines = readFileSync(path, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.is(stderr, "");
    assert.ok(lines.some(({ part, msg }) => part === "forwarder" && msg === "forwarding"));
    assert.ok(lines.some(({ msg }) => msg === "agent stopped"));
    assert.ok(lines.every(({ level, time, instance }) => level && time && instance === "lab"));
  }),
);

test(
  ...story("a log that cannot be written and an output that nobody reads end nothing", async (yard) => {
    const up = yard.start(["up", "--config", yard.file(lab), "--log-file", "/dev/full"]);
    up.child.stdout.destroy();
    while ((await yard.run("show", "ports", ...NAME)).code !== 0) await new Promise(setImmediate);
    assert.ok(await reaches(yard.machine, "left", "right", "10.77.0.3"));
    assert.equal(await yard.json("down", ...NAME), { name: "lab", was: "running", purged: false });
    assert.is((await up.ended).code, 0);
  }),
);

test(
  ...story("a namespace that goes takes its port out of service, and the end is clean", async (yard) => {
    yard.machine.tool("ip", "netns", "add", "third");
    const third = { name: "third", network: "blue", tap: { namespace: "third", interface: "eth0", address: ["10.77.0.4"] } };
    const up = await yard.up({ ...lab, ports: [left, right, third] });
    yard.machine.tool("ip", "netns", "del", "third");
    await up.prints('"msg":"port down"');
    const port = (await yard.json("show", "ports", ...NAME, "--port", "third"))[0];
    assert.equal([port.state, port.error.code], ["gone", "EBADFD"]);
    assert.ok(await reaches(yard.machine, "left", "right", "10.77.0.3"));
    assert.is((await up.stop("SIGTERM")).code, 0);
  }),
);

test(
  ...story("down without an instance says so and is no failure", async (yard) => {
    assert.equal(await yard.json("down", ...NAME), { name: "lab", was: "absent", purged: false });
    const { code, stdout } = await yard.run("down", ...NAME);
    assert.equal([code, stdout], [0, "There was no instance lab.\n"]);
    assert.is(errorOf(await yard.run("show", "ports", ...NAME, "--json")).code, "agent-missing");
    assert.equal(devicesIn(yard.machine, "left"), ["lo"]);
  }),
);

test.run();
