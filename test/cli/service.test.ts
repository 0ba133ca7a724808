/** `portyard service` and the lists of services, against an agent on a fake engine: what people see, and what programs get. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Agent } from "../../agent/agent.ts";
import { MAX_FLOW_ROWS } from "../../agent/api/flow-list.ts";
import { flow, service } from "../agent/support/service.ts";
import { blue, Yard } from "../agent/support/yard.ts";
import { portyard } from "./support/capture.ts";

const test = suite("service");
const yard = new Yard();
let agent: Agent;

test.before(async () => {
  const ports = [
    { protocol: "tcp", port: 80, targetPort: 8080 },
    { protocol: "udp", port: "8000-8010" },
  ];
  const [first, second] = service("web").backends;
  const backends = [{ ...first, maxFlows: 100 }, second, { address: "fd77::9", weight: 0 }];
  const web = { ...service("web"), address: ["10.77.0.101", "fd77::100"], ports, backends };
  const names = { name: "names", network: "blue", backends: [] };
  const networks = [
    { ...blue, subnet: ["10.77.0.0/24", "fd77::/64"] },
    { name: "green", subnet: "10.78.0.0/24" },
  ];
  agent = await yard.start({ name: "lab", networks, services: [web, names] });
});
test.before.each(() => {
  yard.engine!.connections.splice(0);
  yard.engine!.connections.push(
    flow("web", "web-1"),
    flow("web", "web-2", { state: "time-wait", client: "[fd77::2]:40001", idleSeconds: 12.4 }),
    flow("web", "web-1", { service: null, backend: null, protocol: "udp", state: "udp" }),
  );
});
test.after(async () => {
  await agent.stop();
  yard.remove();
});

const run = (...words: string[]) => portyard(...words, "--socket", agent.place.socket);
const json = async (...words: string[]) => JSON.parse((await run(...words, "--json")).stdout);

test("services as a table", async () => {
  const { status, stdout, stderr } = await run("show", "services");
  assert.equal([status, stderr], [0, ""]);
  const [titles, web, names] = stdout.split("\n");
  assert.is(titles!.replace(/ +/g, " ").trim(), "SERVICE NETWORK ADDRESS PORTS ALGORITHM USABLE ACTIVE STATE OWNER");
  assert.match(web!, /^ {2}web +blue +10\.77\.0\.101 fd77::100 +80:8080\/tcp 8000-8010\/udp +least-load +2 of 3 +2 +up +file$/);
  assert.match(names!, /^ {2}names +blue +- +- +round-robin +0 of 0 +0 +up +file$/);
});

test("backends as a table", async () => {
  const { stdout } = await run("show", "backends", "--service", "web");
  const [titles, first, second, third] = stdout.split("\n");
  assert.is(titles!.replace(/ +/g, " ").trim(), "SERVICE BACKEND ADDRESS WEIGHT STATE ACTIVE TIME PICKED FAILED MAC NETWORK");
  assert.match(first!, /^ {2}web +web-1 +10\.77\.0\.11 +3 +usable +1 of 100 +1\.5 ms +1 +0 +- +blue$/);
  assert.match(second!, /^ {2}web +web-2 +10\.77\.0\.12 +1 +usable +1 +1\.5 ms /);
  assert.match(third!, /^ {2}web +fd77::9 +fd77::9 +0 +drained +0 +- +0 +0 +- +blue$/);
  assert.is((await run("show", "backends", "--backend", "web-2")).stdout.trimEnd().split("\n").length, 2);
});

test("flows as a table", async () => {
  const [titles, first, second, third] = (await run("show", "flows")).stdout.split("\n");
  assert.is(titles!.replace(/ +/g, " ").trim(), "PROTOCOL CLIENT SERVICE VIRTUAL BACKEND TARGET STATE IDLE FRAMES BYTES NETWORK");
  assert.match(
    first!,
    /^ {2}tcp +10\.77\.0\.2:40000 +web +10\.77\.0\.101:80 +web-1 +10\.77\.0\.11:8080 +established +2 s +12,345 +2\.50 MB +blue$/,
  );
  assert.match(second!, /\[fd77::2\]:40001 .* time-wait +12 s /);
  assert.match(third!, /^ {2}udp +10\.77\.0\.2:40000 +- +10\.77\.0\.101:80 +- /);
});

test("JSON has the fields that scripts rely on", async () => {
  const has = (found: object, wanted: string) =>
    assert.equal(
      wanted.split(" ").filter((name) => !(name in found)),
      [],
    );
  const [web] = await json("show", "services");
  has(web, "name network address ports algorithm backends");
  has(web.backends[0], "name address port weight state active responseTimeMs");
  assert.equal([web.backends[0].port, web.backends[0].responseTimeMs, web.backends[2].responseTimeMs], [null, 1.5, null]);
  const [first, , third] = await json("show", "flows");
  has(first, "network protocol client service backend state idleSeconds frames bytes");
  assert.equal([first.frames, first.bytes, third.service, third.backend], [12345, 2_500_000, null, null]);
  assert.equal(
    (await json("show", "backends")).map(({ service: of, name }: { service: string; name: string }) => `${of} ${name}`),
    ["web web-1", "web web-2", "web fd77::9"],
  );
});

test("flows are filtered by what they are", async () => {
  const count = async (...words: string[]) => (await json("show", "flows", ...words)).length;
  assert.is(await count("--service", "web"), 2);
  assert.is(await count("--backend", "web-1"), 1);
  assert.is(await count("--client", "fd77:0::2"), 1);
  assert.is(await count("--state", "time-wait"), 1);
  assert.is(await count("--network", "blue", "--state", "udp"), 1);
  assert.match((await run("show", "flows", "--state", "closing")).stderr, /Nothing fits these filters/);
  assert.is((await run("show", "flows", "--state", "open")).status, 2);
  const { status, stderr } = await run("show", "flows", "--client", "web", "--json");
  assert.equal([status, JSON.parse(stderr).error.path], [1, "client"]);
});

test("more flows than a page has: a table is cut and says where it goes on, JSON has all", async () => {
  const connections = yard.engine!.connections;
  for (let each = connections.length; each < 2 * MAX_FLOW_ROWS + 5; each++)
    connections.push(each % 2 === 0 ? null : flow("web", "web-1", { frames: 1_000_000 + each }));
  const all = await json("show", "flows");
  assert.is(all.length, connections.filter((one) => one !== null).length);
  assert.is(new Set(all.map(({ frames }: { frames: number }) => frames)).size, all.length - 2);
  assert.is((await json("show", "flows", "--limit", "10001")).length, 10001);
  const cut = await run("show", "flows", "--limit", "3");
  assert.is(cut.stdout.trimEnd().split("\n").length, 4);
  const [, from = ""] = /--from (\d+) shows the next/.exec(cut.stderr) ?? [];
  assert.is(Number(from), 3);
  assert.equal(
    (await json("show", "flows", "--limit", "2", "--from", from)).map(({ frames }: { frames: number }) => frames),
    [1_000_003, 1_000_005],
  );
  assert.is((await run("show", "flows")).stdout.trimEnd().split("\n").length, 1001);
});

test("a page may be empty and not be the last", async () => {
  const { flows } = yard.engine!;
  yard.engine!.flows = (filter, page = {}) =>
    (page.from ?? 0) < 5
      ? { flows: [], next: (page.from ?? 0) + 1 }
      : flows.call(yard.engine, filter, { ...page, from: (page.from ?? 0) - 5 });
  assert.is((await json("show", "flows")).length, 3);
  yard.engine!.flows = flows;
});

test("one is added by options, changed, drained and removed", async () => {
  const added = await run(
    ...[
      "service",
      "add",
      "db",
      "--network",
      "blue",
      "--address",
      "10.77.0.102",
      "--port",
      "5432",
      "--algorithm",
      "maglev",
      "--no-ejection",
    ],
    ...[
      "--backend",
      "10.77.0.20,name=db-1,weight=2",
      "--backend",
      "10.77.0.21",
      "--affinity",
      "60",
      "--slow-start",
      "5",
      "--panic-share",
      "0.25",
    ],
  );
  assert.equal([added.status, added.stdout, added.stderr], [0, "Service db is there.\n", ""]);
  const [, , db] = await json("show", "services");
  assert.equal(
    [db.address, db.algorithm, db.ejection, db.affinitySeconds, db.slowStartSeconds, db.panicShare, db.owner],
    ["10.77.0.102", "maglev", null, 60, 5, 0.25, "api"],
  );
  assert.equal((await run("service", "set", "db", "--weight", "10.77.0.21=7")).stdout, "Service db is changed.\n");
  const weights = async () => (await json("show", "backends", "--service", "db")).map(({ name, weight }: never) => [name, weight]);
  assert.equal(await weights(), [
    ["db-1", 2],
    ["10.77.0.21", 7],
  ]);
  yard.engine!.connections.push(flow("db", "db-1"), flow("db", "db-1"));
  const drained = await run("service", "drain", "db", "db-1");
  assert.is(drained.stdout, "Backend db-1 of service db gets nothing new: 2 connections are left.\n");
  assert.match((await run("service", "drain", "db", "db-1", "--hard")).stdout, /: 0 connections are left, 2 were ended\.\n$/);
  assert.equal(await weights(), [
    ["db-1", 0],
    ["10.77.0.21", 7],
  ]);
  assert.equal(await json("service", "remove", "db"), { name: "db", removed: true });
  assert.is((await run("service", "remove", "db")).status, 1);
});

test("one is added from an object and from a file, with options on top", async () => {
  const path = join(yard.root, "service.yaml");
  writeFileSync(path, "name: one\nnetwork: blue\nalgorithm: random\nbackends: [{ address: 10.77.0.20 }]\n");
  assert.is((await json("service", "add", "--file", path, "--algorithm", "least-load")).algorithm, "least-load");
  const second = await json("service", "add", "{ name: two, network: blue, backends: [{ address: 10.77.0.20, port: 1 }] }");
  assert.is(second.backends[0].port, 1);
  assert.equal((await json("service", "set", "{ name: two, backends: [], ejection: { failures: 2 } }")).ejection.failures, 2);
  const moved = await run("service", "set", "two", "--network", "green");
  assert.match(moved.stderr, /must be made anew to change network/);
  assert.is((await json("service", "set", "two", "--network", "green", "--recreate")).network, "green");
  for (const name of ["one", "two"]) await run("service", "remove", name);
});

for (const [words, code, path] of [
  [["service", "add", "web"], "name-taken", "name"],
  [["service", "add", "x", "--network", "red"], "bad-configuration", "backends"],
  [
    ["service", "add", "x", "--network", "blue", "--backend", "10.0.0.2", "--address", "10.77.0.101", "--port", "80"],
    "bad-configuration",
    "address",
  ],
  [["service", "add", "x", "--network", "blue", "--backend", "10.0.0.2", "--port", "80"], "bad-configuration", "ports"],
  [["service", "add", "x", "--network", "blue", "--backend", "web.example"], "bad-configuration", "backends[0].address"],
  [["service", "set", "web", "--algorithm", "random"], "owned-by-file", "name"],
  [["service", "set", "absent", "--algorithm", "random"], "service-missing", "service"],
  [["service", "set", "web", "--weight", "web-9=1"], "backend-missing", "--weight"],
  [["service", "set", "web", "--weight", "web-1=1", "--backend", "10.0.0.2"], "bad-request", "--weight"],
  [["service", "drain", "web", "web-9"], "backend-missing", "backend"],
  [["service", "drain", "web", "web-1"], "owned-by-file", "name"],
  [["service", "remove", "web"], "owned-by-file", "name"],
] as const) {
  test(`${words.join(" ")} is ${code}`, async () => {
    const { status, stderr } = await run(...words, "--json");
    const { error } = JSON.parse(stderr);
    assert.equal([status, error.code, error.path], [1, code, path]);
    assert.ok(error.remedy);
  });
}

test("what an option cannot say is wrong usage", async () => {
  for (const words of [
    ["add", "x", "--port", "http"],
    ["add", "x", "--backend", "10.0.0.2,colour=blue"],
    ["add", "x", "--algorithm", "fastest"],
    ["add", "x", "--panic-share", "2"],
    ["set", "x", "--weight", "web-1"],
    ["drain", "web"],
  ]) {
    assert.is((await run("service", ...words)).status, 2, words.join(" "));
  }
});

test.run();
