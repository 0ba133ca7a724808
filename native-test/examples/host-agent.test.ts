/** examples/host-agent.ts with kernel ports and examples/portyard.yaml, on a machine of the test's own. Needs root.
 *
 *    a eth0 10.77.0.2 ── TAP ── forwarder ── TAP ── 10.77.0.3 eth0 b          host agent: http://127.0.0.1/metrics          */
import { once } from "node:events";
import { createInterface } from "node:readline";
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { skip } from "../../test/support/skip.ts";
import { Machine } from "../cli/demo/machine.ts";

const example = fileURLToPath(new URL("../../examples/host-agent.js", import.meta.url));
const CALL = 'require("net").connect(9, "10.77.0.3").on("error", () => {})';
const HOLD = 'require("net").createServer().listen(9190, "127.0.0.1", () => console.log("held"))';
const ASK = "fetch(process.argv[1]).then((answer) => answer.text()).then((text) => console.log(text))";

test("it counts what namespaces say to each other, and leaves nothing", async () => {
  if (process.getuid?.() !== 0) return skip("host agent", "right", "needs root");
  const machine = await Machine.make();
  try {
    machine.tool("ip", "link", "set", "lo", "up");
    for (const name of ["a", "b"]) machine.tool("ip", "netns", "add", name);
    const before = machine.state();
    const [program = "", ...args] = machine.enter([process.execPath, example, "examples/portyard.yaml", "0"]);
    const agent = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
    const ended = once(agent, "exit");
    const [line] = await once(createInterface(agent.stdout), "line");
    const [io, url = ""] = String(line).split(": ", 2);
    assert.ok(["uring", "syscall"].includes(io ?? ""), `${line}`);
    machine.tool("ip", "netns", "exec", "a", process.execPath, "-e", CALL);
    const text = machine.tool(process.execPath, "-e", ASK, url);
    for (const port of ["a", "b"]) {
      assert.match(text, `portyard_port_up{port="${port}"} 1`);
      assert.ok(Number(new RegExp(`received_frames_total{port="${port}"} (\\d+)`).exec(text)?.[1]) > 0, `${port} sent`);
    }
    agent.kill("SIGTERM");
    assert.equal(await ended, [0, null]);
    assert.equal(machine.state(), before);
  } finally {
    await machine.close();
  }
});

test("it makes nothing that stays where its TCP port is taken", async () => {
  if (process.getuid?.() !== 0) return skip("host agent without a port", "right", "needs root");
  const machine = await Machine.make();
  try {
    machine.tool("ip", "link", "set", "lo", "up");
    for (const name of ["a", "b"]) machine.tool("ip", "netns", "add", name);
    const holder = machine.start([process.execPath, "-e", HOLD]);
    await holder.prints("held");
    const before = machine.state();
    const { code, stderr } = await machine.start([process.execPath, example, "examples/portyard.yaml", "9190"]).ended;
    assert.is(code, 1);
    assert.match(stderr, "EADDRINUSE");
    assert.equal(machine.state(), before);
    for (const name of ["a", "b"]) assert.equal(machine.tool("ip", "-n", name, "-brief", "link").match(/^\S+/gm), ["lo"], name);
    await holder.stop("SIGTERM");
  } finally {
    await machine.close();
  }
});

test.run();
