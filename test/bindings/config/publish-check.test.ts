/** Published ports among networks and ports: where they lead, who has which port of the host, and what is refused. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { networkInput, portInput } from "../../../bindings/config/as-input.ts";
import { inventoryOf, parseConfig, parseNetwork, parsePort } from "../../../bindings/config/parse.ts";
import { BadConfiguration } from "../../../bindings/config/problem.ts";
import { MAX_PUBLISHED_PORTS, targetsOfPort } from "../../../bindings/config/publish-check.ts";

const test = suite("publish check");

const blue = { name: "blue", subnet: ["10.77.0.0/24", "fd77::/64"], gateway: ["10.77.0.1", "fd77::1"] };
const green = { name: "green", subnet: "10.78.0.0/24", gateway: "10.78.0.1" };
const closed = { name: "closed", subnet: "10.79.0.0/24" };

function port(name: string, address: string | string[], publish: unknown, network = "blue"): object {
  return { name, network, tap: { namespace: name, interface: "eth0", address }, publish };
}

function problems(input: unknown): BadConfiguration["problems"] {
  try {
    parseConfig(input);
  } catch (error) {
    if (error instanceof BadConfiguration) return error.problems;
    throw error;
  }
  return [];
}

const of = (...ports: object[]) => problems({ networks: [blue, green, closed], ports });
const told = (found: BadConfiguration["problems"]) => found.map(({ path, message }) => `${path}: ${message}`).join("\n");

test("published ports come back as they are written", () => {
  const config = parseConfig({
    networks: [{ ...blue, publish: ["9000:10.77.0.9:90"] }],
    ports: [port("a", ["10.77.0.2", "fd77::2"], ["8080:80", "[::1]:53:53/udp"])],
  });
  assert.equal(networkInput(config.networks[0]!).publish, ["9000:10.77.0.9:90/tcp"]);
  assert.equal(portInput(config.ports[0]!).publish, ["8080:80/tcp", "[::1]:53:53/udp"]);
  assert.equal(parseConfig({ networks: [networkInput(config.networks[0]!)], ports: [portInput(config.ports[0]!)] }), config);
});

test("targets are the first address of each family in a network with a gateway", () => {
  const { networks, ports } = parseConfig({
    networks: [blue, green],
    ports: [
      { ...port("a", ["10.77.0.2", "fd77::2"], ["80"]), addresses: ["10.77.0.3", "fd77::3"] },
      port("b", "10.78.0.2", ["80"], "green"),
    ],
  });
  const byName = new Map(networks.map((network) => [network.name, network]));
  assert.equal(targetsOfPort(ports[0]!, byName), [
    { network: "blue", address: "10.77.0.2", family: 4 },
    { network: "blue", address: "fd77::2", family: 6 },
  ]);
  assert.equal(targetsOfPort(ports[1]!, byName), [{ network: "green", address: "10.78.0.2", family: 4 }]);
});

test("a trunk's target is in that of its networks which has a gateway", () => {
  const trunk = {
    name: "t",
    trunk: { closed: 10, green: 20 },
    mac: "02:00:00:00:00:0c",
    addresses: ["10.79.0.5", "10.78.0.5"],
    packet: { interface: "veth-t" },
    publish: ["80"],
  };
  const { networks, ports } = parseConfig({ networks: [green, closed], ports: [trunk] });
  const targets = targetsOfPort(ports[0]!, new Map(networks.map((network) => [network.name, network])));
  assert.equal(targets, [{ network: "green", address: "10.78.0.5", family: 4 }]);
});

test("a port that is taken names who has it", () => {
  const found = of(port("a", "10.77.0.2", ["8080:80"]), port("b", "10.77.0.3", ["8079-8081:79-81"]));
  assert.match(told(found), /ports\[1\]\.publish\[0\] takes host port 8080\/tcp, which port a publishes/);
  assert.match(found[0]!.remedy, /another host port/);
  assert.match(told(of(port("a", "10.77.0.2", ["8080:80", "8080:81"]))), /8080\/tcp, which is published here already/);
});

for (const [one, other, clash] of [
  ["8080:80", "8080:80/udp", false],
  ["127.0.0.1:8080:80", "192.0.2.1:8080:80", false],
  ["127.0.0.1:8080:80", "127.0.0.1:8080:81", true],
  ["127.0.0.1:8080:80", "0.0.0.0:8080:80", true],
  ["127.0.0.1:8080:80", "8080:80", true],
  ["[::]:8080:80", "0.0.0.0:8080:80", false],
  ["[::]:8080:80", "[::1]:8080:80", true],
  ["[::]:8080:80", "8080:80", true],
  ["80", "80", false],
] as const) {
  test(`${one} and ${other} ${clash ? "clash" : "go together"}`, () => {
    const found = of(port("a", ["10.77.0.2", "fd77::2"], [one]), port("b", ["10.77.0.3", "fd77::3"], [other]));
    assert.is(/which port a publishes/.test(told(found)), clash, told(found));
  });
}

test("what cannot be reached is refused with its reason", () => {
  const memory = { name: "m", network: "blue", memory: {}, publish: ["80"] };
  for (const [found, message, remedy] of [
    [of(memory), /ports\[0\]\.publish publishes ports of a port without address/, /give the port an address/i],
    [of(port("a", "10.79.0.2", ["80"], "closed")), /network closed, which has no gateway/, /`gateway`/],
    [of(port("a", "10.78.0.2", ["[::]:80:80"], "green")), /at an IPv6 address, and leads to no IPv6/, /IPv6 address and gateway/],
    [of(port("a", "10.78.0.2", ["[::1]:80:80"], "green")), /^$/, /./],
    [
      problems({ networks: [{ ...blue, internal: true }], ports: [port("a", "10.77.0.2", ["80"])] }),
      /blue, which is internal/,
      /`internal`/,
    ],
    [problems({ networks: [{ ...blue, publish: ["80:10.99.0.2:80"] }] }), /10\.99\.0\.2, which is not in the network/, /10\.77\.0\.0\/24/],
    [problems({ networks: [{ ...blue, publish: ["80:10.77.0.1:80"] }] }), /10\.77\.0\.1, the network's gateway/, /10\.77\.0\.0/],
    [problems({ networks: [{ ...blue, publish: ["80:10.77.0.255:80"] }] }), /broadcast address/, /10\.77\.0\.0/],
    [problems({ networks: [{ ...closed, publish: ["80:10.79.0.2:80"] }] }), /closed, which has no gateway/, /`gateway`/],
  ] as const) {
    assert.match(told(found), message);
    if (found[0]) assert.match(found[0].remedy, remedy);
  }
});

test("wrong forms are told with path, value and remedy", () => {
  const [first, second, third] = of(port("a", "10.77.0.2", ["8000-8002:80-81", 8080, "80/icmp"]));
  assert.equal([first!.path, first!.value], ["ports[0].publish[0]", "8000-8002:80-81"]);
  assert.match(first!.message, /"8000-8002:80-81" has ranges of 3 and 2 ports/);
  assert.match(first!.remedy, /same length/);
  assert.match(second!.message, /publish\[1\] is 8080; it must be text such as/);
  assert.match(third!.message, /protocol "icmp"/);
  assert.match(told(of(port("a", "10.77.0.2", "8080:80"))), /publish is "8080:80"; it must be a list/);
});

test("there is a limit for all together", () => {
  const half = MAX_PUBLISHED_PORTS / 2;
  assert.equal(of(port("a", "10.77.0.2", [`1-${half}`, `1-${half}/udp`])), []);
  assert.match(
    told(of(port("a", "10.77.0.2", [`1-${half}`, `1-${half}/udp`]), port("b", "10.77.0.3", ["80"]))),
    /more than the 4096 ports/,
  );
});

test("what goes gives its host ports back, what was refused never had them", () => {
  const inventory = inventoryOf(parseConfig({ networks: [blue], ports: [port("a", "10.77.0.2", ["8080:80"])] }));
  const second = port("b", "10.77.0.3", ["9090:90", "8080:80"]);
  assert.throws(() => parsePort(second, inventory), /which port a publishes/);
  inventory.removePort("a");
  parsePort(second, inventory);
  assert.throws(() => parseNetwork({ ...green, publish: ["9090:10.78.0.2:80"] }, inventory), /which port b publishes/);
  inventory.removePort("b");
  parseNetwork({ ...green, publish: ["9090:10.78.0.2:80"] }, inventory);
  inventory.removeNetwork("green");
  assert.is(inventory.published.size, 0);
});

test.run();
