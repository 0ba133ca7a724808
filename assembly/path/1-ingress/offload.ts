/** Part of the first step: may the engine act on what the virtio-net header says of the frame? The kernel's own rules
 *  first (wire/virtio-net.ts). Then, as a checksum is completed on the way out, behind every check: it lies in the field of
 *  an L4 that has one, or deeper in a tunnel, never in a header that was checked, nor in one that was not understood. */
import * as field from "../../abi/descriptor";
import * as desc from "../../memory/descriptor";
import * as ethernet from "../../wire/ethernet";
import { ICMPV6, TCP, UDP } from "../../wire/ip-protocol";
import * as tcp from "../../wire/tcp";
import * as udp from "../../wire/udp";
import * as virtio from "../../wire/virtio-net";
import * as vlan from "../../wire/vlan";

/** Where an ICMPv6 message has its checksum. */
const ICMPV6_CHECKSUM_OFFSET: u32 = 2;
/** Least bytes between L4 and what is tunnelled in it. */
const TUNNEL_BYTES: usize = 8;

/** True when the header below the frame of `descriptor`, whose layers are parsed, fits the frame. A super-frame's checksum
 *  is partial. */
export function isOffloadValid(descriptor: usize): bool {
  const header = desc.frame(descriptor) - virtio.HEADER_BYTES;
  if (!virtio.isValid(header, desc.bytes(descriptor))) return false;
  if (!virtio.needsChecksum(header)) return virtio.gsoType(header) == virtio.GSO_NONE;
  return virtio.gsoType(header) != virtio.GSO_UDP && isChecksumInPlace(descriptor, header);
}

function isChecksumInPlace(descriptor: usize, header: usize): bool {
  const start = desc.frame(descriptor) + virtio.checksumStart(header);
  if ((desc.flags(descriptor) & (field.FLAG_IPV4 | field.FLAG_IPV6)) == 0) return isUnknown(desc.etherType(descriptor)) && start >= desc.l3(descriptor);
  const l4 = desc.l4(descriptor);
  const protocol = desc.protocol(descriptor);
  if (l4 == 0) return false;
  if (start == l4) return isField(protocol, virtio.checksumOffset(header));
  return protocol != TCP && protocol != ICMPV6 && start >= l4 + TUNNEL_BYTES;
}

/** Nothing that receivers take an address from. */
function isUnknown(type: u32): bool {
  return type != ethernet.ETHER_TYPE_IPV4 && type != ethernet.ETHER_TYPE_IPV6 && type != ethernet.ETHER_TYPE_ARP && !vlan.isTag(type);
}

function isField(protocol: u32, offset: u32): bool {
  if (protocol == TCP) return offset == tcp.CHECKSUM_OFFSET;
  if (protocol == UDP) return offset == udp.CHECKSUM_OFFSET;
  return protocol != ICMPV6 || offset == ICMPV6_CHECKSUM_OFFSET;
}
