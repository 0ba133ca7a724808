/** What a killed test leaves is gone before the next run notes how the host is:
 *
 *   a test process --makes--> instance's files, namespace, device --SIGKILL--> removeRemains names and removes them */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Child, startChild } from "./child.ts";
import { onEnd } from "./cleanup.ts";
import { needing } from "./need.ts";
import { removeRemains } from "./remains.ts";

const test = suite("remains of tests");
const module = JSON.stringify(new URL("./namespace.js", import.meta.url).href);
const make = `const { makeNamespace, makeVeth } = await import(${module}); makeNamespace("x"); makeVeth("v"); console.log(process.pid);`;

/** A process that has made a namespace and a pair of devices, and whose instance has files. */
async function made(): Promise<{ child: Child; instance: string; files: string[]; all: string[] }> {
  const child = startChild(`${make} await heard();`);
  const pid = await child.line();
  const instance = `pyt-${pid}`;
  const files = [`/dev/shm/portyard-${instance}`, `/run/portyard/${instance}`];
  for (const file of files) onEnd(file, () => rmSync(file, { recursive: true, force: true }));
  writeFileSync(files[0] as string, "tables");
  mkdirSync(files[1] as string, { recursive: true });
  return {
    child,
    instance,
    files,
    all: [...files, `/run/netns/${instance}-x`, `/sys/class/net/pyt${pid}vn`, `/sys/class/net/pyt${pid}vf`],
  };
}

test(
  ...needing(["root", "iproute2"], "of a killed process go, all of them, and are named", async () => {
    const { child, instance, all } = await made();
    assert.ok(all.every(existsSync), "they were there");
    await child.kill("SIGKILL");
    const names = removeRemains();
    assert.equal(all.filter(existsSync), []);
    for (const name of [instance, `${instance}-x`, `${instance.replace("-", "")}vn`]) assert.ok(names.includes(name), name);
  }),
);

test(
  ...needing(["root", "iproute2"], "of a process that runs are left alone", async () => {
    const { child, files, all } = await made();
    removeRemains();
    assert.ok(all.every(existsSync));
    assert.is(readFileSync(files[0] as string, "utf8"), "tables");
    await child.finish();
  }),
);

test.run();
