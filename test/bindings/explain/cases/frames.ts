/** Frames that the cases send. */
import { ramp, u16 } from "../../../support/packet/bytes.ts";
import { arp, BROADCAST, ethernet, TYPE_ARP, TYPE_EXPERIMENT, TYPE_IPV4, TYPE_IPV6 } from "../../../support/packet/ethernet.ts";
import { type Ends, ipv4, ipv6, TCP } from "../../../support/packet/ip.ts";
import { udp4, udp6 } from "../../../support/packet/neighbour.ts";
import { SYN, tcp } from "../../../support/packet/transport.ts";
import { A } from "./yards.ts";

export { BROADCAST };
export const ALL_NODES = "33:33:00:00:00:01";

/** As much as a snap length of `length` leaves. */
export const head = (frame: Uint8Array, length: number): Uint8Array => frame.slice(0, length);

/** A frame of no protocol that anything is known of. */
export const raw = (to: string, from = A, bytes = 60): Uint8Array => ethernet(to, from, TYPE_EXPERIMENT, ramp(bytes - 14));

export const datagram = (from: string, to: string, source: string, destination: string, sourcePort = 4000, targetPort = 4001) =>
  (source.includes(":") ? udp6 : udp4)({ from, to }, { source, destination }, sourcePort, targetPort);

/** @param senderAddress 0.0.0.0 of a probe. */
export const arpRequest = (from: string, senderAddress: string, targetAddress: string, senderMac = from): Uint8Array =>
  ethernet(BROADCAST, from, TYPE_ARP, arp({ operation: 1, senderMac, senderAddress, targetAddress }));

export const arpReply = (from: string, senderAddress: string, to: string, targetAddress: string): Uint8Array =>
  ethernet(to, from, TYPE_ARP, arp({ operation: 2, senderMac: from, senderAddress, targetMac: to, targetAddress }));

/** @param mss that it announces; null: it announces none. */
export function syn(from: string, to: string, ends: Ends, mss: number | null, flags = SYN): Uint8Array {
  const segment = { sourcePort: 40_000, targetPort: 80, sequence: 1, flags, options: mss === null ? [] : [2, 4, ...u16(mss)] };
  const isIpv6 = ends.source.includes(":");
  const packet = isIpv6 ? ipv6({ ...ends, next: TCP }, tcp(ends, segment)) : ipv4({ ...ends, protocol: TCP }, tcp(ends, segment));
  return ethernet(to, from, isIpv6 ? TYPE_IPV6 : TYPE_IPV4, packet);
}

export const FOUR: Ends = { source: "10.77.0.2", destination: "10.77.0.3" };
export const BACK: Ends = { source: "10.77.0.3", destination: "10.77.0.2" };
export const SIX: Ends = { source: "fd77::2", destination: "fd77::3" };
