import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readState } from "../../agent/state/state-file.ts";
import { parseConfig } from "../../bindings/config/parse.ts";
import { flow, service } from "./support/service.ts";
import { FileYard } from "./support/file-yard.ts";
import { type Answer, blue, portA, portB } from "./support/yard.ts";

class Services extends FileYard {
  reload(body = {}): Promise<Answer> {
    return this.call("POST", "/v1/reload", body);
  }

  async services(): Promise<string[]> {
    const { body } = await this.call("GET", "/v1/services");
    return body.map(({ name, state, owner }: { name: string; state: string; owner: string }) => `${name} ${state} ${owner}`);
  }

  async stored(): Promise<string[]> {
    const state = await readState(this.agent!.place.stateFile);
    return (state!.services ?? []).map(({ owner, config }) => `${config.name} ${owner}`).sort();
  }
}

const test = suite<{ yard: Services }>("services");
test.before.each((context) => {
  context.yard = new Services();
});
test.after.each(async ({ yard }) => {
  await yard.agent?.stop().catch(() => {});
  yard.remove();
});

test("those of the file are there when the agent runs, behind its ports, and stand in its state", async ({ yard }) => {
  const agent = await yard.start({ name: "lab", networks: [blue], ports: [portA], services: [service("web"), service("db")] });
  yard.agent = agent;
  assert.equal(
    yard.engine!.asked.filter((asked) => asked.startsWith("add")),
    ["addPort a", "addService web", "addService db"],
  );
  assert.equal(await yard.services(), ["web up file", "db up file"]);
  assert.equal(await yard.stored(), ["db file", "web file"]);
});

test("an agent does not start when a service of its file cannot be made, and leaves nothing behind", async ({ yard }) => {
  yard.prepare = (engine) => engine.unserved.add("web");
  const error = await yard.start({ name: "lab", networks: [blue], services: [service("web")] }).then(
    () => assert.unreachable("it started"),
    (caught) => caught,
  );
  assert.is(error.code, "slates-exhausted");
  assert.equal(yard.leftovers, []);
});

test("a reload adds, changes and removes what differs, and touches nothing else", async ({ yard }) => {
  await yard.up({ services: [service("web"), service("db"), service("old")] });
  yard.says({ services: [service("web"), { ...service("db"), algorithm: "maglev", backends: [] }, service("new")] });
  const { body } = await yard.reload();
  assert.equal(body.changes, [
    { action: "remove", kind: "service", name: "old", keys: [] },
    { action: "change", kind: "service", name: "db", keys: ["algorithm", "backends"] },
    { action: "add", kind: "service", name: "new", keys: [] },
  ]);
  assert.equal(yard.engine!.asked, ["setService db", "addService new", "removeService old"]);
  assert.equal(await yard.stored(), ["db file", "new file", "web file"]);
  assert.equal((await yard.reload()).body.changes, []);
  assert.is(yard.engine!.asked.length, 3);
});

test("a network that the file drops goes with its services", async ({ yard }) => {
  const green = { name: "green", subnet: "10.78.0.0/24" };
  await yard.up({ networks: [blue, green], services: [{ ...service("web"), network: "green", address: "10.78.0.9" }] });
  yard.says({ services: [] });
  assert.equal(
    (await yard.reload()).body.changes.map(({ action, kind, name }: never) => `${action} ${kind} ${name}`),
    ["remove network green", "remove service web"],
  );
  assert.equal(yard.engine!.asked, ["removeService web", "removeNetwork green"]);
});

test("a network that is made anew makes its services anew", async ({ yard }) => {
  await yard.up({ services: [service("web")] });
  yard.says({ networks: [{ ...blue, mtu: 9000 }], services: [service("web")] });
  const { body } = await yard.reload();
  assert.equal(body.changes.at(-1), { action: "recreate", kind: "service", name: "web", keys: ["network"] });
  assert.equal(yard.engine!.asked, ["removeService web", "removeNetwork blue", "addNetwork blue", "addService web"]);
});

