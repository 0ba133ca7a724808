/** What a switch must do with a frame by the standard alone, said without the engine: forward it unchanged, but for the
 *  exceptions below, each of which a Linux bridge makes too (net/bridge/br_input.c, br_forward.c).                     */
import { MAX_FRAME_BYTES, MIN_FRAME_BYTES } from "../../assembly/abi/limits.ts";

/** "forwarded", or the name of the reason why not. */
export type Outcome = string;

export const BUILDS = ["debug", "release", "single"] as const;

const MAC_BYTES = 6;
const ETHERNET_BYTES = 14;
const TAG_BYTES = 4;
const RESERVED_GROUPS = Buffer.from("0180c20000", "hex");

const destination = (frame: Uint8Array): Uint8Array => frame.subarray(0, MAC_BYTES);
const source = (frame: Uint8Array): Uint8Array => frame.subarray(MAC_BYTES, 2 * MAC_BYTES);

/** In the order in which a frame meets them. */
const EXCEPTIONS: readonly [reason: Outcome, holds: (frame: Uint8Array, mtu: number) => boolean][] = [
  // no interface of Linux carries a frame that is longer than its largest buffer
  ["frame-too-long", (frame) => frame.length > MAX_FRAME_BYTES],
  // a packet socket refuses to send one: there is no whole Ethernet header to switch by
  ["runt", (frame) => frame.length < MIN_FRAME_BYTES],
  // is_valid_ether_addr of the source fails
  ["multicast-source", (frame) => ((source(frame)[0] ?? 0) & 1) === 1],
  ["zero-source", (frame) => source(frame).every((byte) => byte === 0)],
  // is_link_local_ether_addr: 01:80:c2:00:00:00 to 0f
  ["reserved-group", (frame) => RESERVED_GROUPS.equals(frame.subarray(0, MAC_BYTES - 1)) && (destination(frame)[MAC_BYTES - 1] ?? 0) < 16],
  // is_skb_forwardable: longer than MTU, header and one tag of the port that it should leave by
  ["too-big", (frame, mtu) => frame.length > mtu + ETHERNET_BYTES + TAG_BYTES],
];

/** What becomes of a plain frame between two ports of this MTU (in bytes) when the switch has learned nothing. */
export function expectedOutcome(frame: Uint8Array, mtu: number): Outcome {
  return EXCEPTIONS.find(([, holds]) => holds(frame, mtu))?.[0] ?? "forwarded";
}
