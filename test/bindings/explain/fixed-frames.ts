/** For each step of a way and each thing that it can come to, one frame that certainly comes to it in the yard (yard.ts). They go in this
 *  order, before anything else has been said.                                                                             */
import { ramp } from "../../support/packet/bytes.ts";
import { arp, BROADCAST, ethernet, TYPE_ARP, TYPE_EXPERIMENT, tagged } from "../../support/packet/ethernet.ts";
import { udp4 } from "../../support/packet/neighbour.ts";
import { offload, TSO4 } from "../../support/packet/offload.ts";
import { mac, type RandomFrame } from "./yard.ts";

const STRANGER = mac(99);
const BOUND = "10.77.0.1";
const raw = (to: string, from: string, bytes = 60): Uint8Array => ethernet(to, from, TYPE_EXPERIMENT, ramp(bytes - 14));
const into = (port: string, frame: Uint8Array, options: RandomFrame["options"] = {}): RandomFrame => ({ port, frame, options });
const question = arp({ operation: 1, senderMac: STRANGER, senderAddress: "10.77.0.9", targetAddress: BOUND });
const server = { source: BOUND, destination: "10.77.0.9" };

/** "step verdict", or "step reason" of a drop. */
export const FIXED: Record<string, RandomFrame> = {
  "cut snapped-short": into("c", raw(BROADCAST, STRANGER).subarray(0, 13), { originalBytes: 60 }),
  "cut continue": into("c", raw(BROADCAST, STRANGER).subarray(0, 20), { originalBytes: 60 }),
  "parse runt": into("c", new Uint8Array(13)),
  "parse bad-offload-header": into("b", raw(BROADCAST, mac(2)), { offload: offload({ type: TSO4, headerBytes: 54, segmentBytes: 1000 }) }),
  "parse continue": into("c", raw(BROADCAST, STRANGER)),
  "vlan vlan-unknown": into("t", tagged(raw(BROADCAST, STRANGER), { id: 30 })),
  "vlan vlan-untagged": into("u", raw(BROADCAST, STRANGER)),
  "vlan continue": into("t", tagged(raw(BROADCAST, STRANGER), { id: 10 })),
  "source-check spoofed-source": into("a", raw(BROADCAST, STRANGER)),
  "source-check rogue-dhcp": into("a", udp4({ from: mac(1), to: BROADCAST }, server, 67, 68)),
  "source-check continue": into("a", raw(BROADCAST, mac(1))),
  "answer answered": into("c", ethernet(BROADCAST, STRANGER, TYPE_ARP, question)),
  "answer continue": into("c", raw(BROADCAST, STRANGER)),
  "learn continue": into("c", raw(BROADCAST, STRANGER)),
  "look-up same-port": into("e", raw(mac(5), STRANGER)),
  "look-up continue": into("c", raw(mac(1), STRANGER)),
  "flood no-other-port": into("z", raw(BROADCAST, STRANGER)),
  "flood continue": into("c", raw(BROADCAST, STRANGER)),
  "egress too-big": into("c", raw(mac(4), STRANGER, 1400)),
  "egress continue": into("c", raw(mac(1), STRANGER)),
};
