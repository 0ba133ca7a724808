/** From the options of `port add` and `port set`, and from text and files, to the object that the agent is sent. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { PortyardError } from "../../bindings/error.ts";
import { readObject } from "../../cli/object.ts";
import { portSaid } from "../../cli/port-words.ts";

const test = suite("port words");
const folder = mkdtempSync(join(tmpdir(), "portyard-words-"));
test.after(() => rmSync(folder, { recursive: true }));

function file(text: string): string {
  const path = join(folder, "port.yaml");
  writeFileSync(path, text);
  return path;
}

const fault = (promise: Promise<unknown>): Promise<PortyardError> =>
  promise.then(
    () => assert.unreachable("it was taken"),
    (error) => error,
  );

test("what is not said is not there", () => {
  assert.equal(portSaid({}), {});
  assert.equal(portSaid({ macLimit: 3, sourceCheck: false }), { macLimit: 3, sourceCheck: false });
});

test("a TAP is a namespace and an interface, whose name may be left out; a path may have colons", () => {
  assert.equal(portSaid({ tap: "c" }), { tap: { namespace: "c", interface: "eth0" } });
  assert.equal(portSaid({ tap: "c:net1" }), { tap: { namespace: "c", interface: "net1" } });
  assert.equal(portSaid({ tap: "/run/a:b/net:eth1" }), { tap: { namespace: "/run/a:b/net", interface: "eth1" } });
});

test("addresses are the interface's beside a TAP, else they are bound", () => {
  assert.equal(portSaid({ tap: "c", address: ["10.77.0.4"] }), { tap: { namespace: "c", interface: "eth0", address: ["10.77.0.4"] } });
  assert.equal(portSaid({ packet: "v", address: ["10.77.0.4"] }), { packet: { interface: "v" }, addresses: ["10.77.0.4"] });
  assert.equal(portSaid({ address: ["10.77.0.4"], staticMac: ["02:00:00:00:00:0d"] }), {
    addresses: ["10.77.0.4"],
    staticMacs: ["02:00:00:00:00:0d"],
  });
});

test("a trunk is an object of networks", () => {
  assert.equal(portSaid({ trunk: { blue: 10, green: 20 }, native: "blue" }), { trunk: { blue: 10, green: 20 }, native: "blue" });
});

test("a word is a name, anything else an object; options go on top, and both on top of the file", async () => {
  assert.equal(await readObject("port", { text: "c" }, { network: "blue" }), { name: "c", network: "blue" });
  assert.equal(await readObject("port", { text: "{ name: c, macLimit: 3 }" }, { macLimit: 4 }), { name: "c", macLimit: 4 });
  assert.equal(await readObject("port", { text: '{ "name": "c" }' }, {}), { name: "c" });
  assert.equal(await readObject("port", { text: "c", file: file("{ name: b, network: blue }") }, { macLimit: 4 }), {
    name: "c",
    network: "blue",
    macLimit: 4,
  });
});

test("what is no object is refused with where it stands", async () => {
  for (const text of ["{ name: ", "[1]", "- a", "'text'", ""]) {
    const error = await fault(readObject("port", { text }, {}));
    assert.equal([error.code, error.path], ["bad-request", "the command line"], JSON.stringify(text));
  }
  assert.is((await fault(readObject("port", { file: file("a: [") }, {}))).path, join(folder, "port.yaml"));
  assert.is((await fault(readObject("port", { file: join(folder, "absent") }, {}))).code, "configuration-unreadable");
});

test.run();
