/** A machine that plays a host with a world outside, and a firewall as Docker leaves it:
 *
 *   left eth0 10.77.0.2 ── TAP ── forwarder ── TAP ── py-blue 10.77.0.1 ┐
 *   right eth0 10.78.0.2 ── TAP ── forwarder ── TAP ── py-green 10.78.0.1 ┤ the machine
 *                                     out 192.0.2.1, 2001:db8::1 ── veth ──┘── eth0 192.0.2.2, 2001:db8::2 world
 *
 *  The world answers TCP and UDP with the address that it saw. */
import { setTimeout as delay } from "node:timers/promises";
import * as assert from "uvu/assert";
import { scale } from "../../../test/scale.ts";
import type { Machine } from "../demo/machine.ts";
import type { Program } from "../demo/program.ts";
import { inside, nodeInside } from "./inside.ts";

export const WORLD = { 4: "192.0.2.2", 6: "2001:db8::2" } as const;
export const HOST = { 4: "192.0.2.1", 6: "2001:db8::1" } as const;
export type Protocol = "tcp" | "udp";
const PORT = 7008;

export const blue = { name: "blue", subnet: ["10.77.0.0/24", "fd77::/64"], gateway: ["10.77.0.1", "fd77::1"] };
export const green = { name: "green", subnet: ["10.78.0.0/24", "fd78::/64"], gateway: ["10.78.0.1", "fd78::1"] };
export const left = { name: "left", network: "blue", tap: { namespace: "left", interface: "eth0", address: ["10.77.0.2", "fd77::2"] } };
export const right = { name: "right", network: "green", tap: { namespace: "right", interface: "eth0", address: ["10.78.0.2", "fd78::2"] } };
export const lab = { name: "lab", networks: [blue], ports: [left] };

/** Makes the world alone. */
export function makeOutside(machine: Machine): void {
  const makeLink = ["link set lo up", "netns add world", "link add out type veth peer name eth0 netns world"];
  for (const line of makeLink) machine.tool("ip", ...line.split(" "));
  // nobody else can have the link-local address that the kernel gives it: a second or two are not waited for to find out
  machine.tool("sh", "-c", "echo 0 > /proc/sys/net/ipv6/conf/out/accept_dad");
  const lines = [
    `address add ${HOST[4]}/24 dev out`,
    `-6 address add ${HOST[6]}/64 dev out nodad`,
    "link set out up",
    "-n world link set lo up",
    `-n world address add ${WORLD[4]}/24 dev eth0`,
    `-n world -6 address add ${WORLD[6]}/64 dev eth0 nodad`,
    "-n world link set eth0 up",
  ];
  for (const line of lines) machine.tool("ip", ...line.split(" "));
}

/** Makes the world and the firewall, and waits until all addresses are settled. */
export async function makeWorld(machine: Machine): Promise<void> {
  makeOutside(machine);
  closeForward(machine);
  await until("the host has no tentative address", () => !machine.tool("ip", "-6", "address").includes("tentative"));
}

/** FORWARD drops, for IPv4 behind a DOCKER-USER as Docker makes it. */
export function closeForward(machine: Machine): void {
  for (const line of ["-P FORWARD DROP", "-N DOCKER-USER", "-A DOCKER-USER -j RETURN", "-I FORWARD -j DOCKER-USER"]) {
    machine.tool("iptables", "-w", ...line.split(" "));
  }
  machine.tool("ip6tables", "-w", "-P", "FORWARD", "DROP");
}

