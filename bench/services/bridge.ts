/** Through the kernel's bridge, in a namespace of its own, with a veth pair to each station: plain, and with the two balancers that people
 *  put there.
 *
 *   haproxy     a further station on the bridge, which has the virtual address; it ends the client's connections and opens its own
 *   nftables    the bridge's namespace routes between the client's subnet and that of the backends, and translates the virtual address (DNAT, in
 *               turns); conntrack does the rest. In one subnet the backends' answers would pass it by. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PortyardError } from "../../bindings/error.ts";
import { onEnd } from "../support/cleanup.ts";
import { deviceName, ipBatch, makeNamespace, type Namespace } from "../support/namespace.ts";
import { end, isInstalled, run, start, succeeds } from "../support/shell.ts";
import { waitUntil } from "../support/wait.ts";
import type { Connected, Way } from "./types.ts";
import { END_DEVICE, FIRST_PORT, LAST_PORT, makeStation, makeWorld, type Station, SUBNET_BITS, VIRTUAL, type World } from "./world.ts";

const BRIDGE = "br0";
const BACKENDS_GATEWAY = "10.200.0.254";
const CLIENT_PREFIX = "10.201";
const CLIENT_GATEWAY = "10.201.0.254";
const START_MS = 5000;
const LISTENING = "0A";
/** Seconds that conntrack keeps a connection in TIME_WAIT, where it is told to forget soon. */
const SHORT_SECONDS = 5;

export const plainBridge: Way = {
  name: "bridge",
  about: "Linux bridge, veth, the client spreads its connections itself",
  missing: () => null,
  async connect() {
    const world = makeWorld();
    makeBridge(world);
    return { world, targets: world.backends.map(mainAddress), isBalanced: false };
  },
};

export const HAPROXY: readonly Way[] = [
  haproxy("haproxy", "HAProxy, TCP mode, roundrobin, a station on a Linux bridge", "roundrobin"),
  haproxy("haproxy-leastconn", "HAProxy, TCP mode, leastconn, a station on a Linux bridge", "leastconn"),
];

export const NFTABLES: readonly Way[] = [
  nftables("nftables", "nftables DNAT in turns, conntrack, routed behind a Linux bridge", null),
  nftables("nftables-short", `as nftables, but conntrack forgets TIME_WAIT after ${SHORT_SECONDS} s instead of 120`, SHORT_SECONDS),
];

function makeBridge(world: World, further: readonly Station[] = []): Namespace {
  const middle = makeNamespace("s");
  ipBatch([`link add ${BRIDGE} type bridge`, `link set ${BRIDGE} up`], middle.name);
  for (const station of [world.client, ...world.backends, ...further]) connectByVeth(station, middle);
  return middle;
}

function connectByVeth({ label, namespace, addresses }: Station, middle: Namespace): void {
  const device = deviceName(label);
  ipBatch([`link add ${END_DEVICE} netns ${namespace.name} type veth peer name ${device} netns ${middle.name}`]);
  onEnd(`device ${device}`, () => void succeeds("ip", ["-n", namespace.name, "link", "del", END_DEVICE]));
  const own = addresses.map((address) => `address add ${address}/${SUBNET_BITS} dev ${END_DEVICE}`);
  ipBatch([...own, `link set ${END_DEVICE} up`], namespace.name);
  ipBatch([`link set ${device} master ${BRIDGE} up`], middle.name);
}

const mainAddress = ({ addresses }: Station): string => addresses[0] as string;

// ---------------------------------------------------------------- HAProxy
function haproxy(name: string, about: string, algorithm: string): Way {
  const missing = () => (isInstalled("haproxy") ? null : "haproxy not installed (Debian: haproxy)");
  return { name, about, missing, connect: () => connectByHaproxy(algorithm) };
}

