/** A namespace that plays the host, one that plays the world, and one that is the container:
 *
 *   container eth0 10.200.0.2 ──── switch ──── py-bench 10.200.0.1 host 192.0.2.1 ── veth ── 192.0.2.2 eth0 world */
import { deviceName, ipBatch, makeNamespace, type Namespace } from "../support/namespace.ts";
import { run } from "../support/shell.ts";
import type { Pair } from "../support/peer.ts";

export const SUBNET_BITS = 16;
export const SUBNET = `10.200.0.0/${SUBNET_BITS}`;
export const GATEWAY = "10.200.0.1";
export const CONTAINER = "10.200.0.2";
export const HOST = "192.0.2.1";
export const WORLD = "192.0.2.2";
export const NETWORK = "bench";
export const HOST_PORT = `py-${NETWORK}`;
/** Ports of load generators: each measurement takes the next one, and the outer address publishes them under the same numbers. */
export const PUBLISHED = `${HOST}:20000-20399:20000-20399`;

export interface BenchWorld {
  host: Namespace;
  world: Namespace;
  container: Namespace;
}

/** Settings of clients that open connection after connection. */
const CLIENT_SETTINGS = ["net.ipv4.ip_local_port_range=30000 65000", "net.ipv4.tcp_tw_reuse=1"];

export function makeWorld(): BenchWorld {
  const [host, world, container] = ["h", "w", "c"].map(makeNamespace) as [Namespace, Namespace, Namespace];
  const outside = deviceName("o");
  ipBatch(
    [`link add ${outside} type veth peer name eth0 netns ${world.name}`, `address add ${HOST}/24 dev ${outside}`, `link set ${outside} up`],
    host.name,
  );
  ipBatch([`address add ${WORLD}/24 dev eth0`, "link set eth0 up"], world.name);
  for (const { name } of [host, world, container]) {
    for (const setting of CLIENT_SETTINGS) run("ip", ["netns", "exec", name, "sysctl", "-qw", setting]);
  }
  return { host, world, container };
}

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
