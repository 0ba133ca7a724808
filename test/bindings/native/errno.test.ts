import { constants } from "node:os";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { PortyardError } from "../../../bindings/error.ts";
import * as errno from "../../../bindings/native/errno.ts";

const test = suite("error numbers");

test("agree with every name that Node knows", () => {
  if (process.platform !== "linux") return;
  for (const [name, number] of Object.entries(constants.errno)) {
    assert.is(errno.errnoNumber(name) ?? sameAs(name), number, name);
  }
});

test("have one name each, and each name leads back", () => {
  for (let number = 1; number <= 133; number++) {
    const name = errno.errnoName(number);
    if (name !== `E${number}`) assert.is(errno.errnoNumber(name), number);
  }
});

test("have the names of what a port dies of", () => {
  assert.is(errno.errnoName(-77), "EBADFD");
  assert.is(errno.errnoName(100), "ENETDOWN");
  assert.is(errno.errnoName(19), "ENODEV");
});

test("that no kernel gives are named by their digits", () => {
  assert.is(errno.errnoName(41), "E41");
  assert.is(errno.errnoName(4000), "E4000");
  assert.is(errno.errnoNumber("-"), null);
  assert.is(errno.errnoNumber("ENOTHING"), null);
});

test("stand in the error of a failed call", () => {
  const error = errno.systemCallFailed("ioctl(TUNSETIFF)", -16, "eth0");
  assert.instance(error, PortyardError);
  assert.is(error.message, "ioctl(TUNSETIFF) failed for eth0: EBUSY.");
  assert.ok(errno.failedWith(error, "EPERM", "EBUSY"));
  assert.not.ok(errno.failedWith(error, "EPERM"));
  assert.not.ok(errno.failedWith(new Error("EBUSY"), "EBUSY"));
});

/** Node has two names for these. */
function sameAs(name: string): number | null {
  const synonyms: Record<string, string> = { EWOULDBLOCK: "EAGAIN", ENOTSUP: "EOPNOTSUPP" };
  return errno.errnoNumber(synonyms[name] ?? "");
}

test.run();
