/** Frames that a test puts on a container's interface itself. */
import { closeDescriptor } from "../../../bindings/native/io.ts";
import { interfaceIndex } from "../../../bindings/native/interface.ts";
import { withNamespace } from "../../../bindings/native/namespace.ts";
import { openPacketSocket } from "../../../bindings/native/packet-socket.ts";
import { bytes, ramp } from "../../../test/support/packet/bytes.ts";
import {
  arp,
  BROADCAST,
  ethernet,
  padded,
  station,
  TYPE_ARP,
  TYPE_EXPERIMENT,
  TYPE_IPV4,
  TYPE_IPV6,
  tagged,
} from "../../../test/support/packet/ethernet.ts";
import { ICMP, ipv4, ipv6, NO_NEXT_HEADER } from "../../../test/support/packet/ip.ts";
import { echo } from "../../../test/support/packet/transport.ts";
import { setDescriptorOption } from "../../engine/socket-option.ts";
import { VNET_HEADER_BYTES, writeFrame } from "../../support/wire.ts";
import type { Yard } from "./instance.ts";

const SOL_PACKET = 263;
const PACKET_QDISC_BYPASS = 20;

/** Sends frames from a container as they are, where tcpdump sees them. */
export function sendRaw(yard: Yard, container: string, frames: readonly Uint8Array[]): void {
  withNamespace(yard.machine.path(`/run/netns/${container}`), () => {
    const { descriptor } = openPacketSocket(interfaceIndex("eth0") ?? 0);
    setDescriptorOption(descriptor, SOL_PACKET, PACKET_QDISC_BYPASS, 0);
    for (const frame of frames) writeFrame(descriptor, bytes(new Uint8Array(VNET_HEADER_BYTES), frame));
    closeDescriptor(descriptor);
  });
}

/** What the own kernel of a container with this MAC and address would never send. */
export function oddFrames(mac: string, address: string): Uint8Array[] {
  const ends = { source: address, destination: "10.77.0.3" };
  const ping = (source: string) => ipv4({ ...ends, source, protocol: ICMP }, echo(8, 7, 1, ramp(32)));
  const stray = { source: "fd77::9", destination: "fd77::2", next: NO_NEXT_HEADER };
  return [
    ethernet(BROADCAST, station(99), TYPE_EXPERIMENT, ramp(46)),
    ethernet(BROADCAST, "01:00:00:00:00:01", TYPE_EXPERIMENT, ramp(46)),
    ethernet("01:80:c2:00:00:0e", mac, TYPE_EXPERIMENT, ramp(46)),
    ethernet(station(77), mac, TYPE_EXPERIMENT, ramp(1000)),
    ethernet(BROADCAST, mac, TYPE_IPV4, ping("10.77.0.99")),
    ethernet(BROADCAST, mac, TYPE_IPV4, ping(address)),
    ethernet(BROADCAST, mac, TYPE_IPV6, ipv6(stray)),
    ethernet(station(77), mac, TYPE_EXPERIMENT, ramp(1480)),
    padded(tagged(ethernet(BROADCAST, mac, TYPE_EXPERIMENT, ramp(46)), { id: 5 })),
    padded(ethernet(BROADCAST, mac, TYPE_ARP, arp({ operation: 1, senderMac: mac, senderAddress: address, targetAddress: "10.77.0.1" }))),
    padded(
      ethernet(BROADCAST, mac, TYPE_ARP, arp({ operation: 1, senderMac: mac, senderAddress: "10.77.0.3", targetAddress: "10.77.0.9" })),
    ),
  ];
}
