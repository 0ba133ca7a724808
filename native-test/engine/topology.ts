/** An engine with containers for native tests:
 *
 *      namespace c1 (10.77.0.2, fd77::1) eth0 ---- TAP p1 ---+
 *      namespace c2 (10.77.0.3, fd77::2) eth0 ---- TAP p2 ---+--- engine, network "blue"
 *      ...                                                   +                                                         */
import { setTimeout as delay } from "node:timers/promises";
import { MIN_IPV6_MTU } from "../../assembly/abi/limits.ts";
import { parseConfig } from "../../bindings/config/parse.ts";
import type { EngineConfig, FlowTimeouts } from "../../bindings/config/types.ts";
import type { Engine } from "../../bindings/engine.ts";
import type { EngineEvents, EngineOptions } from "../../bindings/engine/types.ts";
import { scale } from "../../test/scale.ts";
import { ip, ipJson } from "../support/ip.ts";
import { makeVeth } from "../support/namespace.ts";
import { Container } from "./container.ts";
import { createEngine } from "./own-engine.ts";

const IPV4_PREFIX = "10.77.0.0/16";
const IPV6_PREFIX = "fd77::/64";

export interface Topology {
  engine: Engine;
  containers: Container[];
  close(): Promise<void>;
}

export interface TopologyOptions {
  containers: number;
  /** Extra keys of the network. */
  network?: Record<string, unknown>;
  /** Extra keys of port `index`, and of its tap. */
  port?: (index: number) => Record<string, unknown>;
  tap?: (index: number) => Record<string, unknown>;
  engine?: EngineOptions;
  workers?: number;
  flowTimeouts?: Partial<FlowTimeouts>;
  /** Of the containers. */
  detectsDuplicates?: boolean;
}

/** What the tap port of a container is configured as. */
export function tapPort(
  container: Container,
  name: string,
  extra: Record<string, unknown> = {},
  tap: Record<string, unknown> = {},
): Record<string, unknown> {
  const address = [`${container.ipv4}/16`, `${container.ipv6}/64`];
  return { name, network: "blue", tap: { namespace: container.namespace.name, interface: "eth0", address, ...tap }, ...extra };
}

/** Puts a container behind a veth pair; what the packet port of its near end is configured as. Its addresses
 *  are not bound: the engine learns it. */
export function packetPort(container: Container, name: string, extra: Record<string, unknown> = {}): Record<string, unknown> {
  const { near, far } = makeVeth(name);
  const space = container.namespace.name;
  ip(`link set ${far} netns ${space} name eth0`);
  ip(`-n ${space} address add ${container.ipv4}/16 dev eth0`);
  ip(`-n ${space} address add ${container.ipv6}/64 dev eth0 nodad`);
  ip(`-n ${space} link set eth0 up`);
  return { name, network: "blue", packet: { interface: near }, ...extra };
}

/** The configuration of an engine of this test process, whose network is `blue`. */
export function configure(ports: Record<string, unknown>[], options: Partial<TopologyOptions> = {}): EngineConfig {
  const subnet = hasIpv6(options) ? [IPV4_PREFIX, IPV6_PREFIX] : [IPV4_PREFIX];
  const networks = [{ name: "blue", subnet, ...options.network }];
  const { workers = 1, flowTimeouts = {} } = options;
  return parseConfig({ name: `pyt-${process.pid}`, workers, flowTimeouts, networks, ports });
}

function hasIpv6({ network }: Partial<TopologyOptions>): boolean {
  return Number(network?.mtu ?? MIN_IPV6_MTU) >= MIN_IPV6_MTU;
}

/** Makes namespaces c1, c2, ... with ports p1, p2, ... and starts the engine. Where the MTU is too small for IPv6 the
 *  containers have IPv4 alone. */
export async function makeTopology(options: TopologyOptions): Promise<Topology> {
  const containers = Array.from({ length: options.containers }, (_, index) => new Container(index + 1, options.detectsDuplicates));
  const ports = containers.map((container, index) => {
    const address = hasIpv6(options) ? {} : { address: `${container.ipv4}/16` };
    return tapPort(container, `p${index + 1}`, options.port?.(index), { ...address, ...options.tap?.(index) });
  });
  const engine = await createEngine(configure(ports, options), options.engine);
  const close = async () => {
    await engine.close();
    for (const container of containers) await container.remove();
  };
  if (!options.detectsDuplicates) await until(() => containers.every(isReachable));
  return { engine, containers, close };
}

/** The kernel takes addresses into use in work of its own, also where it does not look for duplicates. */
function isReachable({ namespace }: Container): boolean {
  const links: { addr_info: { tentative?: boolean }[] }[] = ipJson(`-n ${namespace.name} address show dev eth0`);
  return links.every(({ addr_info }) => addr_info.every(({ tentative }) => tentative !== true));
}

/** Resolves with the arguments of the next event `name` for which `wanted` holds. @throws Error when it does not come. */
export function nextEvent<Name extends keyof EngineEvents>(
  engine: Engine,
  name: Name,
  wanted: (...args: Parameters<EngineEvents[Name]>) => boolean,
): Promise<Parameters<EngineEvents[Name]>> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`the event ${name} does not come`)), scale.nativePatienceMilliseconds);
    const listener = ((...args: Parameters<EngineEvents[Name]>) => {
      if (!wanted(...args)) return;
      clearTimeout(late);
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
