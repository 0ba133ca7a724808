/** What is around the containers of a benchmark: a namespace that plays their host, and one that plays the world.
 *
 *   host 192.0.2.1 ── veth ── 192.0.2.2 eth0 world */
import { deviceName, ipBatch, makeNamespace, type Namespace } from "./namespace.ts";
import { run } from "./shell.ts";

/** The host's address in the world. */
export const HOST = "192.0.2.1";
/** The world's own. */
export const WORLD = "192.0.2.2";
/** More ports than the usual, and those of ended connections again. */
const CLIENT_SETTINGS = ["net.ipv4.ip_local_port_range=30000 65000", "net.ipv4.tcp_tw_reuse=1"];

/** Both namespaces; each is removed at the end, or before. */
export interface Outside {
  host: Namespace;
  world: Namespace;
}

/** Makes host and world, the link between them, and both ready for clients. @throws PortyardError `command-failed`. */
export function makeOutside(): Outside {
  const host = makeNamespace("h");
  const world = makeNamespace("w");
  const device = deviceName("o");
  ipBatch(
    [`link add ${device} type veth peer name eth0 netns ${world.name}`, `address add ${HOST}/24 dev ${device}`, `link set ${device} up`],
    host.name,
  );
  ipBatch([`address add ${WORLD}/24 dev eth0`, "link set eth0 up"], world.name);
  for (const namespace of [host, world]) prepareForClients(namespace);
  return { host, world };
}

/** Lets clients in a namespace open connection after connection. @throws PortyardError `command-failed`. */
export function prepareForClients({ name }: Namespace): void {
  for (const setting of CLIENT_SETTINGS) run("ip", ["netns", "exec", name, "sysctl", "-qw", setting]);
}
