/** What an embedding program may say of a frame beside its bytes: the same for one that is sent and for one that is explained. */
import { MAX_FRAME_BYTES } from "../../assembly/abi/limits.ts";
import { PortyardError } from "../error.ts";
import type { ExplainOptions } from "../explain/types.ts";
import { OFFLOAD_HEADER_BYTES } from "../forwarder/memory-worker.ts";

/** A capture has 32 bits for the length that a frame had. */
const MAX_ORIGINAL_BYTES = 0xffffffff;

/** @throws PortyardError `frame-too-long` of a frame that no slot takes. */
export function refuseLength(bytes: number): void {
  if (bytes <= MAX_FRAME_BYTES) return;
  throw new PortyardError("frame-too-long", `A frame of ${bytes} bytes is longer than a slot takes.`, {
    value: bytes,
    remedy: `Send at most ${MAX_FRAME_BYTES} bytes.`,
  });
}

/** @throws PortyardError `bad-argument` of a virtio-net header of another length. */
export function refuseOffload(offload: Uint8Array | undefined): void {
  if (offload === undefined || offload.length === OFFLOAD_HEADER_BYTES) return;
  const message = `A virtio-net header has ${OFFLOAD_HEADER_BYTES} bytes, and this one ${offload.length}.`;
  throw badOffload(message, offload, "Leave it out for a plain frame.");
}

/** @throws PortyardError `bad-argument` of a length that is no whole number. One that is longer than a slot takes is refused as a frame of
 *  that length. */
export function refuseOriginal(bytes: number): void {
  if (!Number.isInteger(bytes)) throw badOriginal(bytes, MAX_FRAME_BYTES);
}

/** A frame of any length is explained: that is for the pipeline to judge.
 *  @throws PortyardError `bad-argument` of a header or an original length that no frame has had. */
export function refuseExplained(frame: Uint8Array, { offload, originalBytes = frame.length }: ExplainOptions): void {
  if (!Number.isInteger(originalBytes) || originalBytes > MAX_ORIGINAL_BYTES) throw badOriginal(originalBytes, MAX_ORIGINAL_BYTES);
  refuseOffload(offload);
  if (offload === undefined || originalBytes <= frame.length) return;
  const message = `The frame was cut to ${frame.length} of ${originalBytes} bytes: such a one has no virtio-net header.`;
  throw badOffload(message, offload, "Leave it out, or give the whole frame.");
}

function badOffload(message: string, { length }: Uint8Array, remedy: string): PortyardError {
  return new PortyardError("bad-argument", message, { path: "offload", value: length, remedy });
}

function badOriginal(value: number, most: number): PortyardError {
  return new PortyardError("bad-argument", `A frame cannot have had ${value} bytes.`, {
    path: "originalBytes",
    value,
    remedy: `Give a whole number, up to ${most}.`,
  });
}
