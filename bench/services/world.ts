/** A client and three backends, each in a namespace of its own. Something that each way brings stands between them:
 *
 *   client eth0 10.200.1.1 … 10.200.1.8 ──── way ──── eth0 10.200.0.11, .12, .13 backends          10.200.0.100: the virtual address
 *
 *  The client has several addresses, so that there are more connections than a flow table has room for: at 60 s of TIME_WAIT for each the tables of
 *  Portyard (262,144) and of the kernel are full after some seconds, which is how they live. */
import { existsSync, readFileSync } from "node:fs";
import { makeNamespace, type Namespace } from "../support/namespace.ts";
import { run } from "../support/shell.ts";

export const SUBNET = "10.200.0.0/16";
export const SUBNET_BITS = 16;
export const VIRTUAL = "10.200.0.100";
/** TCP ports that are served, in a row. */
export const FIRST_PORT = 20001;
export const LAST_PORT = 20003;
/** The name of the container's end of the link, in all namespaces. */
export const END_DEVICE = "eth0";

const CLIENT_ADDRESSES = 8;
const BACKENDS = 3;
const CONNTRACK_LIMIT = "/proc/sys/net/netfilter/nf_conntrack_max";
/** Ports of connections that have ended are taken again after 0.1 s; all ports; room for every connection in TIME_WAIT, and for those that wait to
 *  be accepted. */
const SETTINGS = [
  "net.ipv4.tcp_tw_reuse=1",
  "net.ipv4.tcp_tw_reuse_delay=100",
  "net.ipv4.ip_local_port_range=1024 65535",
  "net.ipv4.tcp_max_tw_buckets=1048576",
  "net.core.somaxconn=4096",
  "net.ipv4.tcp_max_syn_backlog=4096",
];

/** Somebody with a namespace and addresses, the first of which is its main one. */
export interface Station {
  label: string;
  namespace: Namespace;
  addresses: readonly string[];
}

export interface World {
  client: Station;
  backends: readonly Station[];
}

/** Makes all four namespaces, which are registered for removal.
 *  @param clientPrefix first two numbers of the client's addresses. */
export function makeWorld(clientPrefix = "10.200"): World {
  const addresses = Array.from({ length: CLIENT_ADDRESSES }, (_, index) => `${clientPrefix}.1.${index + 1}`);
  const client = makeStation("c", addresses);
  const backends = Array.from({ length: BACKENDS }, (_, index) => makeStation(`b${index + 1}`, [`10.200.0.${index + 11}`]));
  return { client, backends };
}

/** A namespace in which clients and servers have room. @throws PortyardError `command-failed`. */
export function makeStation(label: string, addresses: readonly string[]): Station {
  const namespace = makeNamespace(label);
  for (const setting of SETTINGS) run("ip", ["netns", "exec", namespace.name, "sysctl", "-qw", setting]);
  return { label, namespace, addresses };
}

/** Connections that conntrack has room for, in every namespace; null where the kernel has none. */
export function conntrackLimit(): number | null {
  return existsSync(CONNTRACK_LIMIT) ? Number(readFileSync(CONNTRACK_LIMIT, "utf8")) : null;
}
