/** Services over the API: each answer is held against the OpenAPI document; lists are filtered, cut and paged; every wrong definition is answered
 *  with path, value and remedy, and changes nothing. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Agent } from "../../../agent/agent.ts";
import { askByDocument } from "../support/document.ts";
import { flow, service } from "../support/service.ts";
import { ask, blue, portA, Yard } from "../support/yard.ts";

const test = suite("services by API");
const yard = new Yard();
let agent: Agent;
let document: object;

const call = (method: string, path: string, body?: unknown) => askByDocument(document, agent.place.socket, method, path, body);

test.before(async () => {
  agent = await yard.start({ name: "lab", networks: [blue, { name: "green" }], ports: [portA], services: [service("web")] });
  document = (await ask(agent.place.socket, "GET", "/v1/openapi.json")).body;
  yard.engine!.connections.push(
    flow("web", "web-1"),
    null,
    flow("web", "web-2", { state: "time-wait", client: "10.77.0.3:40000" }),
    flow("web", "web-1", { client: "[fd77::2]:1", protocol: "udp", state: "udp" }),
    flow("web", "web-1", { service: null, backend: null }),
  );
});
test.after(async () => {
  await agent.stop();
  yard.remove();
});

test("a service has the fields that scripts rely on", async () => {
  const { body } = await call("GET", "/v1/services");
  const [web] = body;
  assert.equal(
    [web.name, web.network, web.address, web.algorithm, web.owner, web.state],
    ["web", "blue", "10.77.0.101", "least-load", "file", "up"],
  );
  assert.equal(web.ports, [{ protocol: "tcp", port: 80, lastPort: 80, targetPort: 8080 }]);
  const [first] = web.backends;
  assert.equal(
    [first.name, first.address, first.port, first.weight, first.state, first.active],
    ["web-1", "10.77.0.11", null, 3, "usable", 2],
  );
  assert.is(first.responseTimeMs, 1.5);
  assert.equal((await call("GET", "/v1/services/web")).body, web);
});

test("one is made, changed and removed", async () => {
  const made = await call("POST", "/v1/services", service("db"));
  assert.equal([made.status, made.body.name, made.body.owner, made.body.panicShare], [201, "db", "api", 0.5]);
  assert.is((await call("POST", "/v1/services", service("db"))).body.error.code, "name-taken");
  const changed = await call("PATCH", "/v1/services/db", { algorithm: null, ejection: { failures: 2 }, address: ["10.77.0.102"] });
  assert.equal([changed.status, changed.body.algorithm], [200, "round-robin"]);
  assert.equal(changed.body.ejection, { failures: 2, seconds: 30, maxSeconds: 300, share: 0.1 });
  assert.is((await call("PATCH", "/v1/services/db", { ejection: false })).body.ejection, null);
  assert.is((await call("DELETE", "/v1/services/db")).status, 204);
  assert.is((await call("DELETE", "/v1/services/db")).status, 404);
  assert.is((await call("GET", "/v1/services/db")).body.error.code, "service-missing");
});

test("a service keeps its name; its network only when it is made anew", async () => {
  await call("POST", "/v1/services", { name: "names", network: "blue", backends: [] });
  const set = (body: unknown, query = "") => call("PATCH", `/v1/services/names${query}`, body);
  assert.equal((await set({ name: "other" })).body.error.message, "A service keeps its name.");
  const refused = (await set({ network: "green" })).body.error;
  assert.equal([refused.code, refused.path], ["recreate-needed", "network"]);
  assert.is((await set({ network: "green" }, "?recreate=true")).body.network, "green");
  assert.is((await set([1])).body.error.code, "bad-request");
  await call("DELETE", "/v1/services/names");
});

test("what is the file's is changed by the file", async () => {
  const set = (await call("PATCH", "/v1/services/web", { algorithm: "random" })).body.error;
  assert.equal([set.code, set.remedy], ["owned-by-file", "Change the file, then say `portyard reload`."]);
  assert.is((await call("DELETE", "/v1/services/web")).status, 409);
});

for (const [what, wrong, path] of [
  ["no name", { name: undefined }, "name"],
  ["no network", { network: "red" }, "network"],
  ["the address of a port", { address: "10.77.0.2" }, "address"],
  ["the address of a service", { address: "10.77.0.101" }, "address"],
  ["an address of elsewhere", { address: "10.9.9.9" }, "address"],
  ["no ports", { ports: [] }, "ports"],
  ["ports twice", { ports: [service("db").ports[0], service("db").ports[0]] }, "ports[1].port"],
  ["an algorithm that there is not", { algorithm: "fastest" }, "algorithm"],
  ["a service for a backend", { backends: [{ address: "10.77.0.101" }] }, "backends[0].address"],
  ["a backend of another family", { backends: [{ address: "fd77::1" }] }, "backends[0].address"],
  ["a key that there is not", { colour: "blue" }, "colour"],
] as const) {
  test(`one with ${what} is refused at ${path}, and nothing is made`, async () => {
    const asked = yard.engine!.asked.length;
    const { status, body } = await call("POST", "/v1/services", { ...service("db"), ...wrong });
    assert.equal([status, body.error.code, body.error.path], [400, "bad-configuration", path]);
    assert.ok(body.error.remedy);
    assert.is(yard.engine!.asked.length, asked);
    assert.is((await call("GET", "/v1/services")).body.length, 1);
  });
}

test("what the engine refuses is answered, and leaves nothing behind", async () => {
  yard.engine!.unserved.add("db");
  const { status, body } = await call("POST", "/v1/services", service("db"));
  assert.equal([status, body.error.code, body.error.path], [422, "slates-exhausted", "service db"]);
  yard.engine!.unserved.clear();
  assert.is((await call("POST", "/v1/services", service("db"))).status, 201);
  await call("DELETE", "/v1/services/db");
});

test("backends of all services, filtered and cut", async () => {
  const names = async (query: string) => {
    const { body, headers } = await call("GET", `/v1/backends${query}`);
    return [body.map(({ service: of, name }: { service: string; name: string }) => `${of} ${name}`), headers["x-total-count"]];
  };
  assert.equal(await names(""), [["web web-1", "web web-2"], "2"]);
  assert.equal(await names("?limit=1"), [["web web-1"], "2"]);
  assert.equal(await names("?service=web&backend=web-2&network=blue"), [["web web-2"], "1"]);
  assert.equal(await names("?network=green"), [[], "0"]);
});

test("flows, page by page", async () => {
  const page = async (query: string) => {
    const { body, headers } = await call("GET", `/v1/flows${query}`);
    return [body.length, headers["x-next-from"], headers["x-total-count"]];
  };
  assert.equal(await page(""), [4, undefined, undefined]);
  assert.equal(await page("?limit=1"), [1, "2", undefined]);
  assert.equal(await page("?limit=1&from=2"), [1, "3", undefined]);
  assert.equal(await page("?limit=2&from=3"), [2, undefined, undefined]);
  assert.equal(await page("?from=99"), [0, undefined, undefined]);
});

test("flows by network, service, backend, client and state", async () => {
  const count = async (query: string) => (await call("GET", `/v1/flows?${query}`)).body.length;
  assert.is(await count("network=blue"), 4);
  assert.is(await count("network=green"), 0);
  assert.is(await count("service=web"), 3);
  assert.is(await count("service=web&backend=web-1"), 2);
  assert.is(await count("client=10.77.0.3"), 1);
  assert.is(await count("client=FD77:0::2"), 1);
  assert.is(await count("state=time-wait"), 1);
  assert.is(await count("state=udp&client=fd77::2&backend=web-1"), 1);
});

for (const [path, status, code, field] of [
  ["/v1/services?network=red", 404, "network-missing", "network"],
  ["/v1/services?service=red", 404, "service-missing", "service"],
  ["/v1/services?limit=0", 400, "bad-request", "limit"],
  ["/v1/backends?service=red", 404, "service-missing", "service"],
  ["/v1/flows?service=red", 404, "service-missing", "service"],
  ["/v1/flows?network=red", 404, "network-missing", "network"],
  ["/v1/flows?client=web", 400, "bad-request", "client"],
  ["/v1/flows?client=10.0.0.0/8", 400, "bad-request", "client"],
  ["/v1/flows?state=open", 400, "bad-request", "state"],
  ["/v1/flows?from=-1", 400, "bad-request", "from"],
  ["/v1/flows?limit=10001", 400, "bad-request", "limit"],
  ["/v1/flows?port=a", 400, "bad-request", "port"],
] as const) {
  test(`GET ${path} is ${code}`, async () => {
    const { status: answered, body } = await call("GET", path);
    assert.equal([answered, body.error.code, body.error.path], [status, code, field]);
    assert.ok(body.error.remedy);
  });
}

test("a drain names its service and backend, and says what it is asked for", async () => {
  const drain = async (path: string, body?: unknown) => (await call("POST", `/v1/services/${path}/drain`, body)).body.error;
  assert.equal((await drain("red/backends/web-1")).code, "service-missing");
  const missing = await drain("web/backends/web-9");
  assert.equal([missing.code, missing.path, missing.value], ["backend-missing", "backend", "web-9"]);
  assert.is((await drain("web/backends/web-1", { hard: 1 })).code, "bad-request");
  assert.is((await drain("web/backends/web-1", {})).code, "owned-by-file");
});

for (const [what, name] of [
  ["is an address and a port", undefined],
  ["has slashes and spaces", "rack 1/web 2"],
  ["is as long as it may be", "\u{1f600}".repeat(126)],
] as const) {
  test(`a backend whose name ${what} is drained by it`, async () => {
    const backend = { address: "10.77.0.11", port: 80, ...(name && { name }) };
    assert.is((await call("POST", "/v1/services", { ...service("db"), backends: [backend] })).status, 201);
    const path = `/v1/services/db/backends/${encodeURIComponent(name ?? "10.77.0.11:80")}/drain`;
    const { status, body } = await ask(agent.place.socket, "POST", path, { hard: true });
    assert.equal([status, body.backend, body.endedFlows], [200, name ?? "10.77.0.11:80", 0]);
    await call("DELETE", "/v1/services/db");
  });
}

test.run();
