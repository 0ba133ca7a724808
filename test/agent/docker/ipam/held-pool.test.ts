/** Addresses of one pool: the gateway's, those of stations, auxiliary ones; asked for again, anew, and of the wrong kind. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { refused, type Yard, yard } from "./yard.ts";

const test = suite("held pool");
const [ONE, TWO] = ["02:00:00:00:00:01", "02:00:00:00:00:02"];

/** A yard with one pool. */
function pooled(subnet = "10.77.0.0/24", range = ""): Yard & { id: string } {
  const of = yard();
  return Object.assign(of, { id: of.pool(subnet, range).id });
}

test("the gateway gets the first free address, or the one that it is to have, and the same again", () => {
  const of = pooled();
  assert.equal([of.gateway(of.id), of.gateway(of.id), of.gateway(of.id, "10.77.0.1")], Array(3).fill("10.77.0.1/24"));
  const named = pooled("fd77::/64");
  assert.equal(
    [named.gateway(named.id, "FD77::0:9"), named.gateway(named.id), named.gateway(named.id, "fd77::9")],
    Array(3).fill("fd77::9/64"),
  );
});

test("the first free one is the lowest, whatever was given last, and is not where stations go on", () => {
  const of = pooled();
  assert.equal([of.station(of.id, ONE), of.station(of.id, TWO)], ["10.77.0.1/24", "10.77.0.2/24"]);
  of.book.releaseAddress(of.id, "10.77.0.1");
  assert.is(of.gateway(of.id), "10.77.0.1/24");
  assert.is(of.station(of.id, ONE), "10.77.0.3/24");
});

test("there is one gateway: another address is refused until it is released", () => {
  const of = pooled();
  of.gateway(of.id, "10.77.0.254");
  const error = refused(of, () => of.gateway(of.id, "10.77.0.1"), "gateway-exists");
  assert.equal([error.path, error.value], ["Address", "10.77.0.1"]);
  assert.match(error.message, "10.77.0.254 is");
  of.book.releaseAddress(of.id, "10.77.0.254");
  assert.is(of.book.toRecords()[0]!.gateway, null);
  assert.is(of.gateway(of.id, "10.77.0.1"), "10.77.0.1/24");
});

test("nobody else gets the gateway's address, nor it that of somebody else", () => {
  const of = pooled();
  of.gateway(of.id);
  assert.match(refused(of, () => of.station(of.id, ONE, "10.77.0.1"), "address-taken").message, "is the gateway's");
  refused(of, () => of.auxiliary(of.id, "10.77.0.1"), "address-taken");
  of.station(of.id, ONE, "10.77.0.9");
  of.auxiliary(of.id, "10.77.0.8");
  of.book.releaseAddress(of.id, "10.77.0.1");
  for (const address of ["10.77.0.9", "10.77.0.8"]) refused(of, () => of.gateway(of.id, address), "address-taken");
});

test("a station gets the next free address, and the same again by its MAC", () => {
  const of = pooled();
  of.gateway(of.id);
  assert.equal([of.station(of.id, ONE), of.station(of.id, TWO)], ["10.77.0.2/24", "10.77.0.3/24"]);
  assert.equal([of.station(of.id, ONE), of.station(of.id, ONE.toUpperCase(), "10.77.0.2")], Array(2).fill("10.77.0.2/24"));
});

test("a station is not given what another has; its own MAC in the other pool does not count", () => {
  const of = pooled();
  of.station(of.id, ONE, "10.77.0.9");
  const error = refused(of, () => of.station(of.id, TWO, "10.77.0.9"), "address-taken");
  assert.match(error.message, `10.77.0.9 of pool ${of.id} is that of the station ${ONE}`);
  of.auxiliary(of.id, "10.77.0.8");
  assert.match(refused(of, () => of.station(of.id, TWO, "10.77.0.8"), "address-taken").message, "kept back as an auxiliary address");
  assert.is(of.station(of.pool("fd77::/64").id, ONE), "fd77::1/64");
});

test("a station that asks for another address gives back the one that it had", () => {
  const of = pooled();
  of.station(of.id, ONE, "10.77.0.9");
  assert.is(of.station(of.id, ONE, "10.77.0.10"), "10.77.0.10/24");
  assert.is(of.station(of.id, TWO, "10.77.0.9"), "10.77.0.9/24");
  refused(of, () => of.station(of.id, ONE, "10.77.0.9"), "address-taken");
  assert.is(of.station(of.id, ONE), "10.77.0.10/24", "it keeps what it had when it gets nothing else");
});