/** Everything of the machine's network that may be changed: links, addresses, routes, rules, settings. */
export function hostListing(machine: Machine): string[] {
  const lists = [
    "ip -details address",
    "ip route show table all",
    "ip -6 route show table all",
    "ip rule",
    "nft -s list ruleset",
    "iptables-save",
    "cd /proc/sys/net && grep -rs . ipv4/ip_forward ipv4/conf ipv6/conf | sort",
  ];
  const volatile = / (expires|valid_lft|preferred_lft) \S+/g;
  return lists
    .flatMap((list) => machine.tool("sh", "-c", list).split("\n"))
    .map((line) => line.replace(volatile, "").replace(/^#.*/, "").trimEnd());
}

/** What differs between two listings: lines that came, and that went. */
export function listingChanges(before: readonly string[], after: readonly string[]): string[] {
  const came = after.filter((line) => !before.includes(line)).map((line) => `+ ${line}`);
  return [...came, ...before.filter((line) => !after.includes(line)).map((line) => `- ${line}`)];
}

/** Fails when the machine is listed otherwise than it was. */
export function assertListedAs(before: readonly string[], machine: Machine): void {
  assert.equal(listingChanges(before, hostListing(machine)), []);
}

const SERVER = `
import { createServer } from "node:net";
import { createSocket } from "node:dgram";
const plain = (address) => address.replace("::ffff:", "");
createServer({ allowHalfOpen: true }, (socket) => {
  let bytes = 0;
  socket.on("data", (data) => { bytes += data.length; });
  socket.on("end", () => socket.end(plain(socket.remoteAddress) + " " + bytes));
  socket.on("error", () => {});
}).listen({ port: ${PORT}, host: "::" }, () => console.log("tcp"));
for (const kind of ["udp4", "udp6"]) {
  const socket = createSocket({ type: kind, ipv6Only: kind === "udp6" });
  socket.on("message", (message, from) => socket.send(from.address + " " + message.length, from.port, from.address));
  socket.bind(${PORT}, () => console.log(kind));
}
`;

/** Starts what answers in a namespace; the caller ends it. */
export async function answering(machine: Machine, namespace: string): Promise<Program> {
  const program = machine.start(nodeInside(namespace, SERVER));
  for (const kind of ["tcp", "udp4", "udp6"]) await program.prints(kind);
  return program;
}

const CLIENTS: Record<Protocol, (address: string, bytes: number, waitMs: number) => string> = {
  tcp: (address, bytes, waitMs) => `
import { connect } from "node:net";
const socket = connect({ port: ${PORT}, host: ${JSON.stringify(address)} });
let answer = "";
socket.setEncoding("utf8").on("data", (text) => { answer += text; });
socket.on("error", (error) => { console.log(error.code); process.exit(0); });
socket.on("close", () => { console.log(answer); process.exit(0); });
socket.end(Buffer.alloc(${bytes}, "portyard"));
setTimeout(() => { console.log("silence"); process.exit(0); }, ${waitMs});`,
  udp: (address, bytes, waitMs) => `
import { createSocket } from "node:dgram";
const socket = createSocket(${JSON.stringify(address.includes(":") ? "udp6" : "udp4")});
socket.on("error", (error) => { console.log(error.code); process.exit(0); });
socket.on("message", (message) => { console.log(String(message)); process.exit(0); });
const call = () => socket.send(Buffer.alloc(${bytes}), ${PORT}, ${JSON.stringify(address)}, () => {});
call();
setInterval(call, 100);
setTimeout(() => { console.log("silence"); process.exit(0); }, ${waitMs});`,
};

/** What the answerer at `address` says to `bytes` bytes: the address that it saw, and how many; else the error's name, or "silence". */
export async function asks(
  machine: Machine,
  namespace: string,
  protocol: Protocol,
  address: string,
  bytes = 100,
  waitMs: number = scale.nativePatienceMilliseconds,
): Promise<string> {
  const { stdout } = await machine.start(nodeInside(namespace, CLIENTS[protocol](address, bytes, waitMs))).ended;
  return stdout.trim();
}

/** How many of `count` echo requests, one in 20 ms, are answered within `waitSeconds`. */
export async function pings(machine: Machine, namespace: string, address: string, count = 3, waitSeconds = 5): Promise<number> {
  const { stdout } = await machine.start([
    ...inside(namespace),
    "ping",
    "-n",
    "-c",
    String(count),
    "-i",
    "0.02",
    "-W",
    String(waitSeconds),
    address,
  ]).ended;
  return Number(/(\d+) received/.exec(stdout)?.[1] ?? 0);
}

/** True when none of three echo requests is answered within a second. */
export async function isSilent(machine: Machine, namespace: string, address: string): Promise<boolean> {
  return (await pings(machine, namespace, address, 3, 1)) === 0;
}

/** Waits until `holds`, and returns after how many milliseconds that was. @throws Error after the patience of tests. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<number> {
  const start = performance.now();
  while (!(await holds())) {
    if (performance.now() - start > scale.nativePatienceMilliseconds) throw new Error(`waited in vain until ${what}`);
    await delay(5);
  }
  return performance.now() - start;
}

/** Waits until a container's IPv6 address has been checked for duplicates. */
export async function settled(machine: Machine, ...namespaces: string[]): Promise<void> {
  for (const namespace of namespaces) {
    await until(`${namespace} has no tentative address`, () => !machine.tool("ip", "-n", namespace, "-6", "address").includes("tentative"));
  }
}
