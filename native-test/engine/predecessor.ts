/** What a takeover into tables of another layout begins with: an engine in a process of its own, between three containers.
 *
 *      c1 eth0 ── TAP p1 ──┐
 *      c2 eth0 ── TAP p2 ──┤ forwarder          c3 is learned, nothing of it is bound
 *      c3 eth0 ── veth p3 ─┘                                                                                            */
import { existsSync, readdirSync } from "node:fs";
import * as assert from "uvu/assert";
import type { EngineConfig } from "../../bindings/config/types.ts";
import type { Engine } from "../../bindings/engine.ts";
import type { EngineOptions } from "../../bindings/engine/types.ts";
import { type Child, startChild } from "../support/child.ts";
import { ipJson } from "../support/ip.ts";
import { Container } from "./container.ts";
import { createEngine } from "./own-engine.ts";
import { configure, packetPort, tapPort } from "./topology.ts";

/** Creates the engine that it hears of, says the forwarder's pid, and lets go of the engine when it hears more. */
const PREDECESSOR = `
const { Engine } = await bindings("engine.js");
const { config, runDirectory } = JSON.parse(await heard());
const engine = await Engine.create(config, { runDirectory });
console.log(engine.forwarderPid());
await heard();
await engine.leave();
console.log("left");
`;

export interface Scene {
  containers: [Container, Container, Container];
  config: EngineConfig;
  predecessor: Child;
  forwarder: number;
  runDirectory: string;
}

/** A veth pair goes some time after the namespace that its far end was in: each has a name of its own. */
let veths = 0;

/** A predecessor in a process of its own, between three containers; all of it goes afterwards.
 *  @param folder of its run folder. */
export async function withPredecessor(body: (scene: Scene) => Promise<void>, folder = "/run/portyard"): Promise<void> {
  const containers: Scene["containers"] = [new Container(1), new Container(2), new Container(3)];
  const [first, second, third] = containers;
  const config = configure([
    tapPort(first, "p1"),
    tapPort(second, "p2", { sourceCheck: false }),
    packetPort(third, `w${++veths}`, { name: "p3" }),
  ]);
  const runDirectory = `${folder}/${config.name}`;
  const predecessor = startChild(PREDECESSOR);
  try {
    predecessor.say(JSON.stringify({ config, runDirectory }));
    const forwarder = Number(await predecessor.line());
    await body({ containers, config, predecessor, forwarder, runDirectory });
  } finally {
    await predecessor.finish();
    for (const container of containers) await container.remove();
  }
}

export const other = (config: EngineConfig): EngineConfig => ({ ...config, workers: 2, tables: { macs: 1024, flows: 64 } });
export const stations = (engine: Engine): string[] => engine.macs().map(({ mac, port, kind }) => `${mac} ${port} ${kind}`);
export const devicesIn = ({ namespace }: Container): string[] => ipJson(`-n ${namespace.name} link show`).map(({ ifname }) => ifname);
/** Beside those of a forwarder that stands by, which comes when it likes. The tables lie in /dev/shm where the run folder is no tmpfs. */
export function filesOf({ runDirectory, config }: Scene): string[] {
  const shared = `portyard-${config.name}`;
  const elsewhere = readdirSync("/dev/shm").filter((name) => name === shared || name.startsWith(`${shared}.`));
  return [...readdirSync(runDirectory), ...elsewhere.map((name) => name.replace(shared, "tables"))]
    .filter((name) => name !== "standby.sock")
    .sort();
}

export const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`);

/** An engine, which is closed afterwards. */
export async function withEngine(
  config: EngineConfig,
  body: (engine: Engine) => Promise<void>,
  options: EngineOptions = {},
): Promise<void> {
  const engine = await createEngine(config, options);
  try {
    await body(engine);
  } finally {
    await engine.close();
  }
}

/** The predecessor leaves everything. */
export async function letGo({ predecessor }: Scene): Promise<void> {
  predecessor.say("leave");
  assert.is(await predecessor.line(), "left");
  await predecessor.finish();
}
