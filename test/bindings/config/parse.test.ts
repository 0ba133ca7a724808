/** What the engine gets from what people write: defaults, canonical text, everything wrong told at once. */
import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { inventoryOf, parseConfig, parseNetwork, parsePort } from "../../../bindings/config/parse.ts";
import { BadConfiguration } from "../../../bindings/config/problem.ts";
import { scale } from "../../scale.ts";
import { fault } from "../../support/bad-configuration.ts";

const test = suite("parse");

test("an empty object is an instance without networks", () => {
  assert.equal(parseConfig({}), {
    name: "default",
    workers: 1,
    tables: { macs: 65536, flows: 262144 },
    flowTimeouts: { halfOpen: 30, established: 7440, closing: 120, timeWait: 60, udpUnanswered: 30, udp: 180, icmp: 30 },
    networks: [],
    ports: [],
    services: [],
  });
});

test("defaults of a network and of a TAP are filled in", () => {
  const config = parseConfig({
    networks: [{ name: "blue", subnet: "10.77.0.0/24" }],
    ports: [{ name: "a", network: "blue", tap: { namespace: "a", interface: "eth0", address: "10.77.0.2" } }],
  });
  assert.equal(config.networks, [
    { name: "blue", subnets: ["10.77.0.0/24"], mtu: 1500, learning: true, macAgeSeconds: 300, internal: false, gateways: [] },
  ]);
  assert.equal(config.ports, [
    {
      name: "a",
      network: "blue",
      mac: config.ports[0]!.mac,
      addresses: ["10.77.0.2"],
      staticMacs: [],
      macLimit: 1024,
      sourceCheck: true,
      tap: { namespace: "a", interface: "eth0", addresses: ["10.77.0.2/24"], offload: true },
    },
  ]);
});

test("a packet port without addresses is not source checked and has no MAC of its own", () => {
  const {
    ports: [port],
  } = parseConfig({ networks: [{ name: "blue" }], ports: [{ name: "b", network: "blue", packet: { interface: "veth-b" } }] });
  assert.equal(port, {
    name: "b",
    network: "blue",
    addresses: [],
    staticMacs: [],
    macLimit: 1024,
    sourceCheck: false,
    packet: { interface: "veth-b", shared: false },
  });
});

test("the source check can be turned off where addresses are bound", () => {
  const port = parsePort(
    { name: "b", network: "blue", memory: {}, mac: "02:00:00:00:00:0b", addresses: ["10.77.0.3"], sourceCheck: false },
    existing(),
  );
  assert.is(port.sourceCheck, false);
});

const existing = (name = "lab") =>
  inventoryOf(
    parseConfig({
      name,
      networks: [{ name: "blue", subnet: ["10.77.0.0/24", "fd77::/64"] }, { name: "plain" }],
      ports: [{ name: "a", network: "blue", tap: { namespace: "a", interface: "eth0", address: ["10.77.0.2/24", "fd77::2/64"] } }],
    }),
  );

test("addresses and MACs come out in one spelling", () => {
  const port = parsePort(
    { name: "b", network: "blue", memory: {}, mac: "02:00:00:00:AB:0B", addresses: ["FD77:0:0::0003", "10.77.0.3"] },
    existing(),
  );
  assert.is(port.mac, "02:00:00:00:ab:0b");
  assert.equal(port.addresses, ["fd77::3", "10.77.0.3"]);
});

test("an address that the TAP has may stand in `addresses` too", () => {
  const port = parsePort(
    { name: "b", network: "blue", tap: { namespace: "b", interface: "eth0", address: "10.77.0.3" }, addresses: ["10.77.0.3", "10.77.0.4"] },
    existing(),
  );
  assert.equal(port.addresses, ["10.77.0.3", "10.77.0.4"]);
});

test("a TAP without address is taken where the network has no subnet", () => {
  const port = parsePort({ name: "b", network: "plain", tap: { namespace: "b", interface: "eth0" } }, existing());
  assert.equal(port.tap?.addresses, []);
  assert.is(port.sourceCheck, false);
});

test("in a network without subnet an address needs its prefix length", () => {
  const tap = (address: string) => () =>
    parsePort({ name: "b", network: "plain", tap: { namespace: "b", interface: "eth0", address } }, existing());
  assert.equal(tap("192.0.2.1/30")().tap?.addresses, ["192.0.2.1/30"]);
  assert.match(fault(tap("192.0.2.1")).message, /in a network without subnet/);
});

test("point-to-point prefixes have neither network nor broadcast address", () => {
  const at = existing();
  parseNetwork({ name: "link", subnet: ["192.0.2.0/31", "fd78::/127"] }, at);
  ["192.0.2.0", "192.0.2.1", "fd78::", "fd78::1"].forEach((address, index) => {
    assert.equal(
      parsePort({ name: `b${index}`, network: "link", tap: { namespace: `b${index}`, interface: "eth0", address } }, at).addresses,
      [address],
    );
  });
});

