/** `portyard show` and `portyard down` against an agent on a fake engine: what people see, and what programs get. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Agent } from "../../agent/agent.ts";
import { blue, portA, portB, Yard } from "../agent/support/yard.ts";
import { portyard } from "./support/capture.ts";

const test = suite("show");
const yard = new Yard();
let agent: Agent;

test.before(async () => {
  const trunk = {
    name: "t",
    trunk: { blue: 10, green: 20 },
    native: "blue",
    tap: { namespace: "t", interface: "eth0", address: "10.77.0.9" },
  };
  agent = await yard.start({ name: "lab", networks: [blue, { name: "green", learning: false }], ports: [portA, portB, trunk] });
  for (let station = 1; station <= 3; station++) {
    yard.engine!.stations.push({ network: "blue", mac: `02:00:00:00:00:0${station}`, port: "a", kind: "learned", ageSeconds: station });
  }
  yard.engine!.stations.push({ network: "green", mac: "02:00:00:00:00:0f", port: "t", kind: "static", ageSeconds: 0 });
  yard.engine!.dropped.push({ reason: "spoofed-source", port: "a", count: 12345 });
});
test.after(async () => {
  await agent.stop();
  yard.remove();
});

const show = (...words: string[]) => portyard("show", ...words, "--socket", agent.place.socket);

test("ports as a table", async () => {
  const { status, stdout, stderr } = await show("ports");
  assert.equal([status, stderr], [0, ""]);
  const [titles, first, , trunk] = stdout.split("\n");
  assert.is(
    titles,
    "  PORT  NETWORK                       KIND  IO     STATE  MAC                ADDRESSES   MTU  RECEIVED  SENT     IN    OUT  DROPPED",
  );
  assert.match(first!, /^ {2}a +blue +tap +uring +up +[0-9a-f:]{17} +10\.77\.0\.2 +1500 +5 +4 +500 B +400 B +1$/);
  assert.match(trunk!, /^ {2}t +blue=10,green=20 native blue +tap /);
});

test("networks, stations, drops and workers as tables", async () => {
  assert.match(
    (await show("networks")).stdout,
    /^ {2}NETWORK.*\n {2}blue +10\.77\.0\.0\/24 +- +1500 +300 s +up +a b t\n {2}green +- +- +1500 +off +up +t\n$/,
  );
  assert.match((await show("macs", "--port", "t")).stdout, /^ {2}NETWORK.*\n {2}green +02:00:00:00:00:0f +t +static +-\n$/);
  assert.match((await show("drops")).stdout, /^ {2}REASON.*\n {2}spoofed-source +a +12,345\n$/);
  assert.match((await show("workers")).stdout, /^ {2}WORKER.*\n +0 +running +uring +4711 /);
});

test("JSON has the fields that scripts rely on, numbers as numbers and absent as null", async () => {
  const json = async (...words: string[]) => JSON.parse((await show(...words, "--json")).stdout);
  const [port, , trunk] = await json("ports");
  assert.equal(
    [port.name, port.network, port.kind, port.io, port.state, port.addresses, port.mtu],
    ["a", "blue", "tap", "uring", "up", ["10.77.0.2"], 1500],
  );
  assert.equal([port.receivedFrames, port.sentFrames, port.receivedBytes, port.sentBytes, port.droppedFrames], [5, 4, 500, 400, 1]);
  assert.equal([trunk.network, trunk.trunk, trunk.native], [null, { blue: 10, green: 20 }, "blue"]);
  const [network] = await json("networks");
  assert.equal(
    [network.name, network.subnets, network.gateway, network.mtu, network.ports],
    ["blue", ["10.77.0.0/24"], null, 1500, ["a", "b", "t"]],
  );
  assert.equal(await json("macs", "--network", "green"), [
    { network: "green", mac: "02:00:00:00:00:0f", port: "t", kind: "static", ageSeconds: 0 },
  ]);
  assert.equal(await json("drops"), [{ reason: "spoofed-source", port: "a", count: 12345 }]);
});

test("a limit cuts the table and says what is missing; JSON without a limit has all", async () => {
  const cut = await show("macs", "--limit", "1");
  assert.is(cut.stdout.trimEnd().split("\n").length, 2);
  assert.match(cut.stderr, /3 more: --limit 4 shows all/);
  assert.is(JSON.parse((await show("macs", "--json")).stdout).length, 4);
  assert.is(JSON.parse((await show("macs", "--json", "--limit", "2")).stdout).length, 2);
});

test("an empty list is a sentence for people and [] for programs", async () => {
  const people = await show("drops", "--port", "b");
  assert.equal([people.status, people.stdout], [0, ""]);
  assert.match(people.stderr, /Nothing fits these filters/);
  assert.is((await show("drops", "--port", "b", "--json")).stdout, "[]\n");
});

test("a filter that names nothing is an error with the agent's own words", async () => {
  const { status, stderr } = await show("ports", "--network", "red", "--json");
  const { error } = JSON.parse(stderr);
  assert.equal([status, error.code, error.value], [1, "network-missing", "red"]);
});

test("down of another name than the socket's is refused", async () => {
  const { status, stderr } = await portyard("down", "--socket", agent.place.socket, "--name", "other");
  assert.is(status, 1);
  assert.match(stderr, /is lab, not other/);
});

test("down stops the agent and returns when it is gone", async () => {
  const { socket } = agent.place;
  const { status, stdout } = await portyard("down", "--socket", socket, "--json");
  assert.equal([status, JSON.parse(stdout)], [0, { name: "lab", was: "running", purged: false }]);
  assert.equal(yard.leftovers, []);
  assert.is((await portyard("show", "ports", "--socket", socket)).status, 1);
});

test.run();
