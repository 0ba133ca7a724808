/** `portyard export` against an agent on a fake engine: a file that replays, and what stands beside it for people. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Agent } from "../../agent/agent.ts";
import { remarksOf } from "../../cli/export.ts";
import { readConfigFile } from "../../bindings/config/read.ts";
import { writePcap } from "../../bindings/capture/index.ts";
import { blue, portA, Yard } from "../agent/support/yard.ts";
import { ramp } from "../support/packet/bytes.ts";
import { BROADCAST, ethernet, TYPE_EXPERIMENT } from "../support/packet/ethernet.ts";
import { portyard } from "./support/capture.ts";

const test = suite("export");
const yard = new Yard();
const folder = mkdtempSync(join(tmpdir(), "portyard-export-"));
let agent: Agent;

test.before(async () => {
  const pooled = { name: "b", network: "blue", tap: { namespace: "b", interface: "eth0" } };
  agent = await yard.start({ name: "lab", networks: [{ ...blue, gateway: "10.77.0.1" }], ports: [portA, pooled] });
});
test.after(async () => {
  await agent.stop();
  yard.remove();
  rmSync(folder, { recursive: true });
});

const run = (...words: string[]) => portyard("export", "--socket", agent.place.socket, ...words);

/** What was written, as a file. */
async function file(...words: string[]): Promise<string> {
  const { status, stdout, stderr } = await run(...words);
  assert.equal([status, stderr], [0, ""]);
  const path = join(folder, `network${words.length}.yaml`);
  writeFileSync(path, stdout);
  return path;
}

test("YAML and JSON are read as the same configuration", async () => {
  const config = await readConfigFile(await file());
  assert.equal(await readConfigFile(await file("--json")), config);
  assert.equal(
    config.ports.map(({ name, addresses }) => [name, addresses]),
    [
      ["a", ["10.77.0.2"]],
      ["b", ["10.77.0.3"]],
    ],
  );
});

test("people find owners, host ports and their MACs beside it", async () => {
  const { stdout } = await run();
  const config = await readConfigFile(await file());
  assert.match(stdout, /^# The running configuration of instance lab\.\n/);
  assert.match(stdout, /\n {2}# owner: file; host port: py-blue, [0-9a-f:]{17}\n {2}- name: blue\n/);
  assert.match(stdout, new RegExp(`\\n {2}# owner: file\\n {2}- name: a\\n {4}network: blue\\n {4}mac: "?${config.ports[0]?.mac}"?\\n`));
});

test("what is out of the ordinary is said", () => {
  const { networks, ports, services, tail } = remarksOf({
    config: { name: "lab" },
    networks: [{ name: "blue", owner: "api", hostPort: null, chosenHostPorts: [36597, 36598] }],
    ports: [{ name: "a", owner: "docker", state: "gone", chosenHostPorts: [] }],
    services: [{ name: "web", owner: "api" }],
    held: [
      { kind: "port", name: "c", owner: "docker", code: "interface-missing" },
      { kind: "network", name: "red", owner: "api", code: null },
    ],
  });
  assert.is(networks?.get("blue"), "owner: api; chosen host ports: 36597, 36598");
  assert.is(ports?.get("a"), "owner: docker; state: gone");
  assert.is(services?.get("web"), "owner: api");
  assert.equal(tail, [
    "left out: port c, owner: docker, is not there (interface-missing)",
    "left out: network red, owner: api, is not there (pending)",
  ]);
});

test("a capture is replayed through it", async () => {
  const path = await file();
  const { ports } = await readConfigFile(path);
  const frames = [ethernet(BROADCAST, ports[0]!.mac!, TYPE_EXPERIMENT, ramp(46))].map((bytes) => ({ bytes, timeNs: 0n }));
  writeFileSync(join(folder, "a.pcap"), writePcap(frames));
  const { status, stdout } = await portyard("replay", "--config", path, "--split", join(folder, "a.pcap"), "--json");
  assert.is(status, 0);
  assert.equal(JSON.parse(stdout).ports, { a: { received: 1, sent: 0 }, b: { received: 0, sent: 1 }, "py-blue": { received: 0, sent: 1 } });
});

test("without an agent there is an error that says how to find one, and nothing on standard output", async () => {
  for (const words of [
    ["--socket", join(folder, "none.sock")],
    ["--name", "absent-instance"],
  ]) {
    const people = await portyard("export", ...words);
    assert.equal([people.status, people.stdout], [1, ""]);
    assert.match(people.stderr, /No agent listens on .*\n +Start one with/);
    const { status, stdout, stderr } = await portyard("export", ...words, "--json");
    assert.equal([status, stdout, JSON.parse(stderr).error.code], [1, "", "agent-missing"]);
  }
});

test("wrong usage is exit status 2, and the help has examples", async () => {
  assert.is((await run("--name", "Not A Name")).status, 2);
  assert.is((await run("--limit", "3")).status, 2);
  const { status, stdout } = await portyard("export", "--help");
  assert.is(status, 0);
  assert.match(stdout, /Examples:\n {2}portyard export > network\.yaml\n/);
});

test.run();