test("two networks may use the same addresses", () => {
  const config = parseConfig({
    networks: [
      { name: "blue", subnet: "10.77.0.0/24" },
      { name: "green", subnet: "10.77.0.0/24" },
    ],
    ports: ["blue", "green"].map((name) => ({
      name,
      network: name,
      tap: { namespace: name, interface: "eth0", address: "10.77.0.2" },
      mac: "02:00:00:00:00:02",
    })),
  });
  assert.is(config.ports.length, 2);
});

test("one interface name may stand in two namespaces, not twice in one under two names", () => {
  const twice = (other: string) => () =>
    parseConfig({
      networks: [{ name: "plain" }],
      ports: ["a", other].map((namespace, index) => ({ name: `p${index}`, network: "plain", tap: { namespace, interface: "eth0" } })),
    });
  assert.is(twice("b")().ports.length, 2);
  for (const name of ["a", "/run/netns/a", "/var/run/netns/a"]) assert.match(fault(twice(name)).message, /port p0 has in this namespace/);
});

test("the native network of a trunk may be outside the trunk", () => {
  const port = parsePort({ name: "t", trunk: { plain: 7 }, native: "blue", packet: { interface: "veth-t" } }, existing());
  assert.is(port.native, "blue");
});

test("addresses of a trunk belong to one of its networks", () => {
  const inventory = existing();
  parseNetwork({ name: "green", subnet: "10.78.0.0/24" }, inventory);
  const trunk = { name: "t", trunk: { blue: 7, green: 8 }, packet: { interface: "veth-t" }, mac: "02:00:00:00:00:0f" };
  assert.match(fault(() => parsePort({ ...trunk, addresses: ["10.79.0.9"] }, inventory)).message, /not in any network of the trunk/);
  assert.match(fault(() => parsePort({ ...trunk, addresses: ["10.77.0.2"] }, inventory)).message, /which port a has/);
  assert.match(fault(() => parsePort({ ...trunk, addresses: ["10.78.0.255"] }, inventory)).message, /broadcast address of 10.78.0.0\/24/);
  assert.equal(parsePort({ ...trunk, addresses: ["10.77.0.9", "10.78.0.9"] }, inventory).addresses, ["10.77.0.9", "10.78.0.9"]);
});

test("the address of a trunk's TAP belongs to its untagged network", () => {
  const trunk = { name: "t", trunk: { blue: 7 }, tap: { namespace: "t", interface: "eth0", address: "10.77.0.9" } };
  assert.match(fault(() => parsePort(trunk, existing())).message, /trunk without native/);
  assert.equal(parsePort({ ...trunk, native: "blue" }, existing()).tap?.addresses, ["10.77.0.9/24"]);
});

test("what a removed port had is free again, and a port that was refused has nothing", () => {
  const inventory = existing();
  const port = (extra: object) => ({
    name: "b",
    network: "blue",
    memory: {},
    mac: "02:00:00:00:00:0b",
    addresses: ["10.77.0.3"],
    ...extra,
  });
  fault(() => parsePort(port({ addresses: ["10.77.0.3", "10.77.0.2"] }), inventory));
  parsePort(port({}), inventory);
  fault(() => parsePort(port({}), inventory));
  fault(() => parsePort(port({ name: "c" }), inventory));
  inventory.removePort("b");
  assert.is(parsePort(port({ name: "c" }), inventory).name, "c");
});

test("a network that was refused is not there", () => {
  const inventory = existing();
  fault(() => parseNetwork({ name: "red", subnet: "fd79::/64", mtu: 600 }, inventory));
  assert.is(parseNetwork({ name: "red", subnet: "fd79::/64" }, inventory).mtu, 1500);
  fault(() => parseNetwork({ name: "blue" }, inventory));
  assert.ok(inventory.networks.has("blue"));
});

test("a TAP's MAC follows from the names of instance and port", () => {
  const mac = (instance: string, name: string) =>
    parsePort({ name, network: "plain", tap: { namespace: "b", interface: "eth0" } }, existing(instance)).mac!;
  assert.is(mac("lab", "b"), mac("lab", "b"));
  assert.is(new Set([mac("lab", "b"), mac("lab", "c"), mac("default", "b")]).size, 3);
  assert.is(Number.parseInt(mac("lab", "b").slice(0, 2), 16) & 3, 2);
});

test("workers: auto leaves one processor free and has at least one", () => {
  const { workers } = parseConfig({ workers: "auto" });
  assert.ok(Number.isInteger(workers) && workers >= 1 && workers <= 16, String(workers));
});

test("name and workers of the command line stand above the file's, and are checked the same", () => {
  const config = parseConfig({ name: "file", workers: 2 }, { name: "line", workers: 3 });
  assert.equal([config.name, config.workers], ["line", 3]);
  assert.is(fault(() => parseConfig({}, { name: "No Name" })).path, "name");
});

