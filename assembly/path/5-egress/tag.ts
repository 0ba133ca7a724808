/** VLAN tags of trunks: taken out at ingress, put back at egress. The virtio-net header lies right below the frame and
 *  moves with it; its offsets, and those of the descriptor, move by the tag's 4 bytes. */
import * as desc from "../../memory/descriptor";
import * as ethernet from "../../wire/ethernet";
import * as virtio from "../../wire/virtio-net";
import * as vlan from "../../wire/vlan";

/** Puts an 802.1Q tag with priority 0 and `vlanId` into the frame, in place. */
export function pushTag(descriptor: usize, tpid: u32, tci: u32): void {
  const frame = vlan.push(desc.frame(descriptor), tpid, tci);
  moved(descriptor, frame, <i32>vlan.HEADER_BYTES);
}

/** Takes the outermost tag out of the frame, in place; the frame has one. */
export function popTag(descriptor: usize): void {
  const frame = vlan.pop(desc.frame(descriptor));
  moved(descriptor, frame, -<i32>vlan.HEADER_BYTES);
}

function moved(descriptor: usize, frame: usize, by: i32): void {
  virtio.shift(frame - virtio.HEADER_BYTES, by);
  desc.setFrame(descriptor, frame);
  desc.setBytes(descriptor, desc.bytes(descriptor) + by);
  desc.shiftHeaders(descriptor, by);
}

/** True when the frame carries a tag, whatever the descriptor says of it. */
export function isTagged(frame: usize): bool { return vlan.isTag(ethernet.etherType(frame)); }
