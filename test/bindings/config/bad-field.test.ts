/** Every key of the configuration wrong in turn: the error says the path, what stands there and what to do; nothing of
 *  the input is ignored. The last case makes sure that no key of the schema is missing from the table. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { inputSchema, type JsonSchema } from "../../../bindings/config/explain.ts";
import { parseConfig } from "../../../bindings/config/parse.ts";
import { BadConfiguration } from "../../../bindings/config/problem.ts";
import { configSchema } from "../../../bindings/config/schema.ts";
import { badServices, goodServices, type Place, type Row } from "./bad-services.ts";

const test = suite("bad field");

type Tree = { [key: string | number]: unknown };

/** A configuration with every key in it, right. */
const good = (): Tree => ({
  name: "lab",
  workers: 2,
  tables: { macs: 2048, flows: 4096 },
  networks: [
    {
      name: "blue",
      subnet: ["10.77.0.0/24", "fd77::/64"],
      mtu: 1500,
      learning: true,
      macAgeSeconds: 300,
      internal: false,
      gateway: ["10.77.0.1", "fd77::1"],
    },
    { name: "green" },
  ],
  ports: [
    {
      name: "a",
      network: "blue",
      mtu: 1400,
      tap: { namespace: "a", interface: "eth0", address: ["10.77.0.2/24", "fd77::2"], offload: true, handover: false },
    },
    {
      name: "b",
      network: "blue",
      packet: { interface: "veth-b", shared: false },
      mac: "02:00:00:00:00:0b",
      addresses: ["10.77.0.3"],
      macLimit: 8,
    },
    { name: "c", network: "green", memory: { offload: false }, staticMacs: ["02:00:00:00:00:0d"], sourceCheck: false },
    { name: "t", trunk: { blue: 10, green: 20 }, native: "blue", packet: { interface: "veth-t" } },
  ],
  services: goodServices(),
  flowTimeouts: { halfOpen: 30, established: 7440, closing: 120, timeWait: 60, udpUnanswered: 30, udp: 180, icmp: 30 },
  docker: { socket: "/run/docker/plugins/portyard.sock", pools: [{ base: "10.210.0.0/16", size: 24 }] },
});

/** `good` with the value at `place` replaced; `undefined` takes the key away. */
function changed(place: Place, value: unknown): unknown {
  const config = good();
  const holder = place.slice(0, -1).reduce<Tree>((at, key) => at[key] as Tree, config);
  const last = place.at(-1)!;
  if (value === undefined) delete holder[last];
  else holder[last] = value;
  return config;
}

function fault(input: unknown): BadConfiguration {
  try {
    parseConfig(input);
  } catch (error) {
    if (error instanceof BadConfiguration) return error;
    throw error;
  }
  throw new Error("the configuration was taken");
}