test("an address that one lets go of is another's by the same reload, in whatever order they stand", async ({ yard }) => {
  const at = (name: string, last: number) => ({ ...service(name), address: `10.77.0.${last}` });
  await yard.up({ services: [at("a", 101), at("b", 102), at("c", 103)] });
  yard.says({ services: [at("a", 102), at("b", 103), at("c", 104)] });
  await yard.reload();
  assert.equal(yard.engine!.asked.splice(0), ["setService c", "setService b", "setService a"]);
  yard.says({ services: [at("a", 103), at("b", 102), at("c", 104)] });
  await yard.reload();
  assert.equal(yard.engine!.asked, ["removeService a", "removeService b", "addService a", "addService b"]);
  assert.equal((await yard.call("GET", "/v1/services")).body.map(({ name, address }: never) => `${name} ${address}`).sort(), [
    "a 10.77.0.103",
    "b 10.77.0.102",
    "c 10.77.0.104",
  ]);
});

test("a port takes the address of a service that goes, and the other way round", async ({ yard }) => {
  await yard.up({ ports: [portA], services: [{ ...service("web"), address: "10.77.0.3" }] });
  yard.says({ ports: [portB], services: [{ ...service("new"), address: "10.77.0.2", backends: [] }] });
  assert.is((await yard.reload()).status, 200);
  assert.equal(yard.engine!.asked, ["removeService web", "removePort a", "addPort b", "addService new"]);
});

for (const [what, services, path] of [
  ["a network that there is not", [service("web"), { ...service("db"), network: "red" }], "services[1].network"],
  ["an address of a port", [{ ...service("web"), address: "10.77.0.2" }], "services[0].address"],
  [
    "a backend that is a virtual address",
    [service("web"), { ...service("db"), backends: [{ address: "10.77.0.101" }] }],
    "services[1].backends[0].address",
  ],
  [
    "ports that overlap",
    [
      {
        ...service("web"),
        ports: [
          { protocol: "tcp", port: 80 },
          { protocol: "tcp", port: "1-99" },
        ],
      },
    ],
    "services[0].ports[1].port",
  ],
] as const) {
  test(`${what} in the file leaves the services that run untouched`, async ({ yard }) => {
    await yard.up({ ports: [portA], services: [service("web")] });
    const before = (await yard.call("GET", "/v1/services")).body;
    yard.says({ ports: [portA], services });
    const { status, body } = await yard.reload();
    assert.equal([status, body.error.code, body.error.path], [400, "bad-configuration", path]);
    assert.ok(body.error.remedy && body.error.value !== undefined);
    assert.equal(yard.engine!.asked, []);
    assert.equal((await yard.call("GET", "/v1/services")).body, before);
  });
}

test("one that clashes with what the API made is refused with its place in the file", async ({ yard }) => {
  await yard.up({ services: [service("web")] });
  await yard.call("POST", "/v1/services", service("db"));
  yard.engine!.asked.length = 0;
  yard.says({ services: [service("web"), { ...service("late"), address: "10.77.0.102" }] });
  const { body } = await yard.reload();
  assert.equal([body.error.code, body.error.path], ["bad-configuration", "services[1].address"]);
  assert.match(body.error.message, "which service db has");
  yard.says({ services: [service("web"), service("db")] });
  assert.is((await yard.reload()).body.error.code, "name-taken");
  yard.says({ networks: [], services: [] });
  const uprooted = (await yard.reload()).body.error;
  assert.equal([uprooted.code, uprooted.value], ["network-in-use", "blue"]);
  assert.match(uprooted.message, "service db, which was made by the API, is in it");
  assert.equal(yard.engine!.asked, []);
  assert.equal(await yard.services(), ["web up file", "db up api"]);
});

