/** A namespace that plays the host, one that plays the world, and one that is the container:
 *
 *   container eth0 10.200.0.2 ──── switch ──── py-bench 10.200.0.1 host 192.0.2.1 ── veth ── 192.0.2.2 eth0 world */
import { makeNamespace, type Namespace } from "../support/namespace.ts";
import { HOST, makeOutside, type Outside, prepareForClients, WORLD } from "../support/outside.ts";
import type { Pair } from "../support/peer.ts";

export const SUBNET_BITS = 16;
export const SUBNET = `10.200.0.0/${SUBNET_BITS}`;
export const GATEWAY = "10.200.0.1";
export const CONTAINER = "10.200.0.2";
export const NETWORK = "bench";
export const HOST_PORT = `py-${NETWORK}`;
/** Ports of load generators: each measurement takes the next one, and the outer address publishes them under the same numbers. */
export const PUBLISHED = `${HOST}:20000-20399:20000-20399`;

/** All three namespaces. The container is connected by the switch that is measured. */
export interface BenchWorld extends Outside {
  container: Namespace;
}

/** Makes all three, each removed at the end, or before by `removeWorld`. */
export function makeWorld(): BenchWorld {
  const outside = makeOutside();
  const container = makeNamespace("c");
  prepareForClients(container);
  return { ...outside, container };
}

/** Removes all three. */
export async function removeWorld({ host, world, container }: BenchWorld): Promise<void> {
  for (const namespace of [container, world, host]) await namespace.remove();
}

export interface Way {
  key: "toHost" | "out" | "published";
  title: string;
  pair: (world: BenchWorld) => Pair;
}

/** What is measured: who waits, who drives, and what the driving side is told. */
export const WAYS: readonly Way[] = [
  {
    key: "toHost",
    title: "container to host",
    pair: ({ host, container }) => ({ client: container.name, server: host.name, serverAddress: GATEWAY }),
  },
  {
    key: "out",
    title: "container to world",
    pair: ({ world, container }) => ({ client: container.name, server: world.name, serverAddress: WORLD }),
  },
  {
    key: "published",
    title: "world to published port",
    pair: ({ world, container }) => ({ client: world.name, server: container.name, serverAddress: CONTAINER, dialledAddress: HOST }),
  },
];
