/** Services in a configuration: what the engine gets of them, which of them belong together, and what they keep from others. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MAX_BACKENDS, MAX_SERVICES } from "../../../assembly/abi/limits.ts";
import { configInput, serviceInput } from "../../../bindings/config/as-input.ts";
import { serviceDifference, serviceKeysAnew } from "../../../bindings/config/difference.ts";
import { inventoryOf, parseConfig, parseNetwork, parsePort, parseService } from "../../../bindings/config/parse.ts";
import { fault } from "../../support/bad-configuration.ts";

const test = suite("service");

const blue = { name: "blue", subnet: ["10.77.0.0/24", "fd77::/64"] };
const web = {
  name: "web",
  network: "blue",
  address: "10.77.0.100",
  ports: [{ protocol: "tcp", port: 80, targetPort: 8080 }],
  backends: [{ address: "10.77.0.2", weight: 3 }, { address: "10.77.0.3" }],
};
const tap = (name: string, address?: string) => ({
  name,
  network: "blue",
  tap: { namespace: name, interface: "eth0", ...(address && { address }) },
});
const yard = (...services: object[]) => inventoryOf(parseConfig({ networks: [blue, { name: "green", subnet: "10.78.0.0/24" }], services }));

test("defaults are filled in, rows of ports read, addresses made canonical", () => {
  const { services } = parseConfig({
    networks: [blue],
    services: [
      {
        ...web,
        address: ["10.77.0.100", "FD77:0::100"],
        ports: [
          { protocol: "tcp", port: 80 },
          { protocol: "udp", port: "8000-8010", targetPort: 9000 },
        ],
      },
    ],
  });
  assert.equal(services, [
    {
      name: "web",
      network: "blue",
      addresses: ["10.77.0.100", "fd77::100"],
      ports: [
        { protocol: "tcp", port: 80, lastPort: 80, targetPort: 80 },
        { protocol: "udp", port: 8000, lastPort: 8010, targetPort: 9000 },
      ],
      algorithm: "round-robin",
      backends: [
        { name: "10.77.0.2", address: "10.77.0.2", port: null, weight: 3, maxFlows: null },
        { name: "10.77.0.3", address: "10.77.0.3", port: null, weight: 1, maxFlows: null },
      ],
      affinitySeconds: 0,
      slowStartSeconds: 0,
      ejection: { failures: 5, seconds: 30, maxSeconds: 300, share: 0.1 },
      panicShare: 0.5,
    },
  ]);
});

test("what is written of it is read as the same", () => {
  const given = {
    ...web,
    ports: [{ protocol: "udp", port: "5000-5009" }],
    backends: [{ name: "w", address: "10.77.0.2", weight: 0, maxFlows: 9 }, { address: "10.77.0.3" }],
    ejection: false,
    affinitySeconds: 60,
  };
  const parsed = parseService(given, yard());
  assert.equal(parseService(serviceInput(parsed), yard()), parsed);
  assert.equal(
    serviceInput(parsed).backends.map(({ name }) => name),
    ["w", undefined],
  );
});

test("a name that follows from address and port goes on doing so", () => {
  const named = { ...web, backends: [{ address: "10.77.0.2", port: 8080 }] };
  const input = serviceInput(parseService(named, yard()));
  const [moved] = parseService({ ...input, backends: [{ ...input.backends[0]!, port: 9090 }] }, yard()).backends;
  assert.is(moved!.name, "10.77.0.2:9090");
});

test("some times are said, the others are those of the standards", () => {
  const { flowTimeouts, tables } = parseConfig({ flowTimeouts: { established: 600, udp: undefined }, tables: { flows: 2048 } });
  assert.equal(flowTimeouts, { halfOpen: 30, established: 600, closing: 120, timeWait: 60, udpUnanswered: 30, udp: 180, icmp: 30 });
  assert.equal(tables, { macs: 65536, flows: 2048 });
});

test("a service without address takes backends of any family, anywhere, with ports of their own", () => {
  const backends = [{ address: "192.0.2.1", port: 53 }, { address: "2001:db8::1", port: 5353 }, { address: "127.0.0.1" }];
  assert.is(parseService({ name: "names", network: "blue", backends }, yard()).backends.length, 3);
});

test("an address of a family without backends is taken, and a backend outside the network too", () => {
  const service = { ...web, address: ["10.77.0.100", "fd77::100"], backends: [{ address: "192.0.2.1", port: 8080 }] };
  assert.equal(parseService(service, yard()).addresses, ["10.77.0.100", "fd77::100"]);
  assert.equal(parseService({ ...web, backends: [] }, yard()).backends, []);
});

test("the same port of both protocols is no overlap, and rows may touch", () => {
  const ports = [
    { protocol: "tcp", port: 53 },
    { protocol: "udp", port: 53 },
    { protocol: "udp", port: "54-60" },
    { protocol: "udp", port: "61-65535" },
  ];
  assert.is(parseService({ ...web, ports }, yard()).ports.length, 4);
});

test("the last row that fits behind the target port is taken", () => {
  const ports = [{ protocol: "tcp", port: "80-85", targetPort: 65530 }];
  assert.is(parseService({ ...web, ports }, yard()).ports[0]!.lastPort, 85);
});

test("two networks may each have a service of one address", () => {
  const inventory = inventoryOf(parseConfig({ networks: [blue, { name: "other", subnet: "10.77.0.0/24" }], services: [web] }));
  assert.is(parseService({ ...web, name: "second", network: "other" }, inventory).network, "other");
});

test("a port that comes later does not get the virtual address", () => {
  const inventory = yard(web);
  const { path, message, remedy } = fault(() => parsePort(tap("a", "10.77.0.100"), inventory));
  assert.equal([path, message], ["tap.address", "tap.address is 10.77.0.100, which service web has."]);
  assert.ok(remedy);
  assert.not(inventory.ports.has("a"));
});

test("no port is lent a virtual address, until the service is gone", () => {
  const inventory = inventoryOf(
    parseConfig({ networks: [{ name: "tiny", subnet: "10.9.0.0/29" }], services: [{ ...web, network: "tiny", address: "10.9.0.1" }] }),
  );
  const lend = (name: string) => {
    parsePort({ name, network: "tiny", tap: { namespace: name, interface: "eth0" } }, inventory);
    return inventory.lend(name)[0];
  };
  assert.equal(["a", "b", "c", "d"].map(lend), ["10.9.0.2/29", "10.9.0.3/29", "10.9.0.4/29", "10.9.0.5/29"]);
  assert.throws(
    () => lend("e"),
    ({ code }: { code: string }) => code === "pool-exhausted",
  );
  inventory.removeService("web");
  assert.equal(inventory.lend("e"), ["10.9.0.1/29"]);
});

test("a service that is refused leaves nothing behind", () => {
  const inventory = yard(web);
  const wrong = { ...web, name: "second", address: ["10.77.0.101", "10.78.0.5"] };
  assert.is(fault(() => parseService(wrong, inventory)).path, "address");
  assert.equal([...inventory.services.keys()], ["web"]);
  assert.is(parseService({ ...web, name: "second", address: "10.77.0.101" }, inventory).name, "second");
});

test("a second service of a name leaves the first one alone", () => {
  const inventory = yard(web);
  assert.is(fault(() => parseService({ ...web, address: "10.77.0.101" }, inventory)).path, "name");
  assert.equal(inventory.services.get("web")!.addresses, ["10.77.0.100"]);
  assert.is(fault(() => parsePort(tap("a", "10.77.0.100"), inventory)).path, "tap.address");
  assert.is(parsePort(tap("b", "10.77.0.101"), inventory).name, "b");
});

test("all that is wrong is told at once, each with path, value and remedy", () => {
  const { problems } = fault(() =>
    parseConfig({
      networks: [blue],
      services: [
        {
          ...web,
          network: "red",
          ports: [
            { protocol: "tcp", port: 80 },
            { protocol: "tcp", port: "70-90", targetPort: 65535 },
          ],
          backends: [{ address: "10.77.0.100", port: 1 }, { address: "fd77::2" }],
        },
      ],
    }),
  );
  assert.equal(
    problems.map(({ path, value }) => [path, value]),
    [
      ["services[0].network", "red"],
      ["services[0].ports[1].targetPort", 65535],
      ["services[0].ports[1].port", "70-90"],
      ["services[0].backends[0].port", 1],
      ["services[0].backends[0].address", "10.77.0.100"],
      ["services[0].backends[1].address", "fd77::2"],
    ],
  );
  assert.ok(problems.every(({ remedy }) => remedy.length > 5));
});

test("one service more than there is room for is refused; one with two addresses counts twice", () => {
  const inventory = yard();
  for (let each = 0; each < MAX_SERVICES - 2; each++) parseService({ name: `s${each}`, network: "blue", backends: [] }, inventory);
  const both = { ...web, address: ["10.77.0.100", "fd77::100"] };
  assert.match(fault(() => parseService(both, inventory)).message, /is one more than the 1023 services/);
  parseService(web, inventory);
  assert.match(fault(() => parseService({ ...web, name: "more", address: "10.77.0.101" }, inventory)).message, /is one more than/);
  inventory.removeService("s0");
  assert.is(parseService({ ...web, name: "more", address: "10.77.0.101" }, inventory).name, "more");
});

test("one backend more than there is room for is refused", () => {
  const backends = Array.from({ length: MAX_BACKENDS - 1 }, (_, index) => ({ address: `10.${index >> 8}.${index & 255}.1` }));
  const inventory = yard({ name: "many", network: "blue", backends });
  const { path, value, message } = fault(() => parseService(web, inventory));
  assert.equal([path, value], ["backends", 2]);
  assert.match(message, /more than the 16384 backends/);
  assert.is(parseService({ ...web, backends: [{ address: "10.77.0.2" }] }, inventory).backends.length, 1);
});

test("a network that goes takes no claim of others with it", () => {
  const inventory = yard(web);
  inventory.removeService("web");
  inventory.removeNetwork("blue");
  parseNetwork(blue, inventory);
  assert.is(parsePort(tap("a", "10.77.0.100"), inventory).name, "a");
});

test("all but its network can change while it lives", () => {
  const before = parseService(web, yard());
  const change = (patch: object) => serviceDifference(before, parseService({ ...web, ...patch }, yard()));
  assert.equal(change({}), []);
  assert.equal(change({ algorithm: "maglev", address: "10.77.0.101", affinitySeconds: 1 }), ["address", "affinitySeconds", "algorithm"]);
  assert.equal(
    serviceKeysAnew(change({ backends: [], ports: [{ protocol: "udp", port: 1 }], ejection: false, panicShare: 0, slowStartSeconds: 1 })),
    [],
  );
  assert.equal(serviceKeysAnew(change({ network: "green", address: "10.78.0.9" })), ["network"]);
});

test("services stand in what is written of a configuration", () => {
  const config = parseConfig({ networks: [blue], services: [web], tables: { flows: 1024 }, flowTimeouts: { udp: 99 } });
  assert.equal(parseConfig(configInput(config)), config);
});

test.run();