async function connectByHaproxy(algorithm: string): Promise<Connected> {
  const world = makeWorld();
  const proxy = makeStation("p", [VIRTUAL]);
  makeBridge(world, [proxy]);
  const folder = mkdtempSync(join(tmpdir(), "pyb-haproxy-"));
  onEnd(folder, () => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "haproxy.cfg"), haproxyConfig(world, algorithm));
  const child = start("ip", ["netns", "exec", proxy.namespace.name, "haproxy", "-db", "-f", join(folder, "haproxy.cfg")], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  onEnd("HAProxy", () => end(child));
  let words = "";
  child.stderr?.on("data", (text) => (words += text));
  await waitUntil("HAProxy to listen", START_MS, () => {
    if (child.exitCode !== null) throw new PortyardError("load-failed", `HAProxy did not start: ${words.trim()}`);
    return isListening(child.pid as number);
  });
  return { world, targets: [VIRTUAL], isBalanced: true };
}

/** A server without a port gets the client's. The kernel moves what need not be looked at (splice). */
function haproxyConfig({ backends }: World, algorithm: string): string {
  const servers = backends.map((one) => `  server ${one.label} ${mainAddress(one)}`);
  return [
    "global",
    "  maxconn 4000",
    "defaults",
    "  mode tcp",
    "  option splice-auto",
    "  timeout connect 5s",
    "  timeout client 60s",
    "  timeout server 60s",
    "listen my-service",
    `  bind ${VIRTUAL}:${FIRST_PORT}-${LAST_PORT}`,
    `  balance ${algorithm}`,
    ...servers,
    "",
  ].join("\n");
}

/** In the namespace of the process. */
function isListening(pid: number): boolean {
  const port = `:${LAST_PORT.toString(16).toUpperCase()} `;
  const table = `/proc/${pid}/net/tcp`;
  const lines = existsSync(table) ? readFileSync(table, "utf8").split("\n") : [];
  return lines.some((line) => line.includes(port) && line.includes(` ${LISTENING} `));
}

// ---------------------------------------------------------------- nftables
function nftables(name: string, about: string, timeWaitSeconds: number | null): Way {
  const missing = () => (isInstalled("nft") ? null : "nft not installed (Debian: nftables)");
  return { name, about, missing, connect: () => connectByNftables(timeWaitSeconds) };
}

async function connectByNftables(timeWaitSeconds: number | null): Promise<Connected> {
  const world = makeWorld(CLIENT_PREFIX);
  const middle = makeBridge(world);
  const gateways = [BACKENDS_GATEWAY, CLIENT_GATEWAY];
  ipBatch(
    gateways.map((address) => `address add ${address}/${SUBNET_BITS} dev ${BRIDGE}`),
    middle.name,
  );
  ipBatch([`route add default via ${CLIENT_GATEWAY}`], world.client.namespace.name);
  for (const { namespace } of world.backends) ipBatch([`route add default via ${BACKENDS_GATEWAY}`], namespace.name);
  // both subnets are on one device: without this the kernel would advise to go directly
  const settings = ["ip_forward=1", "conf.all.send_redirects=0", `conf.${BRIDGE}.send_redirects=0`];
  for (const setting of settings) run("ip", ["netns", "exec", middle.name, "sysctl", "-qw", `net.ipv4.${setting}`]);
  run("ip", ["netns", "exec", middle.name, "nft", "-f", "-"], { input: rulesOf(world) });
  const timeout = `net.netfilter.nf_conntrack_tcp_timeout_time_wait=${timeWaitSeconds}`;
  if (timeWaitSeconds !== null) run("ip", ["netns", "exec", middle.name, "sysctl", "-qw", timeout]);
  return { world, targets: [VIRTUAL], isBalanced: true };
}

function rulesOf({ backends }: World): string {
  const turns = backends.map((one, index) => `${index} : ${mainAddress(one)}`).join(", ");
  const ports = `tcp dport ${FIRST_PORT}-${LAST_PORT}`;
  return `table ip bench {
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    ip daddr ${VIRTUAL} ${ports} dnat to numgen inc mod ${backends.length} map { ${turns} }
  }
}
`;
}
