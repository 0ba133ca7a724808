/** The API over its socket: each route answers what the OpenAPI document says, lists can be filtered and cut, and what is
 *  wrong is answered with code, path, value and remedy under the right status. */
import { Ajv2020 } from "ajv/dist/2020.js";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Agent } from "../../../agent/agent.ts";
import { routes } from "../../../agent/api/routes.ts";
import { askByDocument } from "../support/document.ts";
import { type Answer, ask, blue, portA, portB, Yard } from "../support/yard.ts";
import { ramp } from "../../support/packet/bytes.ts";
import { station } from "../../support/packet/ethernet.ts";
import { superFrame } from "../../support/packet/super-frame.ts";
import { hexOf } from "../../support/story.ts";

const test = suite("api");
const yard = new Yard();
let agent: Agent;
// biome-ignore lint/suspicious/noExplicitAny: the document is looked into freely
let document: any;
const ajv = new Ajv2020({ strict: false });

const call = (method: string, path: string, body?: unknown, type?: string): Promise<Answer> =>
  askByDocument(document, agent.place.socket, method, path, body, type);

test.before(async () => {
  agent = await yard.start({ name: "lab", networks: [blue, { name: "green" }], ports: [portA] });
  document = (await ask(agent.place.socket, "GET", "/v1/openapi.json")).body;
  yard.engine!.stations.push(
    { network: "blue", mac: "02:00:00:00:00:01", port: "a", kind: "learned", ageSeconds: 3 },
    { network: "blue", mac: "02:00:00:00:00:02", port: "a", kind: "static", ageSeconds: 0 },
  );
  yard.engine!.dropped.push({ reason: "runt", port: "a", count: 2 });
});
test.after(async () => {
  await agent.stop();
  yard.remove();
});

test("the document is OpenAPI 3.1 and names every route once", () => {
  assert.is(document.openapi, "3.1.0");
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods as object).map((method) => `${method.toUpperCase()} ${path}`),
  );
  assert.equal(described.sort(), [...routes.map(({ method, path }) => `${method} ${path}`), "GET /v1/openapi.json"].sort());
  const ids = Object.values(document.paths).flatMap((methods) => Object.values(methods as object).map(({ operationId }) => operationId));
  assert.is(new Set(ids).size, ids.length);
});

test("every reference in the document leads somewhere, and every schema is one", () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name!);
  assert.ok(references.length > 10);
  for (const name of references) assert.ok(document.components.schemas[name], name);
  for (const [name, schema] of Object.entries(document.components.schemas)) assert.ok(ajv.validateSchema(schema as object), name);
});

test("the document says what a body may hold", () => {
  const { NetworkInput, PortInput } = document.components.schemas;
  assert.equal([NetworkInput.properties.mtu.minimum, NetworkInput.properties.mtu.maximum], [576, 65521]);
  assert.ok(NetworkInput.properties.name.description);
  assert.equal(PortInput.properties.overlay.not, {});
  assert.ok(ajv.validate(PortInput, portA));
  assert.not(ajv.validate(PortInput, { ...portA, colour: "blue" }));
  assert.not(JSON.stringify(document).includes("x-portyard"));
});

test("version tells who answers", async () => {
  const { body } = await call("GET", "/v1/version");
  assert.equal([body.instance, body.state, body.pid, body.forwarderPid], ["lab", "running", process.pid, 4711]);
});

test("lists are arrays with the fields that scripts rely on", async () => {
  const fields = async (path: string) => Object.keys((await call("GET", path)).body[0]);
  const has = (found: string[], wanted: string) =>
    assert.equal(
      wanted.split(" ").filter((name) => !found.includes(name)),
      [],
    );
  has(
    await fields("/v1/ports"),
    "name network kind io state mac addresses mtu receivedFrames sentFrames receivedBytes sentBytes droppedFrames owner",
  );
  has(await fields("/v1/networks"), "name subnets gateway mtu ports owner");
  has(await fields("/v1/macs"), "network mac port kind ageSeconds");
  has(await fields("/v1/drops"), "reason port count");
  has(await fields("/v1/workers"), "worker state io received sent dropped");
});

test("lists are filtered by network and port, and cut at the limit", async () => {
  const count = async (path: string) => {
    const { body, headers } = await call("GET", path);
    return [body.length, headers["x-total-count"]];
  };
  assert.equal(await count("/v1/macs"), [2, "2"]);
  assert.equal(await count("/v1/macs?limit=1"), [1, "2"]);
  assert.equal(await count("/v1/macs?network=green"), [0, "0"]);
  assert.equal(await count("/v1/ports?network=blue"), [1, "1"]);
  assert.equal(await count("/v1/ports?network=green"), [0, "0"]);
  assert.equal(await count("/v1/drops?port=a"), [1, "1"]);
  assert.equal(await count("/v1/networks?network=blue"), [1, "1"]);
});

