/** Everything that the demo makes on the machine, and its removal: the mark, two containers and the backends, the switch between them. Each
 *  part is put on the list of what is to be undone before it is made, and nothing is undone while something is being made. */
import { existsSync } from "node:fs";
import type { PortKind } from "../../bindings/config/types.ts";
import type { IoBackend } from "../../bindings/engine/types.ts";
import { Engine } from "../../bindings/engine.ts";
import { PortyardError } from "../../bindings/error.ts";
import { namespacePath } from "../../bindings/native/namespace.ts";
import { Container } from "./container.ts";
import { instanceName, removeMade } from "./leftovers.ts";
import { DemoMark } from "./mark.ts";
import { engineConfig, makeCables, tapOpens } from "./network.ts";
import { CONTAINERS, STATIONS } from "./plan.ts";
import { Undo } from "./undo.ts";

export interface World {
  mark: DemoMark;
  containers: [Container, Container];
  /** As plan.ts lists them. */
  backends: Container[];
  engine: Engine;
  kind: PortKind;
}

export interface Conditions {
  io: IoBackend | "auto";
  /** Ends the containers, and with them whatever waits for one. */
  signal: AbortSignal;
  /** Called with a sentence for each thing that the engine complains of, or that could not be removed. */
  warn: (sentence: string) => void;
  /** Called at the end when nothing is left behind. */
  removed: () => void;
}

/** Makes the world, lets `inhabit` live in it and removes it, whatever happened.
 *  @throws PortyardError `demo-running`, `namespace-taken`, and what the parts throw; the signal's reason when it was aborted. */
export async function withWorld<T>(conditions: Conditions, inhabit: (world: World) => Promise<T>): Promise<T> {
  const undo = new Undo();
  try {
    const world = await make(conditions, undo);
    conditions.signal.throwIfAborted();
    return await inhabit(world);
  } catch (error) {
    throw conditions.signal.aborted ? conditions.signal.reason : error;
  } finally {
    const complaints = await undo.run();
    for (const complaint of complaints) conditions.warn(complaint);
    if (complaints.length === 0) conditions.removed();
  }
}

async function make({ io, signal, warn }: Conditions, undo: Undo): Promise<World> {
  const mark = await takeMark(undo);
  signal.throwIfAborted();
  const all = await startContainers(mark, signal, undo);
  const kind = tapOpens() ? "tap" : "packet";
  if (kind === "packet") await makeCables(mark.tag);
  signal.throwIfAborted();
  const [containers, backends] = [all.slice(0, CONTAINERS.length) as World["containers"], all.slice(CONTAINERS.length)];
  return { mark, containers, backends, engine: await startEngine(mark, kind, io, warn, undo), kind };
}

/** Alone on this machine, the leftovers of a killed demo removed, all names free. */
async function takeMark(undo: Undo): Promise<DemoMark> {
  const mark = DemoMark.take();
  undo.push("remove the demo's mark", () => mark.release());
  await removeMade(mark.content);
  mark.forget();
  for (const { name } of STATIONS) refuseTaken(name);
  undo.push("remove what the demo made", () => removeMade(mark.content));
  return mark;
}

function refuseTaken(name: string): void {
  if (!existsSync(namespacePath(name))) return;
  throw new PortyardError("namespace-taken", `There is a network namespace ${name} that this demo did not make.`, {
    path: namespacePath(name),
    value: name,
    remedy: `If it is not needed: ip netns delete ${name}`,
  });
}

async function startContainers(mark: DemoMark, signal: AbortSignal, undo: Undo): Promise<Container[]> {
  const begun = (container: Container) => {
    signal.addEventListener("abort", () => void container.close());
    undo.push(`end ${container.name}`, () => container.close());
  };
  const starts = await Promise.allSettled(STATIONS.map(({ name }) => Container.start(name, mark, begun)));
  return starts.map((start) => {
    if (start.status === "fulfilled") return start.value;
    throw start.reason;
  });
}

async function startEngine(
  mark: DemoMark,
  kind: PortKind,
  io: IoBackend | "auto",
  warn: (sentence: string) => void,
  undo: Undo,
): Promise<Engine> {
  const name = instanceName(mark.tag);
  const engine = await Engine.create(engineConfig(name, kind, mark.tag), {
    isolation: "process",
    standby: false,
    io,
    runDirectory: `/run/portyard/${name}`,
    log: (level, message) => {
      if (level === "warn" || level === "error") warn(message);
    },
  });
  undo.push("stop the switch", () => engine.close());
  return engine;
}
