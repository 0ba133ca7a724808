/** Completes a partial checksum (virtio-net NEEDS_CSUM) in the frame itself and says so in its header: every output may
 *  have it whole, so no copy is needed. */
import * as step from "../../abi/trace";
import * as desc from "../../memory/descriptor";
import { TRACE, note } from "../../memory/trace";
import * as checksum from "../../wire/checksum";
import * as virtio from "../../wire/virtio-net";

/** The header names places within the frame: ingress has checked it. */
export function completeChecksum(descriptor: usize): void {
  const frame = desc.frame(descriptor);
  const header = frame - virtio.HEADER_BYTES;
  const start = virtio.checksumStart(header);
  if (TRACE) note(step.CHECKSUM, 0);
  checksum.complete(frame + start, checksummedBytes(descriptor, start), virtio.checksumOffset(header));
  virtio.setFlags(header, virtio.flags(header) & ~virtio.NEEDS_CHECKSUM | virtio.DATA_VALID);
  virtio.setChecksumStart(header, 0);
  virtio.setChecksumOffset(header, 0);
}

/** To the packet's end, or to the frame's where the packet is not one that we know. */
function checksummedBytes(descriptor: usize, start: u32): u32 {
  const l4 = desc.l4(descriptor);
  const isL4 = l4 == desc.frame(descriptor) + start;
  return isL4 ? desc.l4Bytes(descriptor) : desc.bytes(descriptor) - start;
}
