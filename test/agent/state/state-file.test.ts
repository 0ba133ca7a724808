/** state.json: whole or not at all. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readState, removeState, writeState } from "../../../agent/state/state-file.ts";
import type { State } from "../../../agent/state/types.ts";
import { networkInput, portInput, serviceInput } from "../../../bindings/config/as-input.ts";
import { parseConfig } from "../../../bindings/config/parse.ts";
import type { PortyardError } from "../../../bindings/error.ts";

const test = suite("state file");
const folder = mkdtempSync(join(tmpdir(), "portyard-state-"));
const path = join(folder, "state.json");
test.before.each(() => removeState(path));
test.after(() => rmSync(folder, { recursive: true }));

const config = parseConfig({
  networks: [{ name: "blue", subnet: ["10.77.0.0/24", "fd77::/64"] }, { name: "plain" }],
  ports: [
    { name: "a", network: "blue", tap: { namespace: "a", interface: "eth0", address: ["10.77.0.2", "fd77::2"] } },
    { name: "b", network: "plain", tap: { namespace: "b", interface: "eth0", offload: false } },
    { name: "t", trunk: { blue: 7 }, native: "plain", packet: { interface: "veth-t" }, staticMacs: ["02:00:00:00:00:0d"] },
  ],
  services: [
    { name: "web", network: "blue", address: "10.77.0.9", ports: [{ protocol: "tcp", port: 80 }], backends: [{ address: "10.77.0.2" }] },
  ],
});
const state: State = {
  version: 1,
  name: "default",
  networks: config.networks.map((network) => ({ owner: "file", config: networkInput(network) })),
  ports: config.ports.map((port) => ({ owner: "api", config: portInput(port) })),
  services: config.services.map((service) => ({ owner: "api", config: serviceInput(service) })),
  interfaces: [{ interface: "veth-t", isUp: true, hasArp: true, disableIpv6: "0" }],
};

test("what was written is read, and makes the same configuration", async () => {
  await writeState(path, state);
  const read = (await readState(path))!;
  assert.equal(read, state);
  const again = parseConfig({
    networks: read.networks.map((each) => each.config),
    ports: read.ports.map((each) => each.config),
    services: read.services!.map((each) => each.config),
  });
  assert.equal(again, config);
});

test("a state of a version without services is read", async () => {
  const { services: _none, ...older } = state;
  await writeState(path, older);
  assert.equal(await readState(path), older);
});

test("the file is for its user only and no second one stays", async () => {
  await writeState(path, state);
  assert.is(statSync(path).mode & 0o777, 0o600);
  assert.not(existsSync(`${path}.new`));
});

test("there is no state where none was written", async () => {
  assert.is(await readState(path), null);
});

test("a write that fails leaves what was there", async () => {
  await writeState(path, state);
  mkdirSync(`${path}.new`);
  const error: PortyardError = await writeState(path, { ...state, ports: [] }).then(
    () => assert.unreachable("it was written"),
    (caught) => caught,
  );
  assert.is(error.code, "file-failed");
  assert.is(JSON.parse(readFileSync(path, "utf8")).ports.length, 3);
  rmSync(`${path}.new`, { recursive: true, force: true });
});

for (const [what, text] of [
  ["half a file", '{"version":1'],
  ["another version", '{"version":2,"name":"default","networks":[],"ports":[],"interfaces":[]}'],
  [
    "an owner that nobody knows",
    '{"version":1,"name":"default","networks":[],"ports":[{"owner":"me","config":{"name":"a"}}],"interfaces":[]}',
  ],
  ["a list", "[]"],
] as const) {
  test(`${what} is refused with its path`, async () => {
    writeFileSync(path, text);
    const error: PortyardError = await readState(path).then(
      () => assert.unreachable("it was read"),
      (caught) => caught,
    );
    assert.equal([error.code, error.path], ["state-unreadable", path]);
  });
}

test.run();
