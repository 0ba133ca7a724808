/** Fifth phase, once for each output: is the port there and a member, does the frame fit it, what must be done for a port
 *  that takes no super-frames or no partial checksums, is a tag due; then the write is queued. A frame that ends here is a
 *  drop of the output port, not of the one that it came from. */
import * as reason from "../../abi/drop-reason";
import * as port from "../../abi/port";
import * as step from "../../abi/trace";
import * as view from "../../abi/worker-state";
import * as desc from "../../memory/descriptor";
import * as pool from "../../memory/frame-pool";
import { TRACE, note } from "../../memory/trace";
import { viewOf } from "../../memory/worker";
import * as counter from "../../tables/counter";
import * as networks from "../../tables/network-table";
import * as trunks from "../../tables/trunk-table";
import * as ethernet from "../../wire/ethernet";
import * as virtio from "../../wire/virtio-net";
import * as vlan from "../../wire/vlan";
import { completeChecksum } from "./checksum";
import { copyFrame } from "./copy";
import { clampMss, exceedsMtu } from "./mss-clamp";
import { queue } from "./queue";
import { longestSegment, segment } from "./segment";
import { isTagged, pushTag } from "./tag";

/** Brings the frame to `output`. `isLast`: no other output follows, so that it may be changed in place. */
export function egress(worker: usize, descriptor: usize, output: u32, isLast: bool): void {
  const target = viewOf(worker, output);
  if (TRACE) note(step.EGRESS, 0, output, longest(target), desc.bytes(descriptor));
  if (load<u32>(target, view.VIEW_DESCRIPTOR) == 0) return refuse(worker, output, reason.PORT_ABSENT);
  const network = desc.network(descriptor);
  if (!networks.isMember(network, output)) return refuse(worker, output, reason.NOT_A_MEMBER);
  const header = desc.frame(descriptor) - virtio.HEADER_BYTES;
  const flags = load<u32>(target, view.VIEW_FLAGS);
  if (virtio.gsoType(header) != virtio.GSO_NONE || (flags & port.FLAG_CLAMP) != 0) return egressRare(worker, descriptor, output, isLast);
  if (desc.bytes(descriptor) > longest(target)) return refuse(worker, output, reason.TOO_BIG);
  if (virtio.needsChecksum(header) && (flags & port.FLAG_CHECKSUM) == 0) completeChecksum(descriptor);
  send(worker, descriptor, output, isLast);
}

/** The same for super-frames, and for ports whose MTU is smaller than their network's. */
function egressRare(worker: usize, descriptor: usize, output: u32, isLast: bool): void {
  const target = viewOf(worker, output);
  const flags = load<u32>(target, view.VIEW_FLAGS);
  if ((flags & port.FLAG_CLAMP) != 0 && exceedsMtu(descriptor, load<u32>(target, view.VIEW_MTU))) return egressClamped(worker, descriptor, output, isLast);
  const header = desc.frame(descriptor) - virtio.HEADER_BYTES;
  const gso = virtio.gsoType(header);
  if (gso != virtio.GSO_NONE && (flags & takes(gso)) == 0) return segment(worker, descriptor, output, isLast);
  const bytes = gso == virtio.GSO_NONE ? desc.bytes(descriptor) : longestSegment(descriptor);
  if (bytes > longest(target)) return refuse(worker, output, reason.TOO_BIG);
  if (virtio.needsChecksum(header) && (flags & port.FLAG_CHECKSUM) == 0) completeChecksum(descriptor);
  send(worker, descriptor, output, isLast);
}

/** With the maximum segment size that the port allows: in place when nobody else needs the frame as it is, else in a copy. */
function egressClamped(worker: usize, descriptor: usize, output: u32, isLast: bool): void {
  const inPlace = isLast && desc.references(descriptor) == 1;
  const clamped = inPlace ? descriptor : copyFrame(worker, descriptor);
  if (clamped == 0) return refuse(worker, output, reason.POOL_EMPTY);
  clampMss(clamped, load<u32>(viewOf(worker, output), view.VIEW_MTU));
  egressRare(worker, clamped, output, true);
  if (!inPlace) pool.release(worker, clamped);
}

/** The flag of a port that takes super-frames of this type as they are. */
function takes(gso: u32): u32 { return gso == virtio.GSO_UDP_L4 ? port.FLAG_USO : port.FLAG_TSO; }

/** Longest frame for a port: its MTU, the Ethernet header and one tag, as the kernel's bridge has it. */
function longest(target: usize): u32 {
  return load<u32>(target, view.VIEW_MTU) + ethernet.HEADER_BYTES + vlan.HEADER_BYTES;
}

/** The frame ends at its output. */
export function refuse(worker: usize, output: u32, why: u32): void { counter.dropped(worker, output, why); }

/** Queues the frame, with the tag that a trunk wants. */
export function send(worker: usize, descriptor: usize, output: u32, isLast: bool): void {
  const trunk = load<u32>(viewOf(worker, output), view.VIEW_TRUNK);
  if (trunk == 0) return queue(worker, descriptor, output);
  sendOnTrunk(worker, descriptor, output, trunk - 1, isLast);
}

function sendOnTrunk(worker: usize, descriptor: usize, output: u32, trunk: u32, isLast: bool): void {
  const vlanId = trunks.vlanOf(trunk, desc.network(descriptor));
  if (vlanId == trunks.NO_VLAN) return refuse(worker, output, reason.NOT_A_MEMBER);
  if (vlanId == trunks.NATIVE) {
    if (isTagged(desc.frame(descriptor))) return refuse(worker, output, reason.VLAN_HOP);
    return queue(worker, descriptor, output);
  }
  sendTagged(worker, descriptor, output, vlanId, isLast && desc.references(descriptor) == 1);
}

/** In place when nobody else needs the frame as it is, else in a copy. */
function sendTagged(worker: usize, descriptor: usize, output: u32, vlanId: u32, inPlace: bool): void {
  const tagged = inPlace ? descriptor : copyFrame(worker, descriptor);
  if (tagged == 0) return refuse(worker, output, reason.POOL_EMPTY);
  if (TRACE) note(step.TAG_IN, 0, 0, vlanId);
  pushTag(tagged, ethernet.ETHER_TYPE_VLAN, vlanId);
  queue(worker, tagged, output);
  if (!inPlace) pool.release(worker, tagged);
}
