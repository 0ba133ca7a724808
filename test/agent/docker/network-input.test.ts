/** From Docker's words for networks and published ports to ours. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { networkInputOf } from "../../../agent/docker/network-input.ts";
import { publicationsOf } from "../../../agent/docker/port-map.ts";
import * as protocol from "../../../agent/docker/protocol.ts";
import type { PortyardError } from "../../../bindings/error.ts";

const test = suite("Docker's words");
const ID = "0123456789abcdef".repeat(4);
const v4 = { AddressSpace: "a", Pool: "10.99.0.0/24", Gateway: "10.99.0.1/24", AuxAddresses: null };
const v6 = { AddressSpace: "a", Pool: "fd99::/64", Gateway: "fd99::1/64" };

const read = (fields: object) => networkInputOf(protocol.createNetwork.parse({ NetworkID: ID, ...fields }));
const options = (generic: unknown, rest: object = {}) => read({ Options: { "com.docker.network.generic": generic, ...rest } });

function fault(action: () => unknown): PortyardError {
  try {
    action();
  } catch (error) {
    return error as PortyardError;
  }
  throw new Error("it was taken");
}

test("a network has the subnets and gateways of Docker, and a name made of its id", () => {
  const both = read({ IPv4Data: [v4], IPv6Data: [v6] });
  assert.equal(both, { name: "docker-0123456789ab", subnet: ["10.99.0.0/24", "fd99::/64"], gateway: ["10.99.0.1", "fd99::1"] });
  for (const nothing of [null, undefined, []]) {
    assert.equal(read({ IPv4Data: nothing, IPv6Data: nothing, Options: null }), { name: "docker-0123456789ab" });
  }
});

test("options say the rest", () => {
  const all = { "portyard.name": "blue", "portyard.mtu": "9000", "portyard.learning": "false", "portyard.mac-age": "60" };
  assert.equal(options(all), { name: "blue", mtu: 9000, learning: false, macAgeSeconds: 60 });
  assert.is(options({ "com.docker.network.driver.mtu": "1400" }).mtu, 1400);
  assert.is(options({ "com.docker.network.bridge.name": "br0" }).name, "docker-0123456789ab", "another driver's is no matter");
  assert.is(options(null, { "com.docker.network.internal": true }).internal, true);
  assert.is(options({}, { "com.docker.network.internal": false }).internal, undefined);
});

test("an option that is not understood is named, with what it may be", () => {
  const unknown = fault(() => options({ "portyard.colour": "blue" }));
  assert.equal([unknown.code, unknown.path, unknown.value], ["bad-option", "portyard.colour", "blue"]);
  assert.match(unknown.remedy!, "portyard.mtu");
  for (const [key, value] of [
    ["portyard.mtu", "big"],
    ["portyard.learning", "yes"],
    ["portyard.mac-age", "-1"],
    ["portyard.mtu", "1e9"],
  ] as const) {
    const error = fault(() => options({ [key]: value }));
    assert.equal([error.code, error.path, error.value], ["bad-option", key, value]);
  }
  assert.is(fault(() => options({ a: 1 })).code, "bad-option");
});

test("two subnets of one family are refused", () => {
  const error = fault(() => read({ IPv4Data: [v4, { ...v4, Pool: "10.98.0.0/24" }] }));
  assert.is(error.code, "bad-request");
  assert.equal(error.value, ["10.99.0.0/24", "10.98.0.0/24"]);
});

const map = (...entries: object[]) => publicationsOf(protocol.portMap.parse(entries.map((entry) => ({ Proto: 6, Port: 80, ...entry }))));

test("a port is published at the host port that is said, at one of a range, or at any", () => {
  assert.equal(map({ HostPort: 8080, HostPortEnd: 8080 }), [["8080:80/tcp"]]);
  assert.equal(map({ HostPort: 8080 }), [["8080:80/tcp"]]);
  assert.equal(map({ HostPort: 8080, HostPortEnd: 8082, Proto: 17 }), [["8080:80/udp", "8081:80/udp", "8082:80/udp"]]);
  assert.equal(map({ HostPort: 0 }, { Port: 81, HostPort: null }), [["80/tcp"], ["81/tcp"]]);
  assert.equal(publicationsOf(protocol.portMap.parse(null)), []);
});

test("at an address of the host, of either family", () => {
  assert.equal(map({ HostIP: "192.0.2.1", HostPort: 8080 }), [["192.0.2.1:8080:80/tcp"]]);
  assert.equal(map({ HostIP: "::1", HostPort: 8080 }, { HostIP: "127.0.0.1" }), [["[::1]:8080:80/tcp"], ["127.0.0.1::80/tcp"]]);
  assert.is(fault(() => map({ HostIP: "everywhere" })).value, "everywhere");
  assert.is(fault(() => map({ Proto: 132 })).value, 132);
});

test.run();
