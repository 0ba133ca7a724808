/** The examples that are more than a page of the README do what they say. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseConfig } from "../../bindings/config/parse.ts";
import { metrics, startAgent } from "../../examples/host-agent.ts";
import { root } from "../../scripts/check/source-file.ts";
import { BROADCAST, TYPE_EXPERIMENT, ethernet, station } from "../support/packet/ethernet.ts";

const built = (name: string): string => join(root, `dist/examples/${name}.js`);
const folder = mkdtempSync(join(tmpdir(), "portyard-examples-"));
test.after(() => rmSync(folder, { recursive: true }));

/** The names of the tests of examples/configuration.test.ts that fail with this configuration. */
function failures(network?: string): string[] {
  const env = { ...process.env, ...(network !== undefined && { NETWORK: network }) };
  const { status, stdout } = spawnSync(process.execPath, ["--test-reporter=tap", built("configuration.test")], {
    cwd: root,
    encoding: "utf8",
    env,
  });
  assert.match(stdout, "# tests 4");
  const failed = [...stdout.matchAll(/^not ok \d+ - (.*)$/gm)].map(([, name = ""]) => name);
  assert.is(status, failed.length === 0 ? 0 : 1);
  return failed;
}

/** The example's configuration with one thing changed. */
function changed(from: string, to: string): string {
  const text = readFileSync(join(root, "examples/two-containers.yaml"), "utf8");
  assert.match(text, from);
  const path = join(folder, "network.yaml");
  writeFileSync(path, text.replace(from, to));
  return path;
}

test("the configuration's tests pass", () => {
  assert.equal(failures(), []);
});

test("they fail for a configuration that lets containers spoof", () => {
  assert.equal(failures(changed("tap: { namespace: container1", "sourceCheck: false\n    tap: { namespace: container1")), [
    "container1 cannot send as container2",
    "over a day of silence nobody takes container2's place",
  ]);
});

test("they fail for a configuration with a longer MTU", () => {
  assert.equal(failures(changed("mtu: 1400", "mtu: 1500")), ["one that is longer than container2 takes does not"]);
});

test("requests go to the fast servers, and some to the slow one", () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [built("balanced-requests")], { cwd: root, encoding: "utf8" });
  assert.equal([status, stderr], [0, ""]);
  const counts = [...stdout.matchAll(/^(\w+) +(\d+) requests, about [\d.]+ ms each$/gm)].map(
    ([, name, count]) => [name, Number(count)] as const,
  );
  const { fast = 0, quick = 0, slow = 0 } = Object.fromEntries(counts);
  assert.is(fast + quick + slow, 300, stdout);
  assert.ok(slow >= 1 && slow < 60, stdout);
});

test("the host agent serves what the engine counts, to whom asks on loopback", async () => {
  const ports = ["a", "b"].map((name) => ({ name, network: "blue", memory: {} }));
  const { engine, url, close } = await startAgent(parseConfig({ networks: [{ name: "blue" }], ports }), 0);
  try {
    engine.memoryPort("a").send(ethernet(BROADCAST, station(1), TYPE_EXPERIMENT, new Uint8Array(86)));
    engine.memoryPort("b").send(new Uint8Array(13));
    const answer = await fetch(url);
    assert.is(answer.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    const text = await answer.text();
    assert.is(text, metrics(engine.counters()));
    for (const sample of [
      'portyard_received_frames_total{port="a"} 1',
      'portyard_received_bytes_total{port="a"} 100',
      'portyard_sent_frames_total{port="b"} 1',
      'portyard_sent_bytes_total{port="b"} 100',
      'portyard_dropped_frames_total{port="b",reason="runt"} 1',
      'portyard_port_up{port="a"} 1',
      "portyard_macs 1",
    ])
      assert.ok(text.split("\n").includes(sample), sample);
    for (const line of text.trimEnd().split("\n"))
      assert.match(line, /^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? \d+)$/);
    assert.ok(text.endsWith("\n"));
    assert.is((await fetch(url.replace("/metrics", "/"))).status, 404);
  } finally {
    await close();
  }
  assert.is(await fetch(url).catch(() => "closed"), "closed");
});

test("a host agent whose TCP port is taken says so", async () => {
  const config = parseConfig({ networks: [{ name: "blue" }] });
  const first = await startAgent(config, 0);
  const code = await startAgent(config, Number(new URL(first.url).port)).catch((error) => error.code);
  await first.close();
  assert.is(code, "EADDRINUSE");
});

test("the host agent is a program, also by a link to it, which a signal ends", async () => {
  const path = join(folder, "memory.yaml");
  writeFileSync(path, "networks: [{ name: blue }]\nports: [{ name: a, network: blue, memory: {} }]\n");
  const link = join(folder, "agent.mjs");
  symlinkSync(built("host-agent"), link);
  const agent = spawn(process.execPath, [link, path, "0"], { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(agent, "exit");
  const [line] = await once(createInterface(agent.stdout), "line");
  const [io, url] = String(line).split(": ", 2);
  assert.is(io, "memory");
  assert.match(await (await fetch(url ?? "")).text(), 'portyard_port_up{port="a"} 1');
  agent.kill("SIGTERM");
  assert.equal(await ended, [0, null]);
});

test("every example is named in the README, with the command that runs it", () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const files = readdirSync(join(root, "examples")).filter((name) => name.endsWith(".ts"));
  assert.equal(
    files.filter((name) => !readme.includes(`(examples/${name})`)),
    [],
  );
  const commands = [...readme.matchAll(/`node (?:--test )?dist\/examples\/([\w.-]+)\.js`/g)].map(([, name = ""]) => `${name}.ts`);
  assert.equal(commands.sort(), files.filter((name) => name !== "two-ports.ts").sort());
});

test.run();