test("an auxiliary address is the same again, but never a station's; without a name it is another one each time", () => {
  const of = pooled();
  assert.equal([of.auxiliary(of.id, "10.77.0.9"), of.auxiliary(of.id, "10.77.0.9")], Array(2).fill("10.77.0.9/24"));
  of.station(of.id, ONE, "10.77.0.10");
  refused(of, () => of.auxiliary(of.id, "10.77.0.10"), "address-taken");
  assert.equal([of.auxiliary(of.id), of.auxiliary(of.id)], ["10.77.0.1/24", "10.77.0.2/24"]);
});

test("what is not of the subnet, nobody's, or no address is refused", () => {
  for (const [subnet, address, code, words] of [
    ["10.77.0.0/24", "10.78.0.1", "address-outside", "10.78.0.1 is not in 10.77.0.0/24"],
    ["10.77.0.0/24", "fd77::1", "address-outside", "fd77::1 is not in 10.77.0.0/24"],
    ["10.77.0.0/24", "10.77.0.0", "address-reserved", "10.77.0.0 is the network address of 10.77.0.0/24"],
    ["10.77.0.0/24", "10.77.0.255", "address-reserved", "10.77.0.255 is the broadcast address of 10.77.0.0/24"],
    ["fd77::/64", "fd77::", "address-reserved", "fd77:: is the subnet-router anycast address of fd77::/64"],
    ["10.77.0.0/24", "10.77.0.7/24", "bad-request", '"10.77.0.7/24" is not an address'],
    ["10.77.0.0/24", "yard", "bad-request", '"yard" is not an address'],
  ] as const) {
    const of = pooled(subnet);
    for (const run of [of.gateway, of.auxiliary]) assert.match(refused(of, () => run(of.id, address), code).message, words);
    assert.match(refused(of, () => of.station(of.id, ONE, address), code).message, words);
  }
});

test("what is no MAC is refused", () => {
  const of = pooled();
  for (const mac of ["", "02:00:00:00:00", "02-00-00-00-00-01", "02:00:00:00:00:01:02"]) {
    assert.is(refused(of, () => of.station(of.id, mac), "bad-request").value, mac);
  }
});

test("a point-to-point prefix has two addresses for two stations", () => {
  const of = pooled("10.77.0.0/31");
  assert.equal([of.gateway(of.id), of.station(of.id, ONE)], ["10.77.0.0/31", "10.77.0.1/31"]);
});

test("of a pool with a range what is named may lie outside of it, everything else comes from it", () => {
  const of = pooled("10.77.0.0/24", "10.77.0.64/31");
  assert.equal([of.gateway(of.id), of.station(of.id, ONE)], ["10.77.0.64/24", "10.77.0.65/24"]);
  const error = refused(of, () => of.station(of.id, TWO), "pool-exhausted");
  assert.equal(
    [error.value, error.remedy],
    ["10.77.0.64/31", "Disconnect a container, or ask for an address of 10.77.0.0/24 outside of it."],
  );
  assert.is(of.station(of.id, TWO, "10.77.0.200"), "10.77.0.200/24");
});

test("a pool without a free address says so to gateway, station and auxiliary address alike", () => {
  const of = pooled("10.77.0.0/30");
  of.station(of.id, ONE);
  of.station(of.id, TWO);
  for (const run of [() => of.gateway(of.id), () => of.auxiliary(of.id), () => of.station(of.id, "02:00:00:00:00:03")]) {
    assert.match(refused(of, run, "pool-exhausted").message, "Pool local/10.77.0.0/30 has no address of 10.77.0.0/30 left");
  }
  assert.is(of.station(of.id, ONE), "10.77.0.1/30", "who has one is told it still");
});

test("an address that was released rests until the pool has come round", () => {
  const of = pooled("10.77.0.0/29");
  of.station(of.id, ONE);
  of.book.releaseAddress(of.id, "10.77.0.1");
  assert.equal(
    [1, 2, 3, 4, 5, 6].map((digit) => of.station(of.id, `02:00:00:00:00:0${digit}`)),
    ["2", "3", "4", "5", "6", "1"].map((digit) => `10.77.0.${digit}/29`),
  );
});

test("what nobody has is released without a word", () => {
  const of = pooled();
  of.station(of.id, ONE);
  const before = of.state();
  for (const address of ["10.77.0.2", "10.78.0.1", "10.77.0.0", "fd77::1", "yard", ""]) of.book.releaseAddress(of.id, address);
  assert.equal(of.state(), before);
  of.book.releaseAddress(of.id, "10.77.0.1");
  assert.equal(of.book.toRecords()[0]!.addresses, []);
});

test.run();
