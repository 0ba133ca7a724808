/** Published ports on a machine that plays a host whose FORWARD chain drops (support/world.ts draws it):
 *
 *   world 192.0.2.2 ── out 192.0.2.1 ┐                        ┌ py-blue ── forwarder ── left 10.77.0.2 (answers), near 10.77.0.3
 *                  127.0.0.1, ::1 lo ┴─ the machine, published ┴ py-green ── forwarder ── right 10.78.0.2                         */
import * as assert from "uvu/assert";
import { call } from "../support/call.ts";
import { story, type Yard } from "../support/instance.ts";
import { answering, assertListedAs, blue, green, hostListing, left, makeWorld, right, settled } from "../support/world.ts";

export const programs = ["iproute2", "tun", "nft", "iptables"] as const;
/** Where the answerer listens. */
export const TARGET = 7008;

export const near = { name: "near", network: "blue", tap: { namespace: "near", interface: "eth0", address: ["10.77.0.3", "fd77::3"] } };
export const published = { ...left, publish: [`8080:${TARGET}`, `8080:${TARGET}/udp`] };
export const config = { name: "lab", networks: [blue, green], ports: [published, near, right] };

export type Address = string;
export const PROTOCOLS = ["tcp", "udp"] as const;
export const GATEWAY = { 4: "10.77.0.1", 6: "fd77::1" } as const;

export function inWorld(name: string, tell: (yard: Yard) => Promise<void>): ReturnType<typeof story> {
  const body = async (yard: Yard) => {
    const { machine } = yard;
    await makeWorld(machine);
    machine.tool("ip", "netns", "add", "near");
    const before = hostListing(machine);
    await tell(yard);
    assertListedAs(before, machine);
    for (const line of ["link del out", "netns del world", "netns del near"]) machine.tool("ip", ...line.split(" "));
  };
  return story(name, body, { programs });
}

/** Asks by both protocols; the server must have seen `seen`. */
export async function reaches(yard: Yard, from: string, address: Address, seen: string, port = 8080): Promise<void> {
  const answers = await Promise.all(PROTOCOLS.map((protocol) => call(yard.machine, { from, protocol, address, port })));
  assert.equal(answers, [`${seen} 100`, `${seen} 100`], `TCP and UDP from ${from || "the host"} to ${address} port ${port}`);
}

/** Both protocols are refused, or not answered. */
export async function fails(yard: Yard, from: string, address: Address, port: number): Promise<void> {
  const answers = await Promise.all(PROTOCOLS.map((protocol) => call(yard.machine, { from, protocol, address, port, waitMs: 300 })));
  for (const answer of answers) assert.match(answer, /^(E[A-Z]+|silence)$/, `from ${from || "the host"} to ${address} port ${port}`);
}

/** An instance with something that answers in `left`. */
export async function running(yard: Yard, given: object = config): Promise<() => Promise<void>> {
  const up = await yard.up(given);
  const server = await answering(yard.machine, "left");
  await settled(yard.machine, "left");
  return async () => {
    await server.kill();
    await up.stop("SIGTERM");
  };
}
