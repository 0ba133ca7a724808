/** The name's lock: one holder, who is known by pid, and none when the holder died. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { claimName, livingAgent } from "../../agent/lock.ts";
import { placeOf } from "../../agent/place.ts";
import type { PortyardError } from "../../bindings/error.ts";

const [, , child] = process.argv;
if (child !== undefined) {
  claimName(placeOf("lab", { runRoot: child }));
  process.send!("claimed");
  setInterval(() => {}, 60_000);
} else {
  const test = suite("lock");
  const root = mkdtempSync(join(tmpdir(), "portyard-lock-"));
  const place = placeOf("lab", { runRoot: root });
  mkdirSync(place.runDirectory);
  test.after(() => rmSync(root, { recursive: true }));

  const claimFault = (): PortyardError => {
    try {
      claimName(place)();
    } catch (error) {
      return error as PortyardError;
    }
    throw new Error("the name was given twice");
  };

  test("a name is given once, and again after its release", () => {
    assert.is(livingAgent(place), null);
    const release = claimName(place);
    assert.is(livingAgent(place), process.pid);
    assert.is(claimFault().code, "agent-running");
    release();
    assert.not(existsSync(place.lock));
    claimName(place)();
  });

  test("a process that was killed holds no name", async () => {
    const holder = fork(fileURLToPath(import.meta.url), [root]);
    await once(holder, "message");
    assert.is(livingAgent(place), holder.pid!);
    assert.match(claimFault().message, new RegExp(`pid ${holder.pid}`));
    holder.kill("SIGKILL");
    await once(holder, "exit");
    assert.ok(existsSync(place.lock));
    assert.is(livingAgent(place), null);
    claimName(place)();
  });

  test("a lock without a folder to stand in is an error with the path", () => {
    try {
      claimName(placeOf("absent", { runRoot: root }));
      assert.unreachable("it was taken");
    } catch (error) {
      assert.is((error as PortyardError).path, join(root, "absent", "agent.lock"));
    }
  });

  test.run();
}
