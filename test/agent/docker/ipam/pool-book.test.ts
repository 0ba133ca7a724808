/** Pools as Docker asks for them: by name or not, again because the answer was lost, and with ids that nobody gave. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { STALE_MS } from "../../../../agent/docker/ipam/pool-book.ts";
import { refused, yard } from "./yard.ts";

const test = suite("pool book");
const FOUR = [{ base: "10.210.0.0/22", size: 24 }];

test("a pool is named by its space and subnet, and by its range where it has one", () => {
  const of = yard();
  assert.equal(of.pool("10.77.0.0/24"), { id: "local/10.77.0.0/24", subnet: "10.77.0.0/24" });
  assert.equal(of.pool("10.78.0.0/24", "10.78.0.64/26"), { id: "local/10.78.0.0/24/10.78.0.64/26", subnet: "10.78.0.0/24" });
  assert.equal(of.pool("FD77:0::/64", "FD77::0:1:0:0:0/80"), { id: "local/fd77::/64/fd77::1:0:0:0/80", subnet: "fd77::/64" });
});

test("a pool that is asked for again is the same while it has no address, and released once is gone", () => {
  const of = yard();
  const first = of.pool("10.77.0.0/24");
  assert.equal(of.pool("10.77.0.0/24"), first);
  assert.equal(of.book.toRecords(), [
    {
      id: first.id,
      space: "local",
      subnet: "10.77.0.0/24",
      range: null,
      isChosen: false,
      sinceMs: of.nowMs,
      gateway: null,
      addresses: [],
      last: null,
    },
  ]);
  of.book.releasePool(first.id);
  assert.equal(of.book.toRecords(), []);
});

test("a pool with addresses is in use, also for who names it alike", () => {
  const of = yard();
  const { id } = of.pool("10.77.0.0/24");
  of.gateway(id);
  assert.match(refused(of, () => of.pool("10.77.0.0/24"), "pool-in-use").message, "local/10.77.0.0/24, of which addresses are in use");
  of.book.releaseAddress(id, "10.77.0.1");
  assert.is(of.pool("10.77.0.0/24").id, id);
});

test("what overlaps another pool is in use: larger, smaller, with another range, in another space", () => {
  const of = yard();
  of.pool("10.77.0.0/24");
  for (const subnet of ["10.77.0.0/16", "10.77.0.128/25"]) {
    assert.match(refused(of, () => of.pool(subnet), "pool-in-use").message, "overlaps pool local/10.77.0.0/24");
  }
  refused(of, () => of.pool("10.77.0.0/24", "10.77.0.0/25"), "pool-in-use");
  refused(of, () => of.book.requestPool({ space: "global", pool: "10.77.0.0/24", subPool: "", v6: false }), "pool-in-use");
  assert.is(of.pool("10.77.1.0/24").subnet, "10.77.1.0/24");
});

test("what the host or a network has is in use, be it that the pool was given before", () => {
  const of = yard();
  of.taken.add("10.77.0.0/24");
  assert.match(refused(of, () => of.pool("10.77.0.0/24"), "pool-in-use").message, "10.77.0.0/24 overlaps an address");
  of.taken.clear();
  of.pool("10.77.0.0/24");
  of.taken.add("10.77.0.0/24");
  refused(of, () => of.pool("10.77.0.0/24"), "pool-in-use");
});

test("what is no network's prefix is refused, and the one that is meant is named", () => {
  const of = yard();
  const remedies = new Map([
    ["10.77.0.5/24", "Write 10.77.0.0/24."],
    ["fd77::5/64", "Write fd77::/64."],
    ["10.77.0.0", "Write the prefix of a network, such as 10.77.0.0/24 or fd77::/64."],
    ["10.77.0.1/0", "Write the prefix of a network, such as 10.77.0.0/24 or fd77::/64."],
    ["224.0.0.0/8", "Write the prefix of a network, such as 10.77.0.0/24 or fd77::/64."],
    ["yard", "Write the prefix of a network, such as 10.77.0.0/24 or fd77::/64."],
  ]);
  for (const [pool, remedy] of remedies) {
    const error = refused(of, () => of.pool(pool), "bad-request");
    assert.equal([error.path, error.value, error.remedy], ["Pool", pool, remedy]);
  }
});

test("a pool is of the family that was asked for", () => {
  const of = yard();
  assert.match(refused(of, () => of.pool("10.77.0.0/24", "", true), "bad-request").message, "10.77.0.0/24 is not of IPv6");
  assert.match(refused(of, () => of.pool("fd77::/64", "", false), "bad-request").message, "fd77::/64 is not of IPv4");
});

test("a part of a pool is a prefix inside the pool that is named with it", () => {
  const of = yard();
  const faults = new Map([
    ["10.78.0.0/25", "is not in 10.77.0.0/24"],
    ["10.77.0.0/16", "is not in 10.77.0.0/24"],
    ["fd77::/80", "is not in 10.77.0.0/24"],
    ["10.77.0.70/26", "has bits set behind its prefix"],
    ["10.77.0.7", "is not a prefix"],
    ["10.77.0.255/32", "has no address of 10.77.0.0/24 that a station may have"],
  ]);
  for (const [part, words] of faults) {
    const error = refused(of, () => of.pool("10.77.0.0/24", part), "bad-request");
    assert.equal([error.path, error.value], ["SubPool", part]);
    assert.ok(error.message.includes(words), error.message);
  }
  assert.match(refused(of, () => of.pool("", "10.77.0.0/25"), "bad-request").message, "10.77.0.0/25 is part of no pool");
  assert.is(of.pool("10.77.0.0/24", "10.77.0.7/32").id, "local/10.77.0.0/24/10.77.0.7/32");
});

test("who names no pool gets another one each time, of the family that was asked for", () => {
  const of = yard();
  assert.equal(
    [of.pool("").subnet, of.pool("", "", true).subnet, of.pool("").subnet, of.pool("", "", true).subnet],
    ["10.210.0.0/24", "fd70:7974:7264::/64", "10.210.1.0/24", "fd70:7974:7264:1::/64"],
  );
  assert.equal(of.book.lastChosen, { ipv4: "10.210.1.0/24", ipv6: "fd70:7974:7264:1::/64" });
});

test("what is chosen overlaps neither another pool nor what somebody else has", () => {
  const of = yard(FOUR);
  of.pool("10.210.0.128/25");
  of.taken.add("10.210.1.0/24");
  assert.is(of.pool("").subnet, "10.210.2.0/24");
});

test("a pool that was just released rests until all others have been chosen, also over a restart", () => {
  const of = yard(FOUR);
  assert.is(of.pool("").subnet, "10.210.0.0/24");
  of.book.releasePool("local/10.210.0.0/24");
  of.restart();
  const next = Array.from({ length: 4 }, () => of.pool("").subnet);
  assert.equal(next, ["10.210.1.0/24", "10.210.2.0/24", "10.210.3.0/24", "10.210.0.0/24"]);
});

test("when none is left, the option is named that says what pools are cut from", () => {
  const of = yard(FOUR);
  for (let count = 0; count < 4; count++) of.pool("");
  const error = refused(of, () => of.pool(""), "pool-exhausted");
  assert.equal([error.path, error.value], ["docker.pools", "10.210.0.0 to 10.210.3.255 in /24"]);
  assert.match(error.remedy!, "docker.pools");
  assert.match(refused(of, () => of.pool("", "", true), "pool-exhausted").message, "no IPv6 pool left to choose; pools are cut from: none");
});

test("a chosen pool without addresses for ten minutes goes when the next one is chosen, not before", () => {
  const of = yard(FOUR);
  const [lost, used, emptied] = [of.pool(""), of.pool(""), of.pool("")];
  of.gateway(used.id);
  of.gateway(emptied.id);
  of.nowMs += STALE_MS - 1;
  of.book.releaseAddress(emptied.id, "10.210.2.1");
  of.pool("");
  refused(of, () => of.pool(""), "pool-exhausted");
  of.nowMs += 1;
  of.pool("10.77.0.0/24");
  assert.is(of.station(lost.id, "02:00:00:00:00:01"), "10.210.0.1/24", "it is still there");
  of.book.releaseAddress(lost.id, "10.210.0.1");
  refused(of, () => of.pool(""), "pool-exhausted");
  of.nowMs += STALE_MS;
  assert.is(of.pool("").subnet, "10.210.0.0/24", "the next one behind 10.210.3.0/24");
  assert.equal(
    of.book.toRecords().map(({ subnet }) => subnet),
    ["10.210.1.0/24", "10.77.0.0/24", "10.210.0.0/24"],
    "of the chosen ones remain that with a gateway and the new one; that with a name stays",
  );
  refused(of, () => of.gateway(emptied.id), "pool-missing");
});

test("a chosen pool that is then named, or has a network without addresses, is no lost answer", () => {
  const of = yard(FOUR);
  const [named, gatewayless] = [of.pool(""), of.pool("")];
  assert.equal(of.pool(named.subnet), named);
  of.taken.add(gatewayless.subnet);
  of.nowMs += STALE_MS;
  assert.equal([of.pool("").subnet, of.pool("").subnet], ["10.210.2.0/24", "10.210.3.0/24"]);
  refused(of, () => of.pool(""), "pool-exhausted");
  assert.is(of.book.toRecords().length, 4);
});

test("a lost pool stays when there is none to choose after all", () => {
  const of = yard(FOUR);
  of.pool("");
  of.pool("", "", false);
  of.nowMs += STALE_MS;
  refused(of, () => of.pool("", "", true), "pool-exhausted");
  assert.is(of.book.toRecords().length, 2);
});

test("a pool is released with its addresses; one that nobody holds needs nothing", () => {
  const of = yard();
  const { id } = of.pool("10.77.0.0/24");
  of.gateway(id);
  of.station(id, "02:00:00:00:00:01");
  of.book.releasePool("local/10.78.0.0/24");
  assert.is(of.book.toRecords().length, 1);
  for (let count = 0; count < 2; count++) of.book.releasePool(id);
  assert.equal(of.book.toRecords(), []);
  of.pool("10.77.0.0/24");
  assert.is(of.station(id, "02:00:00:00:00:02"), "10.77.0.1/24");
});

test("addresses of a pool that is not held are refused, and released without a word", () => {
  const of = yard();
  const error = refused(of, () => of.station("local/10.77.0.0/24", "02:00:00:00:00:01"), "pool-missing");
  assert.equal([error.path, error.value], ["PoolID", "local/10.77.0.0/24"]);
  of.book.releaseAddress("local/10.77.0.0/24", "10.77.0.1");
  assert.equal(of.book.toRecords(), []);
});

test("after a restart everything is as before", () => {
  const of = yard();
  const [blue, chosen] = [of.pool("10.77.0.0/24", "10.77.0.64/26"), of.pool("", "", true)];
  of.gateway(blue.id);
  of.auxiliary(blue.id, "10.77.0.200");
  for (const digit of [1, 2, 3]) of.station(blue.id, `02:00:00:00:00:0${digit}`);
  of.book.releaseAddress(blue.id, "10.77.0.67");
  of.restart();
  assert.equal(of.gateway(blue.id), "10.77.0.64/24");
  assert.equal(of.auxiliary(blue.id, "10.77.0.200"), "10.77.0.200/24");
  assert.equal(of.station(blue.id, "02:00:00:00:00:02"), "10.77.0.66/24");
  assert.equal(of.station(blue.id, "02:00:00:00:00:04"), "10.77.0.68/24", "10.77.0.67 rests");
  assert.equal(of.pool("", "", true).subnet, "fd70:7974:7264:1::/64");
  assert.is(of.pool(chosen.subnet).id, chosen.id);
});

test.run();
