/** Docker's socket is there before all else is settled; what is asked until then waits. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ask, Yard } from "../support/yard.ts";

const test = suite<{ yard: Yard; socket: string }>("begin to serve Docker");

test.before.each((context) => {
  context.yard = new Yard();
  context.socket = join(context.yard.root, "docker.sock");
});
test.after.each(({ yard }) => yard.remove());

/** Starts an agent whose engine does not settle before `settle` is called, and asks it for Docker's part meanwhile. */
async function askInTheMiddle(yard: Yard, socket: string) {
  let settle: () => void = () => {};
  const gate = new Promise<void>((resolve) => {
    settle = resolve;
  });
  yard.prepare = (engine) => {
    engine.settle = async () => {
      await gate;
      return [];
    };
  };
  const stopping = new AbortController();
  const started = yard.start({ name: "lab", docker: { socket } }, { signal: stopping.signal }).catch((error: Error) => error);
  while (!existsSync(socket)) await delay(1);
  const asked = { isAnswered: false, answer: ask(socket, "POST", "/Plugin.Activate", {}) };
  void asked.answer.then(() => {
    asked.isAnswered = true;
  });
  await ask(join(yard.runRoot, "lab/agent.sock"), "GET", "/v1/version"); // it is a whole round trip later
  assert.not.ok(asked.isAnswered);
  return { started, asked, settle, stop: () => stopping.abort() };
}

test("a call in the middle of a start is answered when that is done", async ({ yard, socket }) => {
  const { started, asked, settle } = await askInTheMiddle(yard, socket);
  settle();
  assert.equal((await asked.answer).body, { Implements: ["NetworkDriver", "IpamDriver"] });
  const agent = await started;
  assert.not.instance(agent, Error);
  if (!(agent instanceof Error)) await agent.stop();
  assert.not.ok(existsSync(socket));
});

test("and told that nothing comes of it when the start is stopped", async ({ yard, socket }) => {
  const { started, asked, settle, stop } = await askInTheMiddle(yard, socket);
  stop();
  settle();
  const { body } = await asked.answer;
  assert.match(body.Err, "The agent is stopping.");
  assert.instance(await started, Error);
  assert.not.ok(existsSync(socket));
});

test.run();