test("what the engine refuses in the middle is taken back, newest first", async ({ yard }) => {
  await yard.up({ services: [service("web")] });
  yard.engine!.unserved.add("db");
  yard.says({ services: [{ ...service("web"), algorithm: "random" }, service("db")] });
  const { status, body } = await yard.reload();
  assert.equal([status, body.error.code, body.error.path], [422, "slates-exhausted", "service db"]);
  assert.equal(yard.engine!.asked, ["setService web", "addService db", "setService web"]);
  assert.equal(await yard.services(), ["web up file"]);
  assert.is((await yard.call("GET", "/v1/services/web")).body.algorithm, "least-load");
  assert.equal(await yard.stored(), ["web file"]);
});

test("what cannot be made again is held, told of, and tried again by the next reload", async ({ yard }) => {
  const green = { name: "green", subnet: "10.78.0.0/24" };
  await yard.up({ networks: [blue, green], services: [service("web")] });
  const moved = { ...service("web"), network: "green", address: "10.78.0.9" };
  yard.says({ networks: [blue, green], services: [moved] });
  yard.engine!.unserved.add("web");
  assert.match((await yard.reload()).body.error.message, "except service web");
  assert.equal(await yard.services(), ["web failed file"]);
  assert.equal(await yard.stored(), ["web file"]);
  yard.engine!.unserved.clear();
  assert.is((await yard.reload()).body.changes[0].action, "add");
  assert.equal(await yard.services(), ["web up file"]);
});

test("sizes and time-outs of flows stay while an instance runs", async ({ yard }) => {
  await yard.up({});
  for (const [config, path] of [
    [{ tables: { flows: 2048 } }, "tables.flows"],
    [{ flowTimeouts: { udp: 99 } }, "flowTimeouts"],
  ] as const) {
    yard.says(config);
    const { status, body } = await yard.reload();
    assert.equal([status, body.error.code, body.error.path], [409, "reload-refused", path]);
  }
});

test("the API's services survive a restart, and their addresses are lent to nobody meanwhile", async ({ yard }) => {
  const pooled = { name: "p", network: "blue", tap: { namespace: "p", interface: "eth0" } };
  await yard.up({});
  await yard.call("POST", "/v1/services", { ...service("web"), address: "10.77.0.1" });
  await yard.agent!.stop();
  await yard.up({ ports: [pooled] });
  assert.equal(await yard.services(), ["web up api"]);
  assert.equal((await yard.call("GET", "/v1/ports")).body[0].addresses, ["10.77.0.2"]);
  await yard.call("DELETE", "/v1/services/web");
  await yard.agent!.stop();
  await yard.up({});
  assert.equal(await yard.services(), []);
});

test("one that cannot be made after a restart is kept and shown as failed, with what is wrong", async ({ yard }) => {
  await yard.up({ networks: [blue, { name: "green", subnet: "10.78.0.0/24" }] });
  await yard.call("POST", "/v1/services", { ...service("web"), network: "green", address: "10.78.0.9" });
  await yard.agent!.stop();
  await yard.up({});
  assert.equal(await yard.services(), ["web failed api"]);
  const { body } = await yard.call("GET", "/v1/services/web");
  assert.equal([body.error.code, body.address, body.backends[0].state], ["bad-configuration", "10.78.0.9", null]);
  const { config, held } = (await yard.call("GET", "/v1/config")).body;
  assert.equal([config.services, held], [[], [{ kind: "service", name: "web", owner: "api", code: "bad-configuration" }]]);
  const moved = await yard.call("PATCH", "/v1/services/web", { network: "blue", address: "10.77.0.9" });
  assert.equal([moved.status, moved.body.state], [200, "up"]);
  assert.equal(await yard.stored(), ["web api"]);
});

test("a file that uses the name of one of the API's does not start", async ({ yard }) => {
  await yard.up({});
  await yard.call("POST", "/v1/services", service("web"));
  await yard.agent!.stop();
  const error = await yard.up({ services: [service("web")] }).then(
    () => assert.unreachable("it started"),
    (caught) => caught,
  );
  assert.equal([error.code, error.path, error.value], ["name-taken", "services", "web"]);
});

