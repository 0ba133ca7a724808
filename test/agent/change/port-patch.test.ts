/** One port that changes: the merge of what is said into what it is (the examples of RFC 7396, appendix A), and what follows from it. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { mergePatch, patched, setPortTransaction } from "../../../agent/change/port-patch.ts";
import { NO_LEASES } from "../../../agent/change/plan.ts";
import { parseConfig } from "../../../bindings/config/parse.ts";
import type { PortyardError } from "../../../bindings/error.ts";

const test = suite("port patch");

for (const [target, patch, result] of [
  [{ a: "b" }, { a: "c" }, { a: "c" }],
  [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
  [{ a: "b" }, { a: null }, {}],
  [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
  [{ a: ["b"] }, { a: "c" }, { a: "c" }],
  [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
  [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
  [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
  [
    ["a", "b"],
    ["c", "d"],
    ["c", "d"],
  ],
  [{ a: "b" }, ["c"], ["c"]],
  [{ a: "foo" }, null, null],
  [{ a: "foo" }, "bar", "bar"],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: "b", c: null }, { a: "b" }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
] as const) {
  test(`${JSON.stringify(patch)} into ${JSON.stringify(target)}`, () => {
    const before = JSON.stringify(target);
    assert.equal(mergePatch(target, patch), result);
    assert.is(JSON.stringify(target), before);
  });
}

const port = (extra: object) =>
  parseConfig({
    networks: [{ name: "blue", subnet: "10.77.0.0/24" }],
    ports: [{ name: "a", network: "blue", tap: { namespace: "a", interface: "eth0", address: "10.77.0.2" }, ...extra }],
  }).ports[0]!;
const living = { recreate: false, isDown: false, owner: "api" as const };
const actions = (...args: Parameters<typeof setPortTransaction>) =>
  setPortTransaction(...args)
    .plan(NO_LEASES)
    .map(({ action }) => action);

function fault(action: () => unknown): PortyardError {
  try {
    action();
  } catch (error) {
    return error as PortyardError;
  }
  throw new Error("it was taken");
}

test("a living port takes what its device does not depend on", () => {
  assert.equal(actions(port({}), port({ macLimit: 3, addresses: ["10.77.0.9"], sourceCheck: false }), living), ["set-ports"]);
});

test("anything else needs to be asked for", () => {
  const to = port({ mac: "02:00:00:00:00:0d", macLimit: 3 });
  const error = fault(() => setPortTransaction(port({}), to, living));
  assert.equal([error.code, error.path, error.value], ["recreate-needed", "mac", "a"]);
  assert.match(error.remedy!, "--recreate");
  assert.equal(actions(port({}), to, { recreate: true, isDown: false, owner: "api" as const }), ["remove-port", "add-port"]);
});

test("one that may be made anew is not, when it need not be", () => {
  assert.equal(actions(port({}), port({ macLimit: 3 }), { recreate: true, isDown: false, owner: "api" as const }), ["set-ports"]);
  assert.equal(actions(port({}), port({}), { recreate: true, isDown: false, owner: "api" as const }), []);
  assert.equal(actions(port({}), port({}), { recreate: true, isDown: true, owner: "api" as const }), ["remove-port", "add-port"]);
});

test("one that is held is made", () => {
  assert.equal(actions(null, port({}), living), ["add-port"]);
});

test("a port keeps its name, and a patch is an object", () => {
  assert.is(fault(() => patched({ name: "a" }, { name: "b" }, "a")).path, "name");
  for (const patch of [null, 3, "x", []]) assert.is(fault(() => patched({ name: "a" }, patch, "a")).code, "bad-request");
  assert.equal(patched({ name: "a", macLimit: 3 }, { name: "a", macLimit: null }, "a"), { name: "a" });
});

test.run();