test("a port's MTU is at most the largest of its networks', and at least what its addresses need", () => {
  const networks = [
    { name: "blue", subnet: ["10.77.0.0/24", "fd77::/64"] },
    { name: "wide", mtu: 9000 },
  ];
  const tap = { namespace: "a", interface: "eth0" };
  const withPort = (port: object) => parseConfig({ networks, ports: [{ name: "a", ...port }] });
  assert.is(withPort({ network: "blue", mtu: 576, tap: { ...tap, address: "10.77.0.2" } }).ports[0]!.mtu, 576);
  assert.is(withPort({ trunk: { blue: 1, wide: 2 }, mtu: 9000, packet: { interface: "t" } }).ports[0]!.mtu, 9000);
  assert.is(withPort({ network: "blue", mtu: 1280, tap }).ports[0]!.mtu, 1280);
  assert.not("mtu" in withPort({ network: "blue", tap }).ports[0]!);
  for (const port of [
    { network: "blue", mtu: 1279, tap },
    { network: "blue", mtu: 1279, tap: { ...tap, address: "fd77::2" } },
    { network: "blue", mtu: 1279, memory: {}, mac: "02:00:00:00:00:0b", addresses: ["fd77::3"] },
    { trunk: { wide: 2 }, native: "blue", mtu: 1279, tap },
  ])
    assert.match(fault(() => withPort(port)).message, /^ports\[0\]\.mtu is 1279; a port with an IPv6 address needs at least 1280/);
  assert.match(fault(() => withPort({ trunk: { blue: 1, wide: 2 }, mtu: 9001, packet: { interface: "t" } })).message, /network's is 9000/);
});

test("everything wrong is told at once, in the input's order, and as JSON", () => {
  const error = fault(() => parseConfig({ workers: 99, networks: [{ name: "BLUE", mtu: 1 }], prots: [] }));
  assert.equal(
    error.problems.map(({ path }) => path),
    ["workers", "networks[0].name", "networks[0].mtu", "prots"],
  );
  assert.match(error.problems[3]!.remedy, /Write `ports`/);
  const { error: told } = error.toJSON();
  assert.equal([told.code, told.path, told.value], ["bad-configuration", "workers", 99]);
  assert.is((told.problems as unknown[]).length, 4);
});

test("a source's name stands in front of the message", () => {
  assert.match(fault(() => parseConfig({ workers: 0 }, { source: "lab.yaml" })).message, /^lab\.yaml: workers is 0; it must be /);
});

for (const input of [null, undefined, 4, "networks", [], true]) {
  test(`${JSON.stringify(input)} is no configuration`, () => {
    assert.match(fault(() => parseConfig(input)).message, /^configuration is .* must be an object|^configuration is missing/);
  });
}

test("names of Object's own are unknown keys like any other", () => {
  assert.is(fault(() => parseConfig(JSON.parse('{"constructor": 1}'))).path, "constructor");
  assert.is(fault(() => parseConfig(JSON.parse('{"__proto__": {"workers": 3}}'))).path, "__proto__");
  const trunk = JSON.parse('{"name": "t", "trunk": {"__proto__": 3, "toString": 4}, "packet": {"interface": "v"}}');
  assert.match(fault(() => parsePort(trunk, existing())).message, /no network can be called/);
});

test("more ports than an engine has room for are refused", () => {
  const ports = Array.from({ length: 2048 }, (_, index) => ({ name: `p${index}`, network: "plain", memory: {} }));
  const full = inventoryOf(parseConfig({ networks: [{ name: "plain" }], ports }));
  assert.match(fault(() => parsePort({ name: "last", network: "plain", memory: {} }, full)).message, /more than the 2048 ports/);
});

test("more trunks than an engine has room for are refused", () => {
  const ports = Array.from({ length: 65 }, (_, index) => ({ name: `p${index}`, trunk: { plain: 1 }, memory: {} }));
  const error = fault(() => parseConfig({ networks: [{ name: "plain" }], ports }));
  assert.equal(
    error.problems.map(({ path }) => path),
    ["ports[64].trunk"],
  );
});

test("more addresses than an engine has room for are refused", () => {
  const ports = Array.from({ length: 17 }, (_, port) => ({
    name: `p${port}`,
    network: "wide",
    memory: {},
    mac: `02:00:00:00:00:${(port + 16).toString(16)}`,
    addresses: Array.from({ length: 1000 }, (_, index) => `10.${port}.${index >> 8}.${index & 255 || 1}`).filter(
      (_, index) => (index & 255) !== 1,
    ),
  }));
  const error = fault(() => parseConfig({ networks: [{ name: "wide", subnet: "10.0.0.0/8" }], ports }));
  assert.equal(
    error.problems.map(({ path }) => path),
    ["ports[16].addresses"],
  );
});

test("whatever is written, it is taken or refused with a path", () => {
  fc.assert(
    fc.property(
      fc.record({ networks: fc.array(fc.object()), ports: fc.anything(), name: fc.anything() }, { requiredKeys: [] }),
      (input) => {
        try {
          parseConfig(input);
        } catch (error) {
          if (!(error instanceof BadConfiguration)) throw error;
        }
      },
    ),
    { numRuns: scale.configurationInputs },
  );
});

test.run();