test("a failed one that is removed is gone from the state", async ({ yard }) => {
  yard.prepare = (engine) => engine.unserved.add("web");
  await yard.up({});
  yard.engine!.unserved.clear();
  await yard.call("POST", "/v1/services", service("web"));
  await yard.agent!.stop();
  await yard.up({});
  assert.equal(await yard.services(), ["web failed api"]);
  assert.is((await yard.call("POST", "/v1/services/web/backends/web-1/drain")).status, 404);
  assert.is((await yard.call("DELETE", "/v1/services/web")).status, 204);
  assert.equal([await yard.services(), await yard.stored()], [[], []]);
});

test("a network with services cannot be removed while they are there", async ({ yard }) => {
  await yard.up({});
  const green = { name: "green", subnet: "10.78.0.0/24" };
  await yard.call("POST", "/v1/networks", green);
  await yard.call("POST", "/v1/services", { ...service("web"), network: "green", address: "10.78.0.9" });
  const { status, body } = await yard.call("DELETE", "/v1/networks/green");
  assert.equal([status, body.error.code, body.error.message], [409, "network-in-use", "Service web is in network green."]);
  await yard.call("DELETE", "/v1/services/web");
  assert.is((await yard.call("DELETE", "/v1/networks/green")).status, 204);
});

test("a drain takes the weight; a hard one ends flows as well, and says how many", async ({ yard }) => {
  await yard.up({});
  await yard.call("POST", "/v1/services", service("web"));
  yard.engine!.connections.push(flow("web", "web-1"), flow("web", "web-2"), flow("web", "web-1"));
  yard.engine!.asked.length = 0;
  const drain = (backend: string, body?: object) => yard.call("POST", `/v1/services/web/backends/${backend}/drain`, body);
  assert.equal((await drain("web-1")).body, { service: "web", backend: "web-1", weight: 0, active: 2, endedFlows: 0 });
  assert.equal((await drain("web-1", { hard: true })).body, { service: "web", backend: "web-1", weight: 0, active: 0, endedFlows: 2 });
  assert.equal(yard.engine!.asked, ["setService web", "endFlows web web-1"]);
  const { body } = await yard.call("GET", "/v1/services/web");
  assert.equal(
    body.backends.map(({ name, weight, state }: never) => [name, weight, state]),
    [
      ["web-1", 0, "drained"],
      ["web-2", 1, "usable"],
    ],
  );
  const state = await readState(yard.agent!.place.stateFile);
  assert.equal(state!.services![0]!.config.backends[0]!.weight, 0);
});

test("a backend of the file is drained by the file; its flows may be ended then", async ({ yard }) => {
  await yard.up({ services: [service("web")] });
  yard.engine!.connections.push(flow("web", "web-1"));
  const drain = () => yard.call("POST", "/v1/services/web/backends/web-1/drain", { hard: true });
  const refused = (await drain()).body.error;
  assert.is(refused.code, "owned-by-file");
  assert.match(refused.remedy, "`weight: 0`");
  assert.is(yard.engine!.connections.filter((one) => one).length, 1);
  const [first, second] = service("web").backends;
  yard.says({ services: [{ ...service("web"), backends: [{ ...first, weight: 0 }, second] }] });
  await yard.reload();
  assert.is((await drain()).body.endedFlows, 1);
});

test("an agent that is started with what was exported exports the same", async ({ yard }) => {
  await yard.up({ services: [service("web")] });
  await yard.call("POST", "/v1/services", {
    name: "names",
    network: "blue",
    backends: [{ address: "192.0.2.1", port: 53 }],
    ejection: false,
  });
  const { config, services } = (await yard.call("GET", "/v1/config")).body;
  assert.equal(services, [
    { name: "web", owner: "file" },
    { name: "names", owner: "api" },
  ]);
  await yard.call("DELETE", "/v1/services/names");
  await yard.agent!.stop();
  await yard.up(config);
  assert.equal((await yard.call("GET", "/v1/config")).body.config, config);
  assert.equal(parseConfig(config).services.length, 2);
});

test.run();
