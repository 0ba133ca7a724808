/** An agent of this test process over a real engine, with a configuration file of its own, gone with the test. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import pino from "pino";
import { Agent } from "../../../agent/agent.ts";
import { readConfigFile } from "../../../bindings/config/read.ts";
import { type Answer, ask } from "../../../test/agent/support/yard.ts";
import { createEngine } from "../../engine/own-engine.ts";
import { onEnd } from "../../support/cleanup.ts";

export interface OwnAgent {
  agent: Agent;
  /** What the configuration file says from now on. */
  write(config: object): void;
  call(method: string, path: string, body?: unknown): Promise<Answer>;
  close(): Promise<void>;
}

/** The name of its instance. */
export const INSTANCE = `pyt-${process.pid}`;

export async function startAgent(config: object): Promise<OwnAgent> {
  const folder = mkdtempSync(join(tmpdir(), "portyard-agent-"));
  const forget = onEnd(`folder ${folder}`, () => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "portyard.yaml");
  const write = (next: object) => writeFileSync(path, JSON.stringify({ name: INSTANCE, ...next }));
  write(config);
  const log = pino({ level: "error" }, new Writable({ write: (_line, _encoding, done) => done() }));
  const agent = await Agent.start(await readConfigFile(path), {
    stateRoot: join(folder, "lib"),
    log,
    createEngine,
    configFile: { path, read: (file) => readConfigFile(file) },
  });
  const call = (method: string, where: string, body?: unknown) => ask(agent.place.socket, method, where, body);
  const close = async () => {
    await agent.stop();
    forget();
  };
  return { agent, write, call, close };
}
