/** An agent that serves Docker at a socket which was handed over to its process. The agent is a child: this file started again. */
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { takeInheritedSocket } from "../../../agent/activation.ts";
import { ask, Yard } from "../support/yard.ts";
import { HandedOver } from "./support/handed-over.ts";

const [, , unused] = process.argv;
if (unused !== undefined) await beAgent(unused);
else tests();

/** @param elsewhere the path of the configuration, at which no socket is made. */
async function beAgent(elsewhere: string): Promise<void> {
  const yard = new Yard();
  const dockerDescriptor = takeInheritedSocket("docker");
  const start = () => yard.start({ docker: { socket: elsewhere } }, { dockerDescriptor });
  let agent = await start();
  process.send!({ descriptor: dockerDescriptor, variables: Object.keys(process.env).filter((name) => name.startsWith("LISTEN_")) });
  process.on("message", async (what) => {
    await agent.stop();
    if (what === "again") agent = await start();
    else yard.remove();
    process.send!(what as string);
    if (what === "end") process.disconnect();
  });
}

function tests(): void {
  const test = suite("socket activation");
  const folder = mkdtempSync(join(tmpdir(), "portyard-activation-"));
  const path = join(folder, "portyard.sock");
  const elsewhere = join(folder, "elsewhere.sock");
  const activate = () => ask(path, "POST", "/Plugin.Activate");
  test.after(() => rmSync(folder, { recursive: true }));

  test("Docker's calls wait for the agent, its end and the next one", async () => {
    const socket = await HandedOver.listen(path);
    const begin = async () => {
      const child = socket.start(fileURLToPath(import.meta.url), [elsewhere]);
      const [said] = await once(child, "message");
      return { child, said };
    };
    const tell = async (child: Awaited<ReturnType<typeof begin>>["child"], what: string) => {
      child.send(what);
      await once(child, "message");
    };
    const early = activate();
    const { child, said } = await begin();
    assert.equal(said, { descriptor: 3, variables: [] }, "programs that it starts do not believe that they were meant");
    assert.equal((await early).body, { Implements: ["NetworkDriver", "IpamDriver"] }, "asked before there was an agent");
    assert.not(existsSync(elsewhere));

    await tell(child, "again");
    assert.is((await activate()).status, 200, "another agent of the same process");

    const exit = once(child, "exit");
    await tell(child, "end");
    assert.equal(await exit, [0, null]);
    assert.ok(existsSync(path) && socket.isOpen, "the socket is the service manager's");

    const between = activate();
    const answered = await Promise.race([between.then(() => true), delay(50, false)]);
    assert.not(answered);
    const next = await begin();
    assert.is((await between).status, 200, "asked while there was none");
    await tell(next.child, "end");
    await once(next.child, "exit");
    socket.close();
    const [refused] = await once(connect(path), "error");
    assert.is(refused.code, "ECONNREFUSED");
  });

  test("what was handed to another process, or nothing, is none", () => {
    for (const environment of [
      {},
      { LISTEN_FDS: "1" },
      { LISTEN_PID: "1", LISTEN_FDS: "1", LISTEN_FDNAMES: "docker" },
      { LISTEN_PID: String(process.pid), LISTEN_FDS: "0" },
      { LISTEN_PID: String(process.pid), LISTEN_FDS: "many" },
      { LISTEN_PID: String(process.pid), LISTEN_FDS: "2", LISTEN_FDNAMES: "one:other" },
      { LISTEN_PID: String(process.pid), LISTEN_FDS: "2", LISTEN_FDNAMES: "one:other:docker" },
    ] as NodeJS.ProcessEnv[]) {
      assert.is(takeInheritedSocket("docker", environment), null);
      assert.equal(environment, {}, "nobody else is meant either");
    }
  });

  test("a descriptor that is no socket is an error that names it", () => {
    const handed = { LISTEN_PID: String(process.pid), LISTEN_FDS: "900", LISTEN_FDNAMES: `${"other:".repeat(800)}docker` };
    assert.throws(
      () => takeInheritedSocket("docker", handed),
      (error: { code: string; value: number }) => error.code === "descriptor-unusable" && error.value === 803,
    );
  });

  test.run();
}
