/** What ends the demo from outside, seen as one signal. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Interrupted, listen } from "../../../cli/demo/interrupt.ts";

test("the first signal is the reason, later ones change nothing", () => {
  const { signal, release } = listen();
  process.emit("SIGINT");
  process.emit("SIGTERM");
  release();
  assert.instance(signal.reason, Interrupted);
  assert.is(signal.reason.signalName, "SIGINT");
  assert.is(signal.reason.exitStatus, 130);
});

test("an exception that nobody awaited is the reason itself", () => {
  const { signal, release } = listen();
  const error = new Error("lost");
  process.emit("uncaughtException", error);
  release();
  assert.is(signal.reason, error);
});

test("a reader of the output that went away counts as SIGPIPE", () => {
  const { signal, release } = listen();
  process.stdout.emit("error", Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
  release();
  assert.is(signal.reason.exitStatus, 141);
});

test("after its release nothing is listened to", () => {
  const before = process.listenerCount("SIGINT");
  const { release } = listen();
  assert.is(process.listenerCount("SIGINT"), before + 1);
  release();
  assert.is(process.listenerCount("SIGINT"), before);
});

test.run();
