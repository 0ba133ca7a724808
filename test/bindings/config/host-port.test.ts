/** The port that a network's gateways make: its name, its addresses, and what stands in its way. */
import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { hostPortName, hostPortOf } from "../../../bindings/config/host-port.ts";
import { isInterfaceName, isLabel } from "../../../bindings/config/name.ts";
import { networkInput, portInput } from "../../../bindings/config/as-input.ts";
import { inventoryOf, parseConfig, parseNetwork, parsePort } from "../../../bindings/config/parse.ts";
import { BadConfiguration } from "../../../bindings/config/problem.ts";
import type { NetworkConfig } from "../../../bindings/config/types.ts";
import { scale } from "../../scale.ts";

const test = suite("host port");
const blue = { name: "blue", subnet: ["10.77.0.0/24", "fd77::/64"], gateway: ["10.77.0.1", "FD77::0:1"] };
const tap = { namespace: "a", interface: "eth0", address: ["10.77.0.2", "fd77::2"] };

const networkOf = (network: object): NetworkConfig => parseConfig({ networks: [network] }).networks[0]!;

function messages(run: () => unknown): string[] {
  try {
    run();
  } catch (error) {
    if (error instanceof BadConfiguration) return error.problems.map(({ message }) => message);
    throw error;
  }
  return [];
}

test("has the gateways as its addresses, with the prefix lengths of their subnets, in one spelling", () => {
  const port = hostPortOf("lab", networkOf(blue))!;
  assert.equal(port.host, { interface: "py-blue", addresses: ["10.77.0.1/24", "fd77::1/64"] });
  assert.equal([port.name, port.network, port.addresses], ["py-blue", "blue", ["10.77.0.1", "fd77::1"]]);
});

test("is not source checked: what the host forwards comes from anywhere", () => {
  assert.is(hostPortOf("lab", networkOf(blue))!.sourceCheck, false);
});

test("has a MAC that follows from the names of instance and network", () => {
  const mac = (instance: string, name: string) => hostPortOf(instance, networkOf({ ...blue, name }))!.mac;
  assert.is(mac("lab", "blue"), mac("lab", "blue"));
  assert.is(new Set([mac("lab", "blue"), mac("lab", "green"), mac("other", "blue")]).size, 3);
});

test("is not there without a gateway", () => {
  assert.is(hostPortOf("lab", networkOf({ name: "plain" })), null);
  assert.is(hostPortOf("lab", networkOf({ name: "blue", subnet: "10.77.0.0/24" })), null);
});

test("is called after its network, shortened where an interface cannot be called so", () => {
  assert.is(hostPortName("blue"), "py-blue");
  assert.is(hostPortName("twelve-bytes"), "py-twelve-bytes");
  assert.match(hostPortName("thirteen-byte"), /^py-thirt-[0-9a-f]{6}$/);
  assert.is.not(hostPortName("thirteen-byte"), hostPortName("thirteen-bytes"));
});

test("has a name that is an interface's and a port's, whatever the network's", () => {
  const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
  fc.assert(
    fc.property(label, (network) => {
      const name = hostPortName(network);
      assert.ok(isInterfaceName(name) && isLabel(name), `${network} gives ${name}`);
    }),
    { numRuns: scale.configurationInputs },
  );
});

test("gives containers their default routes, unless the network is internal", () => {
  const gateways = (network: object) =>
    parseConfig({ networks: [network], ports: [{ name: "a", network: "blue", tap }] }).ports[0]!.tap!.gateways;
  assert.equal(gateways(blue), ["10.77.0.1", "fd77::1"]);
  assert.is(gateways({ ...blue, internal: true }), undefined);
  assert.is(gateways({ ...blue, gateway: undefined }), undefined);
});

test("is no part of the input that a network and a port are read again from", () => {
  const config = parseConfig({ name: "lab", networks: [blue], ports: [{ name: "a", network: "blue", tap }] });
  const again = { name: "lab", networks: config.networks.map(networkInput), ports: config.ports.map(portInput) };
  assert.equal(parseConfig(again), config);
  assert.not.match(JSON.stringify(again.ports), /gateways|10\.77\.0\.1"/);
});

test("has its addresses and its MAC to itself, and gives them back with the network", () => {
  const inventory = inventoryOf(parseConfig({ name: "lab", networks: [{ name: "plain" }] }));
  const network = parseNetwork(blue, inventory);
  const { mac } = hostPortOf("lab", network)!;
  const port = { name: "b", network: "blue", memory: {}, mac: "02:00:00:00:00:0b", addresses: ["10.77.0.3"] };
  assert.match(messages(() => parsePort({ ...port, addresses: ["fd77::1"] }, inventory))[0]!, /fd77::1, which port py-blue has/);
  assert.match(messages(() => parsePort({ ...port, mac }, inventory))[0]!, /which port py-blue has in the same network/);
  assert.match(messages(() => parsePort({ ...port, name: "py-blue" }, inventory))[0]!, /"py-blue", which another port has/);
  inventory.removeNetwork("blue");
  assert.is(inventory.hostPorts.size, 0);
  parseNetwork({ ...blue, gateway: "10.77.0.9" }, inventory);
  assert.is(parsePort({ ...port, addresses: ["10.77.0.1"] }, inventory).name, "b");
});

test("of a network that was refused is not there", () => {
  const inventory = inventoryOf(parseConfig({ name: "lab" }));
  messages(() => parseNetwork({ ...blue, mtu: 600 }, inventory));
  assert.is(inventory.hostPorts.size, 0);
  assert.is(parseNetwork(blue, inventory).name, "blue");
});

test("may not have the name of a port that is there already", () => {
  const inventory = inventoryOf(parseConfig({ networks: [{ name: "plain" }], ports: [{ name: "py-blue", network: "plain", memory: {} }] }));
  assert.match(messages(() => parseNetwork(blue, inventory))[0]!, /name is "blue", whose host port would be called py-blue/);
});

for (const [subnet, gateway] of [
  ["10.77.0.0/24", "10.77.0.9"],
  ["10.77.0.128/25", "10.77.0.129"],
  ["10.0.0.0/8", "10.1.0.1"],
  ["fd77::/48", "fd77::9"],
] as const) {
  test(`two networks with gateways may not overlap: ${subnet}`, () => {
    const networks = [blue, { name: "green", subnet, gateway }];
    assert.match(messages(() => parseConfig({ networks }))[0]!, /networks\[1\]\.subnet is .*, which overlaps .* of network blue/);
    assert.equal(
      messages(() => parseConfig({ networks: [blue, { name: "green", subnet }] })),
      [],
      "without a gateway they may",
    );
  });
}

test("counts among the ports and addresses that an engine has room for", () => {
  const ports = Array.from({ length: 2048 }, (_, index) => ({ name: `p${index}`, network: "blue", memory: {} }));
  assert.match(messages(() => parseConfig({ networks: [blue], ports }))[0]!, /more than the 2048 ports/);
  assert.equal(
    messages(() => parseConfig({ networks: [{ ...blue, gateway: undefined }], ports })),
    [],
  );
});

test.run();
