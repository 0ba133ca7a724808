/** Configuration files: YAML and JSON, with file and line in what is wrong. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readConfigFile } from "../../../bindings/config/read.ts";
import { PortyardError } from "../../../bindings/error.ts";

const test = suite("read");
const folder = mkdtempSync(join(tmpdir(), "portyard-read-"));
test.after(() => rmSync(folder, { recursive: true }));

function file(text: string, name = "lab.yaml"): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function fault(path: string): Promise<PortyardError> {
  const error = await readConfigFile(path).catch((caught) => caught);
  assert.instance(error, PortyardError);
  return error;
}

test("YAML is read", async () => {
  const config = await readConfigFile(
    file(`
networks:
  - name: blue            # a comment
    subnet: 10.77.0.0/24
ports:
  - { name: a, network: blue, tap: { namespace: a, interface: eth0, address: 10.77.0.2/24 } }
  - { name: b, network: blue, packet: { interface: veth-b }, mac: 02:00:00:00:00:0b }
`),
  );
  assert.equal(
    config.ports.map(({ name }) => name),
    ["a", "b"],
  );
  assert.is(config.ports[1]!.mac, "02:00:00:00:00:0b");
});

test("JSON is read", async () => {
  const config = await readConfigFile(file(JSON.stringify({ name: "lab", workers: 2 }), "lab.json"));
  assert.equal([config.name, config.workers], ["lab", 2]);
});

test("the line of a wrong value is named", async () => {
  const path = file("networks:\n  - name: blue\n    mtu: 12\n");
  const error = await fault(path);
  assert.is(error.message, `${path}:3: networks[0].mtu is 12; it must be a whole number from 576 to 65521.`);
  assert.is(error.path, "networks[0].mtu");
});

test("the line of the object is named where a key is missing", async () => {
  const path = file("networks:\n  - name: blue\nports:\n  - name: a\n    network: blue\n    tap: { interface: eth0 }\n");
  assert.match((await fault(path)).message, new RegExp(`^${path}:6: ports\\[0\\]\\.tap\\.namespace is missing`));
});

for (const [what, text, says] of [
  ["a tab", "networks:\n\t- name: blue\n", /lab\.yaml:2:1: /],
  ["a brace that is not closed", "networks: [{ name: blue }\nports: []\n", /lab\.yaml:\d+:\d+: /],
  ["a key that stands twice", "workers: 1\nworkers: 2\n", /lab\.yaml:2:1: /],
  ["an empty file", "", /configuration is null; it must be an object/],
  ["a file of another kind", "\u0000\u0001\u0002", /lab\.yaml/],
] as const) {
  test(`${what} is refused`, async () => {
    const error = await fault(file(text));
    assert.is(error.code, "bad-configuration");
    assert.match(error.message, says);
  });
}

test("aliases that would unfold without end are refused", async () => {
  const levels = Array.from({ length: 12 }, (_, level) => `a${level + 1}: &a${level + 1} [${`*a${level}, `.repeat(10)}]`);
  const error = await fault(file(`a0: &a0 x\n${levels.join("\n")}\n`));
  assert.is(error.code, "bad-configuration");
});

test("a missing file and a folder are errors with a remedy", async () => {
  for (const path of [join(folder, "absent.yaml"), folder]) {
    const error = await fault(path);
    assert.is(error.code, "configuration-unreadable");
    assert.ok(error.remedy);
  }
});

test.run();
