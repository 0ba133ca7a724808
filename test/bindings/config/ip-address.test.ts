/** Addresses and prefixes: what is read, how it is written, what lies in what. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { contains, formatAddress, networkAddress, readAddress, reservedRole, subnetFault } from "../../../bindings/config/ip-address.ts";

const test = suite("ip address");
const address = (text: string) => readAddress(text)!;

test("one spelling comes out", () => {
  for (const [written, canonical] of [
    ["10.77.0.2", "10.77.0.2"],
    ["10.77.0.2/24", "10.77.0.2/24"],
    ["FD77:0:0:0:0:0:0:2/64", "fd77::2/64"],
    ["fd77::1:0:0:2", "fd77::1:0:0:2"],
    ["0.0.0.0/0", "0.0.0.0/0"],
  ] as const) {
    assert.is(formatAddress(address(written)), canonical);
  }
});

for (const text of [
  "",
  "10",
  "10.1",
  "010.0.0.1",
  "0x0a.0.0.1",
  "10.0.0.256",
  "10.0.0.1/",
  "10.0.0.1/33",
  "10.0.0.1/-1",
  "10.0.0.1/8/8",
  "10.0.0.1/1e1",
  " 10.0.0.1",
  "fd77::2%eth0",
  "fd77:::2",
  "fd77::/129",
  "localhost",
  "::ffff:10.0.0.1/129",
]) {
  test(`${JSON.stringify(text)} is no address`, () => {
    assert.is(readAddress(text), null);
  });
}

for (const [text, fault] of [
  ["10.77.0.0/24", null],
  ["fd77::/64", null],
  ["192.0.2.0/31", null],
  ["10.77.0.0", "is not a prefix"],
  ["10.77.0.2/24", "has bits set behind its prefix"],
  ["fd77::1/64", "has bits set behind its prefix"],
  ["0.0.0.0/0", "leaves no room for a network"],
  ["10.77.0.2/32", "leaves no room for a network"],
  ["127.0.0.0/8", "is a loopback range"],
  ["224.0.0.0/4", "is a multicast range"],
  ["ff00::/8", "is a multicast range"],
  ["fe80::/64", "is a linkLocal range"],
] as const) {
  test(`${text} as a subnet: ${fault ?? "taken"}`, () => {
    assert.is(subnetFault(text), fault);
  });
}

test("the first address of a prefix that ends within a byte", () => {
  assert.is(networkAddress(address("10.77.13.9/20")), "10.77.0.0");
  assert.is(networkAddress(address("fd77:0:0:ffff::1/60")), "fd77:0:0:fff0::");
});

test("an address lies in its subnet and in no other's", () => {
  const subnet = address("10.77.16.0/20");
  assert.equal(
    ["10.77.16.0", "10.77.31.255", "10.77.32.0", "10.77.15.255", "fd77::1"].map((text) => contains(subnet, address(text))),
    [true, true, false, false, false],
  );
});

test("network, broadcast and anycast addresses are no station's", () => {
  const role = (subnet: string, text: string) => reservedRole(address(subnet), address(text));
  assert.is(role("10.77.0.0/24", "10.77.0.0"), "network address");
  assert.is(role("10.77.0.0/23", "10.77.1.255"), "broadcast address");
  assert.is(role("10.77.0.0/23", "10.77.0.255"), null);
  assert.is(role("fd77::/64", "fd77::"), "subnet-router anycast address");
  assert.is(role("fd77::/64", "fd77::ffff:ffff:ffff:ffff"), null);
  assert.is(role("192.0.2.0/31", "192.0.2.0"), null);
});

test.run();
