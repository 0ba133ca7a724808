/** Reloads and changes of ports on a fake engine: all or nothing, whatever refuses, and owners are respected. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readState } from "../../agent/state/state-file.ts";
import { FileYard } from "./support/file-yard.ts";
import { blue, portA, portB } from "./support/yard.ts";

const portC = { name: "c", network: "blue", tap: { namespace: "c", interface: "eth0", address: "10.77.0.4/24" } };

class Reloads extends FileYard {
  async ports(): Promise<string[]> {
    return (await this.call("GET", "/v1/ports")).body.map(
      (port: { name: string; state: string; owner: string }) => `${port.name} ${port.state} ${port.owner}`,
    );
  }

  async stored(): Promise<string[]> {
    return (await readState(this.agent!.place.stateFile))!.ports.map(({ owner, config }) => `${config.name} ${owner}`).sort();
  }
}

const test = suite<{ yard: Reloads }>("reload");
test.before.each((context) => {
  context.yard = new Reloads();
});
test.after.each(async ({ yard }) => {
  await yard.agent?.stop().catch(() => {});
  yard.remove();
});

test("what differs is applied, what comes first, and the answer says what it was", async ({ yard }) => {
  await yard.up({ ports: [portA, portB] });
  yard.says({ ports: [{ ...portA, macLimit: 3 }, portC] });
  const { body } = await yard.call("POST", "/v1/reload", {});
  assert.equal(body.changes, [
    { action: "remove", kind: "port", name: "b", keys: [] },
    { action: "change", kind: "port", name: "a", keys: ["macLimit"] },
    { action: "add", kind: "port", name: "c", keys: [] },
  ]);
  assert.equal(yard.engine!.asked, ["addPort c", "setPorts a", "removePort b"]);
  assert.equal(await yard.stored(), ["a file", "c file"]);
  assert.equal((await yard.call("POST", "/v1/reload", {})).body.changes, []);
  assert.is(yard.engine!.asked.length, 3);
});

test("a dry run checks all that can be known, and asks for nothing", async ({ yard }) => {
  await yard.up({ ports: [portA] });
  yard.says({ ports: [portA, portB] });
  assert.is((await yard.call("POST", "/v1/reload", { dryRun: true })).body.changes.length, 1);
  yard.engine!.absent.add("b");
  const { body } = await yard.call("POST", "/v1/reload", { dryRun: true });
  assert.equal([body.error.code, body.error.path], ["namespace-missing", "port b"]);
  assert.equal(yard.engine!.asked, []);
  assert.equal(await yard.stored(), ["a file"]);
});

test("what fails in the middle is taken back, newest first", async ({ yard }) => {
  await yard.up({ ports: [portA, portB] });
  // b must go before its device can be c's: c comes last, and is refused
  yard.says({
    networks: [blue, { name: "green" }],
    ports: [
      { ...portA, macLimit: 3 },
      { ...portB, name: "c" },
    ],
  });
  yard.engine!.refused.add("c");
  const { status, body } = await yard.call("POST", "/v1/reload", {});
  assert.equal([status, body.error.code, body.error.path], [422, "namespace-missing", "port c"]);
  assert.match(body.error.message, "port c: ");
  assert.equal(yard.engine!.asked, [
    "addNetwork green",
    "setPorts a",
    "removePort b",
    "addPort c",
    "addPort b",
    "setPorts a",
    "removeNetwork green",
  ]);
  assert.equal(await yard.ports(), ["a up file", "b up file"]);
  assert.equal(await yard.stored(), ["a file", "b file"]);
});

test("what cannot be made again is held and told of, and the next reload tries it again", async ({ yard }) => {
  await yard.up({ ports: [portA, portB] });
  yard.says({ ports: [portA, { ...portB, mac: "02:00:00:00:00:0d" }] });
  yard.engine!.refused.add("b");
  const { body } = await yard.call("POST", "/v1/reload", {});
  assert.match(body.error.message, "except port b");
  assert.equal(await yard.ports(), ["a up file", "b failed file"]);
  assert.equal(await yard.stored(), ["a file", "b file"]);
  yard.engine!.refused.clear();
  assert.equal(
    (await yard.call("POST", "/v1/reload", {})).body.changes.map(({ action }: { action: string }) => action),
    ["add"],
  );
  assert.equal(await yard.ports(), ["a up file", "b up file"]);
});

test("a file that does not name what is held any more lets it go", async ({ yard }) => {
  await yard.up({ ports: [portA, portB] });
  yard.says({ ports: [portA, { ...portB, mac: "02:00:00:00:00:0d" }] });
  yard.engine!.refused.add("b");
  await yard.call("POST", "/v1/reload", {});
  yard.says({ ports: [portA] });
  assert.equal(
    (await yard.call("POST", "/v1/reload", {})).body.changes.map(({ action, name }: never) => [action, name]),
    [["remove", "b"]],
  );
  assert.equal(await yard.ports(), ["a up file"]);
});

test("the API's objects are not touched, and their names are not the file's", async ({ yard }) => {
  await yard.up({ ports: [portA] });
  await yard.call("POST", "/v1/ports", portB);
  yard.engine!.asked.length = 0;
  yard.says({ ports: [] });
  assert.is((await yard.call("POST", "/v1/reload", {})).status, 200);
  assert.equal(yard.engine!.asked, ["removePort a"]);
  yard.says({ ports: [portB] });
  assert.is((await yard.call("POST", "/v1/reload", {})).body.error.code, "name-taken");
  yard.says({ networks: [], ports: [] });
  assert.equal((await yard.call("POST", "/v1/reload", {})).body.error.value, "blue");
  assert.equal(await yard.ports(), ["b up api"]);
});

for (const [what, config, path] of [
  ["the number of workers", { workers: 2 }, "workers"],
  ["the size of the MAC table", { tables: { macs: 1024 } }, "tables.macs"],
  ["the name", { name: "other" }, "name"],
] as const) {
  test(`${what} stays`, async ({ yard }) => {
    await yard.up({ ports: [portA] });
    yard.says({ ports: [], ...config });
    const { status, body } = await yard.call("POST", "/v1/reload", {});
    assert.equal([status, body.error.code, body.error.path], [409, "reload-refused", path]);
    assert.equal(yard.engine!.asked, []);
  });
}

test("a wrong file, a missing one and a wrong body are refused with their place", async ({ yard }) => {
  await yard.up({ ports: [portA] });
  writeFileSync(yard.path, "ports: [");
  assert.is((await yard.call("POST", "/v1/reload", {})).body.error.code, "bad-configuration");
  assert.is((await yard.call("POST", "/v1/reload", { config: join(yard.root, "absent") })).body.error.code, "configuration-unreadable");
  for (const body of [{ config: "relative.yaml" }, { dryRun: 3 }, { other: 1 }, []])
    assert.is((await yard.call("POST", "/v1/reload", body)).body.error.code, "bad-request", JSON.stringify(body));
  yard.says({ ports: [portA, { ...portB, tap: portA.tap }] });
  assert.match((await yard.call("POST", "/v1/reload", {})).body.error.path, "ports[1]");
  assert.equal(await yard.ports(), ["a up file"]);
});

test("an agent without a file says so", async ({ yard }) => {
  yard.agent = await yard.start({ name: "lab" });
  assert.is((await yard.call("POST", "/v1/reload", {})).body.error.code, "reload-refused");
});

test("a port that is gone is made anew as soon as that is possible", async ({ yard }) => {
  await yard.up({ ports: [portA, portB] });
  yard.engine!.gone.add("b");
  yard.engine!.absent.add("b");
  assert.equal((await yard.call("POST", "/v1/reload", {})).body.changes, []);
  yard.engine!.absent.clear();
  assert.equal((await yard.call("POST", "/v1/reload", {})).body.changes, [{ action: "recreate", kind: "port", name: "b", keys: [] }]);
  assert.equal(yard.engine!.asked, ["removePort b", "addPort b"]);
});

test("a port of the API changes, and is as it was when that is refused", async ({ yard }) => {
  await yard.up({ ports: [portA] });
  await yard.call("POST", "/v1/ports", portB);
  yard.engine!.asked.length = 0;
  const set = (body: unknown, query = "") => yard.call("PATCH", `/v1/ports/b${query}`, body);
  const changed = await set({ addresses: ["10.77.0.9"] });
  assert.equal([changed.status, changed.body.addresses], [200, ["10.77.0.3", "10.77.0.9"]]);
  assert.is((await set({ addresses: ["10.77.0.2"] })).body.error.code, "bad-configuration");
  assert.is((await set({ macLimit: 0 })).body.error.code, "bad-configuration");
  assert.is((await set({ tap: { interface: "eth1" } })).body.error.code, "recreate-needed");
  assert.is((await set({ tap: { interface: "eth1" } }, "?recreate=maybe")).body.error.code, "bad-request");
  yard.engine!.unset.add("b");
  assert.is((await set({ macLimit: 7 })).body.error.code, "address-taken");
  yard.engine!.absent.add("b");
  assert.is((await set({ tap: { namespace: "z" } }, "?recreate=true")).body.error.code, "namespace-missing");
  assert.equal(yard.engine!.asked, ["setPorts b", "setPorts b"]);
  assert.equal((await yard.call("GET", "/v1/ports?port=b")).body[0].addresses, ["10.77.0.3", "10.77.0.9"]);
  yard.engine!.absent.clear();
  assert.is((await set({ tap: { namespace: "z" } }, "?recreate=true")).status, 200);
  assert.is((await yard.call("PATCH", "/v1/ports/a", { macLimit: 3 })).body.error.code, "owned-by-file");
  assert.is((await yard.call("PATCH", "/v1/ports/z", { macLimit: 3 })).body.error.code, "port-missing");
  const state = await readState(yard.agent!.place.stateFile);
  assert.equal(state!.ports.map(({ config }) => config.tap!.namespace).sort(), ["a", "z"]);
});

test.run();