const rows: Row[] = [
  { place: ["name"], value: "Lab", says: /is "Lab"; it must be a label/ },
  { place: ["name"], value: "../../etc", says: /must be a label/ },
  { place: ["name"], value: "", says: /must be a label/ },
  { place: ["name"], value: "a".repeat(64), says: /must be a label/ },
  { place: ["name"], value: 7, says: /is 7; it must be a label/ },
  { place: ["workers"], value: 0, says: /from 1 to 16, or auto/ },
  { place: ["workers"], value: 17, says: /from 1 to 16, or auto/ },
  { place: ["workers"], value: 1.5, says: /from 1 to 16, or auto/ },
  { place: ["workers"], value: "many", says: /is "many"; it must be/ },
  { place: ["tables"], value: 5, says: /is 5; it must be an object/ },
  { place: ["tables", "macs"], value: 1000, says: /multiple of 1024/ },
  { place: ["tables", "macs"], value: 0, says: /multiple of 1024/ },
  { place: ["tables", "macs"], value: 1048576 + 1024, says: /multiple of 1024/ },
  { place: ["tables", "flows"], value: 1023, says: /multiple of 1024 from 1024 to 1048576/ },
  { place: ["tables", "flows"], value: 262145, says: /multiple of 1024/ },
  { place: ["tables", "flows"], value: 1048576 + 1024, says: /multiple of 1024/ },
  { place: ["flowTimeouts"], value: 30, says: /must be an object/ },
  { place: ["flowTimeouts", "idle"], value: 30, says: /is not a key/ },
  { place: ["flowTimeouts", "halfOpen"], value: 0, says: /from 1 to 3600/ },
  { place: ["flowTimeouts", "established"], value: 604801, says: /from 1 to 604800/ },
  { place: ["flowTimeouts", "closing"], value: 1.5, says: /from 1 to 3600/ },
  { place: ["flowTimeouts", "timeWait"], value: "60", says: /is "60"; it must be a whole number/ },
  { place: ["flowTimeouts", "udpUnanswered"], value: 3601, says: /from 1 to 3600/ },
  { place: ["flowTimeouts", "udp"], value: -1, says: /from 1 to 86400/ },
  { place: ["flowTimeouts", "icmp"], value: null, says: /from 1 to 3600/ },
  ...badServices,
  { place: ["consul"], value: { address: "http://127.0.0.1:8500" }, says: /not available/ },
  { place: ["dns"], value: { domain: "portyard.internal" }, says: /not available/ },
  { place: ["docker"], value: true, says: /must be an object/ },
  { place: ["docker", "socket"], value: "portyard.sock", says: /must be an absolute path/ },
  { place: ["docker", "pools"], value: "10.0.0.0/8", says: /must be a list of up to 64/ },
  { place: ["docker", "pools", 0], value: 24, says: /is 24/ },
  { place: ["docker", "pools", 0, "base"], value: "10.210.0.1/16", says: /bits set behind/ },
  { place: ["docker", "pools", 0, "size"], value: 0, says: /from the length of `base` to 16 more/ },
  ...[15, 8, 31].map((value) => ({ place: ["docker", "pools", 0, "size"], value, path: "docker.pools[0]", says: /docker\.pools\[0\]/ })),
  ...[
    { base: "10.0.0.0/8", size: 25 },
    { base: "fd70:7970::/40", size: 64 },
  ].map((value) => ({ place: ["docker", "pools", 0], value, says: /`size` is a whole number from the length of `base` to 16 more/ })),
  { place: ["docker", "colour"], value: "blue", says: /is not a key/ },
  { place: ["network"], value: [], says: /is not a key/ },
  { place: ["networks"], value: { name: "blue" }, says: /must be a list of up to 1023/ },
  { place: ["networks", 0], value: "blue", says: /is "blue"; it must be an object/ },
  { place: ["networks", 0, "name"], value: undefined, says: /is missing; it must be a label/ },
  { place: ["networks", 0, "name"], value: "service", says: /not "service"/ },
  { place: ["networks", 0, "name"], value: "-blue", says: /must be a label/ },
  { place: ["networks", 1, "name"], value: "blue", says: /another network has/ },
  { place: ["networks", 0, "subnet"], value: "10.77.0.0", says: /prefix such as/ },
  { place: ["networks", 0, "subnet"], value: "10.77.0.1/24", says: /bits set behind/ },
  { place: ["networks", 0, "subnet"], value: "10.77.0.0/33", says: /prefix such as/ },
  { place: ["networks", 0, "subnet"], value: "224.0.0.0/8", says: /prefix such as/ },
  { place: ["networks", 0, "subnet"], value: "10.1/16", says: /prefix such as/ },
  { place: ["networks", 0, "subnet"], value: [], says: /prefix such as/ },
  { place: ["networks", 0, "subnet"], value: ["10.77.0.0/24", "10.78.0.0/24"], says: /two prefixes of IPv4/ },
  { place: ["networks", 0, "subnet"], value: ["10.77.0.0/24", "fd77::/129"], path: "networks[0].subnet[1]", says: /prefix such as/ },
  { place: ["ports", 0, "mtu"], value: 575, says: /from 576 to 65521/ },
  { place: ["ports", 0, "mtu"], value: 1501, says: /is 1501, and its network's is 1500/ },
  { place: ["ports", 0, "mtu"], value: 1279, says: /is 1279; a port with an IPv6 address needs at least 1280/ },
  { place: ["networks", 0, "mtu"], value: 575, says: /from 576 to 65521/ },
  { place: ["networks", 0, "mtu"], value: 65522, says: /from 576 to 65521/ },
  { place: ["networks", 0, "mtu"], value: "1500", says: /is "1500"; it must be a whole number/ },
  { place: ["networks", 0, "mtu"], value: 1279, says: /needs at least 1280/ },
  { place: ["networks", 0, "learning"], value: "yes", says: /true or false/ },
  { place: ["networks", 0, "macAgeSeconds"], value: 14, says: /from 15 to 3600/ },
  { place: ["networks", 0, "macAgeSeconds"], value: 3601, says: /from 15 to 3600/ },
  { place: ["networks", 0, "internal"], value: 1, says: /true or false/ },
  { place: ["networks", 0, "gateway"], value: "10.77.0.1/24", says: /must be an address of the subnet/ },
  { place: ["networks", 0, "gateway"], value: "10.77", says: /must be an address of the subnet/ },
  { place: ["networks", 0, "gateway"], value: "127.0.0.1", says: /must be an address of the subnet/ },
  { place: ["networks", 0, "gateway"], value: [], says: /must be an address of the subnet/ },
  { place: ["networks", 0, "gateway"], value: ["10.77.0.1", "fd77::/64"], path: "networks[0].gateway[1]", says: /without prefix length/ },
  { place: ["networks", 0, "gateway"], value: "10.78.0.1", says: /is 10\.78\.0\.1, which is not in the subnet of network blue/ },
  { place: ["networks", 0, "gateway"], value: "10.77.0.0", says: /the network address of 10\.77\.0\.0\/24/ },
  { place: ["networks", 0, "gateway"], value: "10.77.0.255", says: /the broadcast address of 10\.77\.0\.0\/24/ },
  { place: ["networks", 0, "gateway"], value: "fd77::", says: /the subnet-router anycast address of fd77::\/64/ },
  { place: ["networks", 0, "gateway"], value: ["10.77.0.1", "10.77.0.254"], says: /has two addresses of IPv4/ },
  { place: ["networks", 1, "gateway"], value: "10.77.0.1", says: /network green, which has no subnet/ },
  { place: ["networks", 0, "gateway"], value: "10.77.0.2", path: "ports[0].tap.address", says: /is 10\.77\.0\.2, which port py-blue has/ },
  { place: ["ports", 1, "name"], value: "py-blue", says: /another port has/ },
  { place: ["networks", 0, "dns"], value: "off", says: /not available/ },
  { place: ["networks", 0, "subnets"], value: [], says: /is not a key/ },
  { place: ["ports"], value: null, says: /is null; it must be a list of up to 2048/ },
  { place: ["ports", 0, "name"], value: undefined, says: /is missing/ },
  { place: ["ports", 0, "name"], value: "a_b", says: /must be a label/ },
  { place: ["ports", 1, "name"], value: "a", says: /another port has/ },
  { place: ["ports", 0, "network"], value: "red", says: /not a network/ },
  { place: ["ports", 0, "network"], value: 4, says: /must be a label/ },
  { place: ["ports", 0, "network"], value: undefined, path: "ports[0]", says: /is in no network/ },
  { place: ["ports", 0, "trunk"], value: { blue: 4 }, says: /stands beside network/ },
  { place: ["ports", 3, "trunk"], value: "blue", says: /object from network to VLAN/ },
  { place: ["ports", 3, "trunk"], value: {}, says: /names no network/ },
  { place: ["ports", 3, "trunk", "blue"], value: 0, says: /from 1 to 4094/ },
  { place: ["ports", 3, "trunk", "blue"], value: 4095, says: /from 1 to 4094/ },
  { place: ["ports", 3, "trunk", "green"], value: 10, says: /blue has on this trunk/ },
  { place: ["ports", 3, "trunk", "red"], value: 30, says: /not a network/ },
  { place: ["ports", 3, "trunk", "Not A Name"], value: 30, says: /no network can be called/ },
  { place: ["ports", 3, "native"], value: "red", says: /not a network/ },
  { place: ["ports", 0, "native"], value: "blue", says: /without trunk/ },
  { place: ["ports", 1, "mac"], value: "02-00-00-00-00-0b", says: /MAC address of one station/ },
  { place: ["ports", 1, "mac"], value: "01:00:5e:00:00:01", says: /MAC address of one station/ },
  { place: ["ports", 1, "mac"], value: "00:00:00:00:00:00", says: /MAC address of one station/ },
  { place: ["ports", 1, "mac"], value: undefined, path: "ports[1].addresses", says: /without MAC/ },
  { place: ["ports", 1, "addresses"], value: "10.77.0.3", says: /must be a list/ },
  { place: ["ports", 1, "addresses"], value: ["10.77.0.3/24"], path: "ports[1].addresses[0]", says: /without prefix length/ },
  { place: ["ports", 1, "addresses"], value: ["10.77.1.3"], says: /not in network blue/ },
  { place: ["ports", 1, "addresses"], value: ["10.77.0.2"], says: /port a has/ },
  { place: ["ports", 1, "addresses"], value: ["10.77.0.9", "10.77.0.9"], says: /twice/ },
  { place: ["ports", 1, "addresses"], value: ["10.77.0.255"], says: /broadcast address/ },
  { place: ["ports", 1, "addresses"], value: ["fd77::"], says: /anycast address/ },
  { place: ["ports", 1, "addresses"], value: ["ff02::1"], path: "ports[1].addresses[0]", says: /must be an address/ },
  { place: ["ports", 2, "staticMacs"], value: ["x"], path: "ports[2].staticMacs[0]", says: /MAC address of one station/ },
  {
    place: ["ports", 2, "staticMacs"],
    value: ["02:00:00:00:00:0d", "02:00:00:00:00:0D"],
    path: "ports[2].staticMacs[1]",
    says: /this port has already/,
  },
  { place: ["ports", 1, "staticMacs"], value: ["02:00:00:00:00:0b"], path: "ports[1].staticMacs[0]", says: /this port has already/ },
  { place: ["ports", 3, "mac"], value: "02:00:00:00:00:0b", says: /port b has in the same network/ },
  { place: ["ports", 0, "macLimit"], value: 0, says: /from 1 to 1024/ },
  { place: ["ports", 0, "macLimit"], value: 1025, says: /from 1 to 1024/ },
  { place: ["ports", 0, "sourceCheck"], value: "on", says: /true or false/ },
  { place: ["ports", 2, "sourceCheck"], value: true, says: /without MAC/ },
  { place: ["networks", 0, "publish"], value: "8080:10.77.0.9:80", says: /must be a list of up to/ },
  { place: ["networks", 0, "publish"], value: ["8080:80"], path: "networks[0].publish[0]", says: /where the target's address stands/ },
  { place: ["networks", 0, "publish"], value: ["8080:10.9.0.9:80"], path: "networks[0].publish[0]", says: /not in the network/ },
  { place: ["networks", 1, "publish"], value: ["8080:10.9.0.9:80"], path: "networks[1].publish[0]", says: /not in the network/ },
  { place: ["ports", 0, "publish"], value: "8080:80", says: /must be a list of up to/ },
  { place: ["ports", 0, "publish"], value: [80], path: "ports[0].publish[0]", says: /is 80; it must be text such as/ },
  { place: ["ports", 0, "publish"], value: ["8080:80/icmp"], path: "ports[0].publish[0]", says: /has the protocol "icmp"/ },
  { place: ["ports", 0, "publish"], value: ["80:80", "80-81:80-81"], path: "ports[0].publish[1]", says: /takes host port 80\/tcp/ },
  { place: ["ports", 2, "publish"], value: ["8080:80"], says: /publishes ports of a port without address/ },
  { place: ["ports", 0, "host"], value: {}, says: /not available/ },
  { place: ["ports", 0, "overlay"], value: {}, says: /not available/ },
  { place: ["ports", 0, "pcap"], value: {}, says: /not available/ },
  { place: ["ports", 0, "tap"], value: undefined, path: "ports[0]", says: /has no kind/ },
  { place: ["ports", 0, "tap"], value: "a", says: /must be an object such as/ },
  { place: ["ports", 0, "tap", "namespace"], value: undefined, says: /is missing/ },
  { place: ["ports", 0, "tap", "namespace"], value: "../a", says: /name of a network namespace/ },
  { place: ["ports", 0, "tap", "namespace"], value: "-a", says: /name of a network namespace/ },
  { place: ["ports", 0, "tap", "interface"], value: "a-very-long-name", says: /1-15 bytes/ },
  { place: ["ports", 0, "tap", "interface"], value: "e/0", says: /1-15 bytes/ },
  { place: ["ports", 0, "tap", "interface"], value: "eth 0", says: /1-15 bytes/ },
  { place: ["ports", 0, "tap", "interface"], value: "eth%d", says: /1-15 bytes/ },
  { place: ["ports", 0, "tap", "interface"], value: "lo", says: /not lo/ },
  { place: ["ports", 0, "tap", "address"], value: "10.77.0.2/16", says: /prefix has 24 bits/ },
  { place: ["ports", 0, "tap", "address"], value: "10.77.0.0/24", says: /network address/ },
  { place: ["ports", 0, "tap", "address"], value: ["10.77.0.4", "10.77.0.5"], says: /two addresses of IPv4/ },
  { place: ["ports", 0, "tap", "address"], value: "localhost", says: /must be an address such as/ },
  { place: ["ports", 0, "tap", "address"], value: "fe80::2%eth0", says: /must be an address such as/ },
  { place: ["ports", 0, "tap", "offload"], value: null, says: /true or false/ },
  { place: ["ports", 0, "tap", "handover"], value: "yes", says: /true or false/ },
  { place: ["ports", 0, "tap", "device"], value: "tap0", says: /is not a key/ },
  { place: ["ports", 0, "packet"], value: { interface: "veth-a" }, says: /stands beside tap/ },
  { place: ["ports", 1, "packet"], value: null, says: /must be an object such as/ },
  { place: ["ports", 1, "packet", "interface"], value: "", says: /1-15 bytes/ },
  { place: ["ports", 3, "packet", "interface"], value: "veth-b", says: /port b has/ },
  { place: ["ports", 1, "packet", "shared"], value: "no", says: /true or false/ },
  { place: ["ports", 2, "memory"], value: true, says: /must be an object/ },
  { place: ["ports", 2, "memory", "offload"], value: 0, says: /true or false/ },
];

const spell = (place: Place) =>
  place
    .map((key) => (typeof key === "number" ? `[${key}]` : `.${key}`))
    .join("")
    .slice(1);

test("the configuration with every key in it is taken", () => {
  assert.is(parseConfig(good()).ports.length, 4);
});

for (const { place, value, path, says } of rows) {
  test(`${spell(place)} = ${JSON.stringify(value) ?? "nothing"}`, () => {
    const error = fault(changed(place, value));
    assert.is(error.code, "bad-configuration");
    assert.is(error.path, path ?? spell(place));
    assert.match(error.message, says);
    assert.ok(error.message.startsWith(`${error.path} `), error.message);
    assert.ok((error.remedy ?? "").length > 5, "the error has a remedy");
  });
}

function* leaves(schema: JsonSchema, path: string): Generator<string> {
  if (path !== "") yield path;
  const properties = schema.properties ?? schema.anyOf?.find((option) => option.properties)?.properties;
  for (const [key, below] of Object.entries(properties ?? {})) yield* leaves(below, `${path}.${key}`);
  if (schema.items) yield* leaves(schema.items, `${path}[]`);
  if (typeof schema.additionalProperties === "object") yield* leaves(schema.additionalProperties, `${path}.*`);
}

test("every key of the schema is wrong somewhere in the table", () => {
  const general = (place: Place) => `.${spell(place)}`.replace(/\[\d+\]/g, "[]").replace(/\.trunk\.[^.]+/, ".trunk.*");
  const tried = new Set(rows.flatMap(({ place }) => [general(place), `${general(place)}[]`]));
  const missing = [...leaves(inputSchema(configSchema), "")].filter((path) => !tried.has(path) && path !== ".ports[]");
  assert.equal(missing, []);
});

test.run();
