/** What a native test makes is gone after it, however it ends:
 *
 *   a test process --makes--> pyt-PID-x --ends by--> its end, an error, SIGINT, SIGTERM, SIGKILL                       */
import { existsSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Child, startChild } from "./child.ts";
import { removeLeftovers } from "./namespace.ts";
import { needing } from "./need.ts";

const test = suite("namespaces of tests");
const module = JSON.stringify(new URL("./namespace.js", import.meta.url).href);
const cleanup = JSON.stringify(new URL("./cleanup.js", import.meta.url).href);
const make = `const { makeNamespace } = await import(${module}); console.log(makeNamespace("x").path);`;

async function made(then: string, quiet = false): Promise<{ child: Child; path: string }> {
  const child = startChild(make + then, { quiet });
  const path = await child.line();
  assert.ok(existsSync(path), "it was there");
  return { child, path };
}

test(
  ...needing(["root", "iproute2"], "are removed at the end of the process", async () => {
    const { child, path } = await made("await heard();");
    assert.is(await child.finish(), 0);
    assert.not.ok(existsSync(path));
  }),
);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(
    ...needing(["root", "iproute2"], `are removed by ${signal}`, async () => {
      const { child, path } = await made("await heard();");
      await child.kill(signal);
      assert.not.ok(existsSync(path));
      assert.not.equal(child.process.exitCode, 0);
    }),
  );
}

test(
  ...needing(["root", "iproute2"], "are removed after an error", async () => {
    const { child, path } = await made("await heard(); throw new Error();", true);
    assert.is(await child.finish(), 1);
    assert.not.ok(existsSync(path));
  }),
);

test(
  ...needing(["root", "iproute2"], "of a process that was killed are removed by the next", async () => {
    const { child, path } = await made("await heard();");
    await child.kill("SIGKILL");
    assert.ok(existsSync(path));
    assert.ok(removeLeftovers().some((name) => path.endsWith(name)));
    assert.not.ok(existsSync(path));
  }),
);

test(
  ...needing(["root", "iproute2"], "a process inside that is killed since its test has failed is no error of its own", async () => {
    const child = startChild(`
      const { makeNamespace, runInside } = await import(${module});
      const { removeAll } = await import(${cleanup});
      const inside = runInside(makeNamespace("x"), "setInterval(() => {}, 1000)");
      void inside.output.finally(() => console.log("its error"));
      inside.child.once("close", () => setImmediate(() => console.log("the test's error")));
      removeAll();`);
    assert.is(await child.line(), "the test's error");
    assert.is(await child.finish(), 0);
  }),
);

test.run();
