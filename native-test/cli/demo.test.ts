/** The demo and what it shows, on machines of the test's own (demo/machine.ts) and once on the host itself:
 *
 *    container1 eth0 10.77.0.2 ── TAP ── forwarder ── TAP ── 10.77.0.3 eth0 container2
 *    container1 eth1 10.78.0.2 ── veth ── Linux bridge ── veth ── 10.78.0.3 eth1 container2
 *    container1 ── my-service 10.77.0.100:80 ── TAPs ── 10.77.0.11-13 eth0 backend1, backend2, backend3
 *
 *  Needs root; the user namespace is tried as user 65534. How it ends is demo-ends.test.ts's. */
import { existsSync } from "node:fs";
import * as assert from "uvu/assert";
import type { DemoResult } from "../../cli/demo/result.ts";
import { skip } from "../../test/support/skip.ts";
import { Program } from "./demo/program.ts";
import { demo, isWhole, NOBODY, once, story, test } from "./demo/story.ts";

function hasStreams({ stream }: DemoResult): void {
  for (const one of [stream?.switch, stream?.bridge]) {
    assert.ok(one && one.bytes > 0 && one.seconds > 0 && one.gigabitsPerSecond > 0, JSON.stringify(stream));
  }
  assert.ok((stream?.ratio ?? 0) > 0);
}

test("on this very host: five pings answered, two streams, and its names free again", async () => {
  const name = "on this host";
  if (process.getuid?.() !== 0) return skip(name, "right", "needs root");
  if (existsSync("/run/netns/container1") || existsSync("/run/portyard/demo.mark")) return skip(name, "machine", "a demo is running here");
  const result = isWhole(await new Program(once).ended, "root");
  hasStreams(result);
  for (const left of ["/run/netns/container1", "/run/netns/container2", "/run/netns/backend1", "/run/portyard/demo.mark"])
    assert.not(existsSync(left), left);
});

story("the counters and the MAC table show what the containers did", async (machine) => {
  const result = isWhole(await machine.start(once).ended, "root");
  hasStreams(result);
  assert.equal(
    result.ports.map(({ name, state }) => [name, state]),
    [
      ["container1", "up"],
      ["container2", "up"],
      ["backend1", "up"],
      ["backend2", "up"],
      ["backend3", "up"],
    ],
  );
  const [first, second] = result.ports as [DemoResult["ports"][number], DemoResult["ports"][number]];
  const streamed = result.stream?.switch.bytes ?? Number.POSITIVE_INFINITY;
  assert.ok(first.receivedBytes > streamed && second.sentBytes > streamed, "the stream went through the switch");
  assert.ok(second.receivedBytes < first.receivedBytes);
  const owners = Object.fromEntries(result.macs.map(({ mac, port }) => [mac, port]));
  assert.is(owners["02:00:0a:4d:00:02"], "container1");
  assert.is(owners["02:00:0a:4d:00:03"], "container2");
  assert.ok(result.io === "uring" || result.io === "syscall");
});

story("another way to move frames can be forced, and is shown", async (machine) => {
  assert.is(isWhole(await machine.start([...once, "--io", "syscall"]).ended, "root").io, "syscall");
});

story("for people it says what it does, on standard output, without colours where there is no terminal", async (machine) => {
  const { code, stdout } = await machine.start(demo("--once")).ended;
  assert.is(code, 0);
  for (const words of [
    "container1",
    "my-network",
    "5 sent, 5 received",
    "Linux bridge",
    "ratio",
    "my-service",
    "least-load",
    "MAC addresses",
    "Ports",
  ]) {
    assert.ok(stdout.includes(words), words);
  }
  assert.not(stdout.includes("\u001b"));
  const widest = Math.max(...stdout.split("\n").map((line) => line.length));
  assert.ok(widest <= 80, `${widest} columns`);
});

story("as root without /dev/net/tun it takes veth pairs and packet sockets", async (machine) => {
  machine.tool("mount", "-t", "tmpfs", "tmpfs", "/dev/net");
  const { ports } = isWhole(await machine.start(once).ended, "root");
  assert.equal(
    ports.map(({ kind }) => kind),
    ["packet", "packet", "packet", "packet", "packet"],
  );
});

story("without root it runs in a user namespace", async (machine) => {
  const result = isWhole(await machine.start(once, NOBODY).ended, "user-namespace");
  hasStreams(result);
});

story("where a user namespace is refused it replays a capture, and says how to get the rest", async (machine) => {
  const end = await machine.start(once, [...NOBODY, "env", "PATH=/nowhere"]).ended;
  const result = isWhole(end, "replay");
  assert.equal([result.io, result.stream], ["memory", null]);
  assert.match(result.reason ?? "", "a user namespace is refused");
  assert.match(end.stderr, "For two real containers: run it as root");
});

test.run();
