/** What a process gives up: a child drops every capability and then tries; a program begins anew without any. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { startChild } from "../../support/child.ts";
import { needing } from "../../support/need.ts";

const test = suite("capability");

test(
  ...needing(["root", "tun"], "without capabilities makes no device, nor do the programs and threads that it starts", async () => {
    const child = startChild(`
      const { dropCapabilities } = await bindings("native/capability.js");
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

test(
  ...needing(["root"], "a program begins anew, in the same process, and none of its threads can do anything", async () => {
    const child = startChild(`
      const { beginWithoutCapabilities } = await bindings("native/capability.js");
      const { readdirSync, readFileSync } = await import("node:fs");
      if (process.env.PORTYARD_BEGUN_WITHOUT_CAPABILITIES === undefined) console.log(process.pid);
      beginWithoutCapabilities();
      console.log(process.pid);
      const threads = readdirSync("/proc/self/task").map((thread) => readFileSync("/proc/self/task/" + thread + "/status", "utf8"));
      const sets = threads.flatMap((text) => text.match(/^(Cap.*|NoNewPrivs:.*)/gm)).map((line) => line.replace("\\t", " "));
      console.log(threads.length > 1, [...new Set(sets)].sort().join());
      await heard();`);
    const pid = await child.line();
    assert.is(await child.line(), pid);
    const none = ["CapAmb", "CapBnd", "CapEff", "CapInh", "CapPrm"].map((set) => `${set}: ${"0".repeat(16)}`);
    assert.is(await child.line(), `true ${[...none, "NoNewPrivs: 1"].join()}`);
    assert.is(await child.finish(), 0);
  }),
);

test.run();
