/** What people write of a balancer, and what it takes. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseBalancer } from "../../../bindings/service/parse.ts";
import { fieldsOf } from "../engine/world.ts";

test("defaults are filled in, and addresses made canonical", () => {
  assert.equal(parseBalancer({ backends: [{ address: "FD00:0::2", port: 80 }, { address: "10.0.0.2" }] }), {
    algorithm: "round-robin",
    backends: [
      { name: "[fd00::2]:80", address: "fd00::2", port: 80, weight: 1, maxFlows: null },
      { name: "10.0.0.2", address: "10.0.0.2", port: null, weight: 1, maxFlows: null },
    ],
    slowStartSeconds: 0,
    ejection: { failures: 5, seconds: 30, maxSeconds: 300, share: 0.1 },
    panicShare: 0.5,
  });
});

test("a backend may be on this host", () => {
  const { backends } = parseBalancer({ backends: [{ address: "127.0.0.1" }, { address: "::1", port: 80 }] });
  assert.equal(
    backends.map(({ name }) => name),
    ["127.0.0.1", "[::1]:80"],
  );
});

test("what is given is taken", () => {
  const backend = { name: "web-1", address: "10.0.0.2", port: 8080, weight: 0, maxFlows: 10 };
  const given = { algorithm: "maglev", backends: [backend], slowStartSeconds: 30, panicShare: 0 };
  assert.equal(parseBalancer({ ...given, ejection: false }), { ...given, ejection: null });
  assert.equal(parseBalancer({ ...given, ejection: { share: 1 } }).ejection, { failures: 5, seconds: 30, maxSeconds: 300, share: 1 });
});

const wrong: [input: object, path: string][] = [
  [{}, "backends"],
  [{ backends: [{ address: "10.0.0.0/24" }] }, "backends[0].address"],
  [{ backends: [{ address: "224.0.0.1" }] }, "backends[0].address"],
  [{ backends: [{ address: "10.0.0.2", port: 0 }] }, "backends[0].port"],
  [{ backends: [{ address: "10.0.0.2", weight: 65_536 }] }, "backends[0].weight"],
  [{ backends: [{ address: "10.0.0.2", weight: 1.5 }] }, "backends[0].weight"],
  [{ backends: [{ address: "10.0.0.2", maxFlows: 0 }] }, "backends[0].maxFlows"],
  [{ backends: [{ address: "10.0.0.2", name: "" }] }, "backends[0].name"],
  [{ backends: [{ address: "10.0.0.2" }, { address: "10.0.0.2" }] }, "backends[1].address"],
  [
    {
      backends: [
        { address: "10.0.0.2", name: "a" },
        { address: "10.0.0.3", name: "a" },
      ],
    },
    "backends[1].name",
  ],
  [{ backends: [], slowStartSeconds: -1 }, "slowStartSeconds"],
  [{ backends: [], panicShare: 2 }, "panicShare"],
  [{ backends: [], ejection: true }, "ejection"],
  [{ backends: [], algorithm: "fastest" }, "algorithm"],
  [{ backends: [], algoritm: "maglev" }, "algoritm"],
];
for (const [input, path] of wrong) {
  test(`${JSON.stringify(input)} is refused at ${path}, with a remedy`, () => {
    const [found, remedy] = fieldsOf(() => parseBalancer(input));
    assert.is(found, path);
    assert.ok((remedy ?? "").length > 5);
  });
}

test.run();
