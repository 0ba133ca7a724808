/** What a process gives up: a child drops every capability and then tries. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { startChild } from "../../support/child.ts";
import { needing } from "../../support/need.ts";

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

test(
  ...needing(["root", "tun"], "without capabilities makes no device, nor do the programs and threads that it starts", async () => {
    const child = startChild(`
      const { dropCapabilities } = await bindings("native/process.js");
      const { openTap } = await bindings("native/tap.js");
      const { execFileSync } = await import("node:child_process");
      const { Worker } = await import("node:worker_threads");
      openTap("pyt" + process.pid + "p", { offload: false });
      dropCapabilities();
      try { openTap("pyt" + process.pid + "q", { offload: false }); } catch (error) { console.log(error.code, error.path); }
      const capabilities = (text) => text.match(/^Cap.*/gm).map((line) => line.split("\\t")[1]).join();
      console.log(capabilities(execFileSync("cat", ["/proc/self/status"], { encoding: "utf8" })));
      const worker = new Worker(\`
        import { readFileSync } from "node:fs";
        import { parentPort } from "node:worker_threads";
        parentPort.postMessage(readFileSync("/proc/thread-self/status", "utf8"));\`, { eval: true });
      worker.once("message", (text) => console.log(capabilities(text)));
      await heard();`);
    const none = new Array(5).fill("0".repeat(16)).join();
    assert.match(await child.line(), /^no-rights /);
    assert.is(await child.line(), none);
    assert.is(await child.line(), none);
    assert.is(await child.finish(), 0);
  }),
);

test.run();
