/** A second slot with the same frame: only where one output needs another form of it than the rest (a trunk's tag). */
import { DESCRIPTOR_BYTES } from "../../abi/memory-map";
import * as field from "../../abi/descriptor";
import * as desc from "../../memory/descriptor";
import * as pool from "../../memory/frame-pool";
import * as virtio from "../../wire/virtio-net";

/** Takes a slot and copies frame, virtio-net header and what ingress found; 0 when no slot is free. One reference. */
export function copyFrame(worker: usize, descriptor: usize): usize {
  const copy = pool.take(worker);
  if (copy == 0) return 0;
  const slot = desc.slot(copy);
  const frame = pool.framePlace(worker, slot);
  memory.copy(copy + field.PORT, descriptor + field.PORT, DESCRIPTOR_BYTES - field.PORT);
  memory.copy(frame - virtio.HEADER_BYTES, desc.frame(descriptor) - virtio.HEADER_BYTES, desc.bytes(descriptor) + virtio.HEADER_BYTES);
  desc.setFrame(copy, frame);
  desc.setBytes(copy, desc.bytes(descriptor));
  return copy;
}