for (const [path, status, code, field] of [
  ["/v1/macs?limit=0", 400, "bad-request", "limit"],
  ["/v1/macs?limit=many", 400, "bad-request", "limit"],
  ["/v1/macs?limit=1&limit=2", 400, "bad-request", "limit"],
  ["/v1/macs?colour=blue", 400, "bad-request", "colour"],
  ["/v1/macs?network=red", 404, "network-missing", "network"],
  ["/v1/ports?port=z", 404, "port-missing", "port"],
  ["/v1/nothing", 404, "not-found", "/v1/nothing"],
] as const) {
  test(`GET ${path} is ${code}`, async () => {
    const { status: answered, body } = await call("GET", path);
    assert.equal([answered, body.error.code, body.error.path], [status, code, field]);
    assert.ok(body.error.remedy);
  });
}

test("the running configuration is answered as the document says", async () => {
  const { status, body } = await call("GET", "/v1/config");
  assert.equal([status, body.config.name, body.config.ports[0].name, body.held], [200, "lab", "a", []]);
});

test("a network is made and removed", async () => {
  const made = await call("POST", "/v1/networks", { name: "red", subnet: "10.79.0.0/24", mtu: 9000 });
  assert.equal([made.status, made.body.name, made.body.mtu, made.body.owner], [201, "red", 9000, "api"]);
  assert.is((await call("POST", "/v1/networks", { name: "red" })).body.error.code, "name-taken");
  assert.is((await call("DELETE", "/v1/networks/red")).status, 204);
  assert.is((await call("DELETE", "/v1/networks/red")).status, 404);
});

test("a port is made and removed, and what it had is free again", async () => {
  for (let round = 0; round < 2; round++) {
    const made = await call("POST", "/v1/ports", portB);
    assert.equal([made.status, made.body.state, made.body.addresses, made.body.owner], [201, "up", ["10.77.0.3"], "api"]);
    assert.is((await call("POST", "/v1/ports", portB)).status, 409);
    assert.is((await call("DELETE", "/v1/ports/b")).status, 204);
  }
  assert.is((await call("DELETE", "/v1/ports/b")).status, 404);
});

test("a network with ports stays", async () => {
  await call("POST", "/v1/networks", { name: "red" });
  await call("POST", "/v1/ports", { name: "r", network: "red", tap: { namespace: "r", interface: "eth0" } });
  assert.is((await call("DELETE", "/v1/networks/red")).body.error.code, "network-in-use");
  await call("DELETE", "/v1/ports/r");
  assert.is((await call("DELETE", "/v1/networks/red")).status, 204);
});

test("what the file made is not the API's to remove", async () => {
  assert.is((await call("DELETE", "/v1/ports/a")).body.error.code, "owned-by-file");
  assert.is((await call("DELETE", "/v1/networks/green")).status, 409);
});

test("a wrong body is answered with every problem in it", async () => {
  const { status, body } = await call("POST", "/v1/ports", { name: "B", network: "red", tap: { namespace: "b" }, colour: 1 });
  assert.is(status, 400);
  assert.equal(
    body.error.problems.map(({ path }: { path: string }) => path),
    ["name", "tap.interface", "colour"],
  );
  assert.is(body.error.path, "name");
});

test("what the engine refuses is 422, and the port is not there", async () => {
  yard.engine!.refused.add("b");
  const { status, body } = await call("POST", "/v1/ports", portB);
  yard.engine!.refused.delete("b");
  assert.equal([status, body.error.code], [422, "namespace-missing"]);
  assert.is((await call("GET", "/v1/ports?port=b")).status, 404);
  assert.is((await call("POST", "/v1/ports", portB)).status, 201);
  await call("DELETE", "/v1/ports/b");
});

for (const [what, body, type, status] of [
  ["no JSON", "{", "application/json", 400],
  ["nothing", "", "application/json", 400],
  ["a list", [], "application/json", 400],
  ["null", "null", "application/json", 400],
  ["a form", "name=b", "application/x-www-form-urlencoded", 415],
  ["more than 4 MiB", JSON.stringify({ name: "b".repeat(4 * 1024 * 1024) }), "application/json", 413],
] as const) {
  test(`a body that is ${what} is ${status}`, async () => {
    const answer = await ask(agent.place.socket, "POST", "/v1/networks", body, type);
    assert.is(answer.status, status);
    assert.ok(answer.body.error.code && answer.body.error.message && answer.body.error.remedy);
  });
}

