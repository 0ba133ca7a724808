/** Work that signals end, also those that the process outside hands in. */
import { PassThrough } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Interrupted } from "../../../cli/demo/interrupt.ts";
import { interruptibly } from "../../../cli/demo/user-namespace.ts";

/** The name of the signal that ends work while `happen` happens, and whether standard input was given back. */
async function interrupted(isInside: boolean, happen: (input: PassThrough) => void) {
  const own = Object.getOwnPropertyDescriptor(process, "stdin") as PropertyDescriptor;
  const input = new PassThrough();
  Object.defineProperty(process, "stdin", { value: input, configurable: true });
  const before = process.listenerCount("SIGINT");
  let reason: unknown = null;
  try {
    await interruptibly(isInside, async (signal) => {
      happen(input);
      for (let look = 0; look < 20 && !signal.aborted; look++) await delay(5);
      reason = signal.reason ?? null;
    });
  } finally {
    Object.defineProperty(process, "stdin", own);
  }
  assert.is(process.listenerCount("SIGINT"), before);
  return { name: reason instanceof Interrupted ? reason.signalName : null, isInputClosed: input.destroyed };
}

test("a signal of this process ends work, and standard input is none of its business", async () => {
  assert.equal(await interrupted(false, () => process.emit("SIGINT")), { name: "SIGINT", isInputClosed: false });
  assert.equal(await interrupted(false, (input) => input.end("SIGHUP")), { name: null, isInputClosed: false });
});

test("inside, the end of standard input does too, by the name that it says", async () => {
  assert.equal(await interrupted(true, (input) => input.end("SIGHUP")), { name: "SIGHUP", isInputClosed: true });
  assert.equal(await interrupted(true, (input) => input.end("SIGINT")), { name: "SIGINT", isInputClosed: true });
  assert.equal(await interrupted(true, (input) => input.end()), { name: "SIGTERM", isInputClosed: true });
  assert.equal(await interrupted(true, () => process.emit("SIGTERM")), { name: "SIGTERM", isInputClosed: true });
});

test("work that is not interrupted ends by itself, and one that fails gives the signals back as well", async () => {
  assert.equal(await interrupted(true, () => {}), { name: null, isInputClosed: true });
  const before = process.listenerCount("SIGTERM");
  const error = new Error("failed");
  assert.is(await interruptibly(false, () => Promise.reject(error)).catch((thrown: unknown) => thrown), error);
  assert.is(process.listenerCount("SIGTERM"), before);
});

test.run();
