/** What the options of `portyard service` say, as keys of a service; what they cannot say is refused before anything is asked. */
import { InvalidArgumentError } from "commander";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { backendWord, portWord, serviceSaid, weightWord } from "../../cli/service-words.ts";

const test = suite("service words");

for (const [text, said] of [
  ["80", { protocol: "tcp", port: 80 }],
  ["80:8080", { protocol: "tcp", port: 80, targetPort: 8080 }],
  ["53/udp", { protocol: "udp", port: 53 }],
  ["53:5353/udp", { protocol: "udp", port: 53, targetPort: 5353 }],
  ["8000-8010/udp", { protocol: "udp", port: "8000-8010" }],
  ["8000-8010:9000/tcp", { protocol: "tcp", port: "8000-8010", targetPort: 9000 }],
  ["70000", { protocol: "tcp", port: 70000 }],
  ["80/sctp", { protocol: "sctp", port: 80 }],
] as const) {
  test(`port ${text}`, () => assert.equal(portWord(text), [said]));
}

for (const [text, said] of [
  ["10.77.0.2", { address: "10.77.0.2" }],
  ["10.77.0.2:8080", { address: "10.77.0.2", port: 8080 }],
  ["fd77::2", { address: "fd77::2" }],
  ["::1", { address: "::1" }],
  ["[fd77::2]", { address: "fd77::2" }],
  ["[fd77::2]:8080", { address: "fd77::2", port: 8080 }],
  ["10.77.0.2,weight=3", { address: "10.77.0.2", weight: 3 }],
  ["10.77.0.2:80,name=web-1,max-flows=9,weight=0", { address: "10.77.0.2", port: 80, name: "web-1", maxFlows: 9, weight: 0 }],
  ["10.77.0.2,name=a=b", { address: "10.77.0.2", name: "a=b" }],
  ["web.example", { address: "web.example" }],
] as const) {
  test(`backend ${text}`, () => assert.equal(backendWord(text), [said]));
}

test("several are a list in their order", () => {
  assert.equal(portWord("2", portWord("1")), [
    { protocol: "tcp", port: 1 },
    { protocol: "tcp", port: 2 },
  ]);
  assert.equal(backendWord("10.0.0.2", backendWord("10.0.0.1")), [{ address: "10.0.0.1" }, { address: "10.0.0.2" }]);
  assert.equal(
    [...weightWord("b=0", weightWord("10.0.0.1:80=3"))],
    [
      ["10.0.0.1:80", 3],
      ["b", 0],
    ],
  );
});

for (const [word, texts] of [
  [portWord, ["", "http", "80:", "80/", ":80", "80-", "-80", "80:90-99", "1.5"]],
  [
    backendWord,
    ["", ",weight=1", "10.0.0.2:", "10.0.0.2:http", "[fd77::2", "fd77::2]:80", "10.0.0.2,weight", "10.0.0.2,weight=", "10.0.0.2,weight=x"],
  ],
  [backendWord, ["10.0.0.2,colour=blue", "10.0.0.2,maxFlows=1", "10.0.0.2,weight=-1"]],
  [weightWord, ["", "web-1", "web-1=", "=3", "web-1=x"]],
] as const) {
  for (const text of texts)
    test(`${word.name} ${JSON.stringify(text)} is refused`, () =>
      assert.throws(
        () => word(text),
        (error: unknown) => error instanceof InvalidArgumentError,
      ));
}

test("only what was said is a key", () => {
  assert.equal(serviceSaid({}), {});
  assert.equal(serviceSaid({ ejection: true }), {});
  assert.equal(serviceSaid({ ejection: false, affinity: 0, slowStart: 5, panicShare: 0, algorithm: "maglev", network: "blue" }), {
    ejection: false,
    affinitySeconds: 0,
    slowStartSeconds: 5,
    panicShare: 0,
    algorithm: "maglev",
    network: "blue",
  });
  assert.equal(serviceSaid({ address: ["10.0.0.9"], port: portWord("80"), backend: backendWord("10.0.0.2") }), {
    address: ["10.0.0.9"],
    ports: [{ protocol: "tcp", port: 80 }],
    backends: [{ address: "10.0.0.2" }],
  });
});

test.run();