test("a frame is explained, whole or cut, with or without a virtio-net header", async () => {
  const hex = "ffffffffffff02000000000188b5";
  const plain = await call("POST", "/v1/explain", { port: "a", hex });
  assert.equal([plain.status, plain.body.verdict, plain.body.port], [200, "forwarded", "a"]);
  assert.equal(plain.body.outputs, [{ port: "a", bytes: 14, hex, offload: null }]);
  const offload = "01010000e80322001000";
  const spaced = "FF:FF:FF:FF:FF:FF 020000000001 88b5";
  const cut = await call("POST", "/v1/explain", { port: "a", hex: spaced, originalBytes: 1500 });
  assert.equal(cut.body.outputs, [{ port: "a", bytes: 1500, hex, offload: null }]);
  for (const text of [offload, "01 01 00 00 e8 03 22 00 10 00"]) {
    const more = await call("POST", "/v1/explain", { port: "a", hex: spaced, offload: text });
    assert.equal(more.body.outputs, [{ port: "a", bytes: 14, hex, offload }]);
  }
});

test("what can only be a super-frame is explained as one, and what its caller says of it counts", async () => {
  const ends = { source: "10.77.0.2", destination: "10.77.0.3" };
  const made = superFrame({ from: station(1), to: station(2), ends, payload: ramp(3000), segmentBytes: 1460 });
  const hex = hexOf(made.frame);
  const offloadOf = async (more: object) => (await call("POST", "/v1/explain", { port: "a", hex, ...more })).body.outputs[0].offload;
  assert.is(await offloadOf({}), hexOf(made.offload));
  assert.is(await offloadOf({ offload: "00".repeat(10) }), "00".repeat(10));
  assert.is(await offloadOf({ originalBytes: 5000 }), null);
});

for (const [what, body, status, code, field] of [
  ["no hexadecimal", { port: "a", hex: "zz" }, 400, "bad-hex", undefined],
  ["half a byte", { port: "a", hex: "020" }, 400, "bad-hex", undefined],
  ["a virtio-net header of no hexadecimal", { port: "a", hex: "02", offload: "z".repeat(20) }, 400, "bad-hex", undefined],
  ["a virtio-net header of nine bytes", { port: "a", hex: "02", offload: "00".repeat(9) }, 400, "bad-request", "offload"],
  [
    "a virtio-net header of seven bytes and 20 characters",
    { port: "a", hex: "02", offload: Array(7).fill("00").join(" ") },
    400,
    "bad-request",
    "offload",
  ],
  [
    "a virtio-net header of a cut frame",
    { port: "a", hex: "02", originalBytes: 9, offload: "00".repeat(10) },
    400,
    "bad-request",
    "offload",
  ],
  ["a length of half a byte", { port: "a", hex: "02", originalBytes: 9.5 }, 400, "bad-request", "originalBytes"],
  ["a length of 33 bits", { port: "a", hex: "02", originalBytes: 2 ** 32 }, 400, "bad-request", "originalBytes"],
  ["a port that is not there", { port: "z", hex: "02" }, 404, "port-missing", undefined],
  ["an unknown key", { port: "a", hex: "02", colour: "blue" }, 400, "bad-request", "colour"],
  ["no frame", { port: "a" }, 400, "bad-request", "hex"],
  ["no port", { hex: "02" }, 400, "bad-request", "port"],
  ["a length below nothing", { port: "a", hex: "02", originalBytes: -1 }, 400, "bad-request", "originalBytes"],
  ["a list", [], 400, "bad-request", undefined],
] as const) {
  test(`an explanation of ${what} is ${status} ${code}`, async () => {
    const { status: answered, body: answer } = await call("POST", "/v1/explain", body);
    assert.equal([answered, answer.error.code], [status, code]);
    if (field !== undefined) assert.is(answer.error.path, field);
    assert.ok(answer.error.message);
  });
}

test("changes that come together are made one after another", async () => {
  const names = Array.from({ length: 8 }, (_, index) => `n${index}`);
  const made = await Promise.all(names.map((name) => call("POST", "/v1/networks", { name })));
  assert.ok(made.every(({ status }) => status === 201));
  const removed = await Promise.all(names.map((name) => call("DELETE", `/v1/networks/${name}`)));
  assert.ok(removed.every(({ status }) => status === 204));
});

test.run();
