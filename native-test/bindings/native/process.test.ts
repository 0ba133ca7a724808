/** What a process says of itself. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { startChild } from "../../support/child.ts";

const test = suite("process");

test("is named as it asks, thread by thread", async () => {
  const child = startChild(`
    const { setThreadName, threadId } = await bindings("native/process.js");
    const { readFileSync } = await import("node:fs");
    setThreadName("portyard-test-name");
    console.log(threadId() === process.pid, readFileSync("/proc/thread-self/comm", "utf8").trim());`);
  assert.is(await child.line(), "true portyard-test-n");
  await child.finish();
});

test.run();
