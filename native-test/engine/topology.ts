/** An engine with containers for native tests:
 *
 *      namespace a (10.77.0.2, fd77::2) eth0 ---- TAP ---+
 *      namespace b (10.77.0.3, fd77::3) eth0 ---- TAP ---+--- engine, network "blue"
 *      ...                                               +                                                             */
import { setTimeout as delay } from "node:timers/promises";
import { parseConfig } from "../../bindings/config/parse.ts";
import { Engine } from "../../bindings/engine.ts";
import type { EngineEvents, EngineOptions } from "../../bindings/engine/types.ts";
import { scale } from "../../test/scale.ts";
import { makeNamespace, type TestNamespace } from "../support/namespace.ts";

export const PREFIXES = ["10.77.0.0/16", "fd77::/64"];

export interface Container {
  namespace: TestNamespace;
  ipv4: string;
  ipv6: string;
}

export interface Topology {
  engine: Engine;
  containers: Container[];
  close(): Promise<void>;
}

/** What a tap port of container `number` (2 and up) is configured as. */
export function tapPort(
  container: Container,
  name: string,
  extra: Record<string, unknown> = {},
  tap: Record<string, unknown> = {},
): Record<string, unknown> {
  const address = [`${container.ipv4}/16`, `${container.ipv6}/64`];
  return { name, network: "blue", tap: { namespace: container.namespace.name, interface: "eth0", address, ...tap }, ...extra };
}

/** A namespace and its addresses, not attached yet. */
export function makeContainer(number: number): Container {
  const [high, low] = [Math.floor(number / 250), (number % 250) + 1];
  return { namespace: makeNamespace(`c${number}`), ipv4: `10.77.${high}.${low}`, ipv6: `fd77::${number.toString(16)}` };
}

export interface TopologyOptions {
  containers: number;
  network?: Record<string, unknown>;
  /** Extra keys of port `index`, and of its tap. */
  port?: (index: number) => Record<string, unknown>;
  tap?: (index: number) => Record<string, unknown>;
  engine?: EngineOptions;
  workers?: number;
}

/** The configuration of an engine of this test process, whose network is `blue`. */
export function configure(ports: Record<string, unknown>[], options: Partial<TopologyOptions> = {}) {
  const networks = [{ name: "blue", subnet: PREFIXES, ...options.network }];
  return parseConfig({ name: `pyt-${process.pid}`, workers: options.workers ?? 1, networks, ports });
}

/** Makes namespaces c1, c2, ... with ports p1, p2, ... and starts the engine. */
export async function makeTopology(options: TopologyOptions): Promise<Topology> {
  const containers = Array.from({ length: options.containers }, (_, index) => makeContainer(index + 1));
  const ports = containers.map((container, index) => tapPort(container, `p${index + 1}`, options.port?.(index), options.tap?.(index)));
  const engine = await Engine.create(configure(ports, options), options.engine);
  const close = async () => {
    await engine.close();
    for (const { namespace } of containers) namespace.remove();
  };
  return { engine, containers, close };
}

/** Resolves with the arguments of the next event `name` for which `wanted` holds. */
export function nextEvent<Name extends keyof EngineEvents>(
  engine: Engine,
  name: Name,
  wanted: (...args: Parameters<EngineEvents[Name]>) => boolean,
): Promise<Parameters<EngineEvents[Name]>> {
  return new Promise((resolve) => {
    const listener = ((...args: Parameters<EngineEvents[Name]>) => {
      if (!wanted(...args)) return;
      engine.off(name, listener);
      resolve(args);
    }) as EngineEvents[Name];
    engine.on(name, listener);
  });
}

/** Resolves once nothing is under way and the engine's law holds: received + originated + copies + segments = sent + dropped +
 *  consumed + lost, and slots taken = released. @throws Error with the law that is broken. */
export async function lawHolds(engine: Engine): Promise<void> {
  try {
    await until(() => brokenLaw(engine) === null);
  } catch {
    throw new Error(brokenLaw(engine) ?? "the law held at last");
  }
}

/** What is wrong now, or null. */
function brokenLaw(engine: Engine): string | null {
  for (const worker of engine.workers()) {
    const entered = worker.received + worker.originated + worker.copies + worker.segments;
    const left = worker.sent + worker.dropped + worker.consumed + worker.lost;
    if (entered !== left) return `worker ${worker.worker}: ${entered} frames in, ${left} out`;
    if (worker.slotsTaken !== worker.slotsReleased)
      return `worker ${worker.worker}: ${worker.slotsTaken} slots taken, ${worker.slotsReleased} released`;
  }
  return null;
}

/** Resolves when `condition` holds, which nobody announces: looks every 10 ms. @throws Error when it never does. */
export async function until(condition: () => boolean): Promise<void> {
  for (const end = Date.now() + scale.nativePatienceMilliseconds; !condition(); await delay(10)) {
    if (Date.now() > end) throw new Error("it did not come to pass");
  }
}
