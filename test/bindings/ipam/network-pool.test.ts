/** The pool of a network: one address of each family, what is kept back, all or nothing. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseConfig } from "../../../bindings/config/parse.ts";
import type { PortyardError } from "../../../bindings/error.ts";
import { poolOf, withLease } from "../../../bindings/ipam/lease.ts";
import { NetworkPool, reservedAddresses } from "../../../bindings/ipam/network-pool.ts";

const test = suite("network pool");
const dual = { name: "blue", subnets: ["10.77.0.0/24", "fd77::/64"] };

function fault(run: () => unknown): PortyardError {
  try {
    run();
  } catch (error) {
    return error as PortyardError;
  }
  throw new Error("it was taken");
}

test("a port gets one address of each subnet, with the length of its prefix", () => {
  const pool = new NetworkPool(dual);
  assert.equal(pool.lend("a"), ["10.77.0.1/24", "fd77::1/64"]);
  assert.equal(pool.lend("b"), ["10.77.0.2/24", "fd77::2/64"]);
  assert.equal(pool.given, ["10.77.0.2", "fd77::2"]);
});

test("gateways and the last usable addresses are kept back, in point-to-point prefixes none", () => {
  assert.equal(reservedAddresses({ ...dual, gateways: ["10.77.0.1"] }), ["10.77.0.1", "10.77.0.254", "fd77::ffff:ffff:ffff:ffff"]);
  assert.equal(reservedAddresses({ name: "p", subnets: ["10.0.0.0/31", "fd77::/127"] }), []);
  assert.equal(new NetworkPool({ ...dual, gateways: ["10.77.0.1", "fd77::1"] }).lend("a"), ["10.77.0.2/24", "fd77::2/64"]);
});

test("a /30 has one address to lend besides that of the name service; the next port is told so", () => {
  const pool = new NetworkPool({ name: "tiny", subnets: ["10.0.0.0/30"] });
  assert.equal(pool.lend("a"), ["10.0.0.1/30"]);
  const error = fault(() => pool.lend("b"));
  assert.equal([error.code, error.path, error.value], ["pool-exhausted", "tap.address", "10.0.0.0/30"]);
  assert.match(error.message, /Port b gets no address: 10\.0\.0\.0\/30 of network tiny has none left/);
  pool.release("10.0.0.1");
  assert.equal(pool.lend("b"), ["10.0.0.1/30"]);
});

test("where one family has none left, the other's is not lent either", () => {
  const pool = new NetworkPool({ name: "tiny", subnets: ["10.0.0.0/24", "fd77::/127"] });
  for (const port of ["a", "b"]) pool.lend(port);
  assert.is(fault(() => pool.lend("c")).code, "pool-exhausted");
  pool.release("fd77::");
  assert.equal(pool.lend("c"), ["10.0.0.4/24", "fd77::/127"]);
  assert.ok(pool.take("10.0.0.3"), "it was given back");
});

test("what a port wants it gets where nobody has it", () => {
  const pool = new NetworkPool(dual);
  assert.equal(pool.lend("a", ["10.77.0.9/24", "fd77::9/64"]), ["10.77.0.9/24", "fd77::9/64"]);
  assert.equal(pool.lend("b", ["10.77.0.9/24", "fd77::8/64"]), ["10.77.0.1/24", "fd77::8/64"]);
  assert.equal(pool.lend("c", ["10.77.0.254/24"]), ["10.77.0.2/24", "fd77::1/64"], "that one is kept back");
  assert.equal(pool.lend("d", ["10.78.0.5/24"]), ["10.77.0.3/24", "fd77::2/64"], "that one is of another subnet");
});

test("after a restart it goes on behind what it gave last", () => {
  const pool = new NetworkPool(dual);
  pool.resume(["fd77::30", "10.77.0.40"]);
  assert.equal(pool.lend("a"), ["10.77.0.41/24", "fd77::31/64"]);
  pool.resume(["192.168.0.1"]);
  assert.equal(pool.lend("b"), ["10.77.0.1/24", "fd77::1/64"]);
});

test("a TAP without address in a network with subnets is lent some, no other port", () => {
  const tap = { namespace: "a", interface: "eth0" };
  const { networks, ports } = parseConfig({
    networks: [{ name: "blue", subnet: dual.subnets }, { name: "plain" }],
    ports: [
      { name: "pooled", network: "blue", tap },
      { name: "own", network: "blue", tap: { ...tap, interface: "eth1", address: "10.77.0.5" } },
      { name: "plain", network: "plain", tap: { ...tap, interface: "eth2" } },
      { name: "trunk", trunk: { plain: 5 }, native: "blue", tap: { ...tap, interface: "eth3" } },
      { name: "tagged", trunk: { blue: 5 }, tap: { ...tap, interface: "eth4" } },
      { name: "memory", network: "blue", memory: {} },
    ],
  });
  const byName = new Map(networks.map((network) => [network.name, network]));
  assert.equal(
    ports.map((port) => [port.name, poolOf(port, byName), port.sourceCheck]),
    [
      ["pooled", "blue", true],
      ["own", null, true],
      ["plain", null, false],
      ["trunk", "blue", true],
      ["tagged", null, false],
      ["memory", null, false],
    ],
  );
});

test("a lease becomes the interface's addresses, and is bound with the others", () => {
  const { ports } = parseConfig({
    networks: [{ name: "blue", subnet: dual.subnets }],
    ports: [{ name: "a", network: "blue", tap: { namespace: "a", interface: "eth0" }, addresses: ["10.77.0.9"] }],
  });
  const made = withLease(ports[0]!, ["10.77.0.1/24", "fd77::1/64"]);
  assert.equal(made.addresses, ["10.77.0.1", "fd77::1", "10.77.0.9"]);
  assert.equal(made.tap!.addresses, ["10.77.0.1/24", "fd77::1/64"]);
  assert.equal(ports[0]!.tap!.addresses, []);
  assert.is(withLease(ports[0]!, []), ports[0]);
});

test.run();
