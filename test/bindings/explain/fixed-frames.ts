/** For each step of a way and each thing that it can come to, one frame that certainly comes to it in the yard (yard.ts). They go in this
 *  order, before anything else has been said.                                                                             */
import { ramp } from "../../support/packet/bytes.ts";
import { arp, BROADCAST, ethernet, TYPE_ARP, TYPE_EXPERIMENT, TYPE_IPV4, TYPE_IPV6, tagged } from "../../support/packet/ethernet.ts";
import { ipv4, ipv6 } from "../../support/packet/ip.ts";
import { udp4 } from "../../support/packet/neighbour.ts";
import { offload, TSO4 } from "../../support/packet/offload.ts";
import { ACK, echo, icmp, SYN, tcp } from "../../support/packet/transport.ts";
import { mac, type RandomFrame, VIRTUAL, VIRTUAL6 } from "./yard.ts";

const STRANGER = mac(99);
const BOUND = "10.77.0.1";
const raw = (to: string, from: string, bytes = 60): Uint8Array => ethernet(to, from, TYPE_EXPERIMENT, ramp(bytes - 14));
const into = (port: string, frame: Uint8Array, options: RandomFrame["options"] = {}): RandomFrame => ({ port, frame, options });
const question = arp({ operation: 1, senderMac: STRANGER, senderAddress: "10.77.0.9", targetAddress: BOUND });
const server = { source: BOUND, destination: "10.77.0.9" };

const client = { source: "10.77.0.8", destination: VIRTUAL };
const client6 = { source: "fd77::8", destination: VIRTUAL6 };
const [asked, notAsked] = [VIRTUAL, "10.77.0.1"];
const answer = arp({ operation: 2, senderMac: STRANGER, senderAddress: "10.77.0.9", targetAddress: asked });
const moved = arp({ operation: 2, senderMac: mac(98), senderAddress: "10.77.0.9", targetAddress: notAsked });
const packet = (protocol: number, content: Uint8Array, fragment = 0): Uint8Array =>
  ethernet(mac(1), STRANGER, TYPE_IPV4, ipv4({ ...client, protocol, fragment }, content));
const toService = (flags: number, sourcePort = 5000, targetPort = 80): Uint8Array =>
  packet(6, tcp(client, { sourcePort, targetPort, sequence: 1, flags }));
const toService6 = (): Uint8Array =>
  ethernet(
    mac(1),
    STRANGER,
    TYPE_IPV6,
    ipv6({ ...client6, next: 6 }, tcp(client6, { sourcePort: 1, targetPort: 80, sequence: 1, flags: SYN })),
  );

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
  "answer consumed": into("c", ethernet(mac(1), STRANGER, TYPE_ARP, answer)),
  "resolve continue": into("c", ethernet(mac(1), mac(98), TYPE_ARP, moved)),
  "flow continue": into("c", toService(SYN)),
  "service continue": into("c", toService(SYN, 5001)),
  "pick continue": into("c", toService(SYN, 5002)),
  "rewrite continue": into("c", toService(SYN, 5003)),
  "refuse no-service": into("c", toService(SYN, 5000, 81)),
  "refuse no-flow": into("c", toService(ACK, 5004)),
  "ask backend-unresolved": into("c", toService6()),
  "echo answered": into("c", packet(1, echo(8, 1, 1))),
  "service no-service": into("c", packet(47, ramp(8))),
  "fragment continue": into("c", packet(17, ramp(32), 4)),
  "service fragment-unknown": into("c", packet(17, ramp(32), 8)),
  "icmp-error continue": into("c", packet(1, icmp(3, 3, [0, 0, 0, 0], ramp(28)))),
  "learn continue": into("c", raw(BROADCAST, STRANGER)),
  "look-up same-port": into("e", raw(mac(5), STRANGER)),
  "look-up continue": into("c", raw(mac(1), STRANGER)),
  "flood no-other-port": into("z", raw(BROADCAST, STRANGER)),
  "flood continue": into("c", raw(BROADCAST, STRANGER)),
  "egress too-big": into("c", raw(mac(4), STRANGER, 1400)),
  "egress continue": into("c", raw(mac(1), STRANGER)),
};
