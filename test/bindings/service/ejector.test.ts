/** Who is left out, for how long, and when nobody is. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Ejector } from "../../../bindings/service/ejector.ts";

const CONFIG = { failures: 3, seconds: 30, maxSeconds: 70, share: 0.25 };
const NAMES = ["a", "b", "c", "d", "e", "f", "g", "h"];

function ejector(names = NAMES, config = CONFIG, panicShare = 0.5): Ejector {
  const made = new Ejector(config, panicShare);
  made.setBackends(names, 0);
  return made;
}

/** Fails until it is out. */
function fail(one: Ejector, name: string, now: number, times = CONFIG.failures): boolean[] {
  return Array.from({ length: times }, () => one.failed(name, now));
}

test("a backend that fails several times in a row is left out for a while", () => {
  const one = ejector();
  assert.equal(fail(one, "a", 1000), [false, false, true]);
  assert.ok(one.isOut("a"));
  assert.is(one.until("a"), 31_000);
  assert.is(one.nextMs, 31_000);
  assert.not(one.advance(30_999));
  assert.ok(one.advance(31_000));
  assert.not(one.isOut("a"));
  assert.is(one.nextMs, Number.POSITIVE_INFINITY);
});

test("one success begins the row anew", () => {
  const one = ejector();
  fail(one, "a", 0, 2);
  one.succeeded("a");
  assert.equal(fail(one, "a", 0, 2), [false, false]);
  assert.ok(one.failed("a", 0));
});

test("a backend that has been let in again is left out after as many failures as before", () => {
  const one = ejector();
  fail(one, "a", 0);
  one.advance(30_000);
  assert.equal(fail(one, "a", 30_000), [false, false, true]);
});

test("what fails of it while it is left out does not count for the next time", () => {
  const one = ejector();
  fail(one, "a", 0);
  assert.equal(fail(one, "a", 10), [false, false, false]);
  assert.is(one.until("a"), 30_000);
  one.advance(30_000);
  assert.equal(fail(one, "a", 30_000), [false, false, true]);
  assert.is(one.until("a"), 90_000);
});

test("each time in succession is longer, up to a bound, and calm makes it shorter again", () => {
  const one = ejector();
  let now = 0;
  const lengths = [30, 60, 70, 70].map((seconds) => {
    fail(one, "a", now);
    const until = one.until("a")!;
    assert.is(until - now, seconds * 1000);
    one.advance(until);
    now = until;
    return seconds;
  });
  assert.is(lengths.length, 4);
  now += 30_000; // three calm intervals take three of the four
  one.advance(now);
  fail(one, "a", now);
  assert.is(one.until("a")! - now, 60_000);
});

test("at most a share is left out at once, but one may always be", () => {
  const one = ejector();
  for (const name of NAMES) fail(one, name, 0);
  assert.equal(
    NAMES.filter((name) => one.isOut(name)),
    ["a", "b"],
  );
  one.advance(30_000);
  fail(one, "c", 30_000, 1);
  assert.ok(one.isOut("c"), "its failures were not forgotten");
  const three = ejector(["a", "b", "c"]);
  for (const name of ["a", "b", "c"]) fail(three, name, 0);
  assert.equal(
    ["a", "b", "c"].filter((name) => three.isOut(name)),
    ["a"],
  );
});

test("when too few would be left nobody is left out", () => {
  const one = ejector(["a"]);
  fail(one, "a", 0);
  assert.ok(one.isPanic);
  assert.not(one.isOut("a"));
  assert.is(one.until("a"), 30_000);
  const never = ejector(["a"], CONFIG, 0);
  fail(never, "a", 0);
  assert.ok(never.isOut("a"));
  const half = ejector(["a", "b"]);
  fail(half, "a", 0);
  assert.ok(half.isOut("a"), "a half is enough");
});

test("without a configuration nobody is ever left out", () => {
  const one = new Ejector(null, 0.5);
  one.setBackends(NAMES, 0);
  assert.equal(fail(one, "a", 0, 100).filter(Boolean), []);
});

test("what is known of a backend stays when others come and go, and goes with it", () => {
  const one = ejector();
  fail(one, "a", 0);
  one.setBackends(["a", "b", "x", "y"], 10);
  assert.ok(one.isOut("a"));
  one.setBackends(["b", "x"], 20);
  one.setBackends(["a", "b", "x"], 30);
  assert.not(one.isOut("a"));
  assert.not(one.failed("nobody", 0));
});

test("a new configuration takes over what the one before knew", () => {
  const one = ejector();
  fail(one, "a", 0);
  const next = new Ejector({ ...CONFIG, failures: 1 }, 0.5, one);
  next.setBackends(NAMES, 0);
  assert.ok(next.isOut("a"));
  assert.not(new Ejector(null, 0.5, one).isOut("a"));
});

test.run();
