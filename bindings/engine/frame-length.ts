/** How long a frame may be that is put into an engine by a call. */
import { MAX_FRAME_BYTES } from "../../assembly/abi/limits.ts";
import { PortyardError } from "../error.ts";

/** @throws PortyardError `frame-too-long`. */
export function refuseLength(bytes: number): void {
  if (bytes <= MAX_FRAME_BYTES) return;
  throw new PortyardError("frame-too-long", `A frame of ${bytes} bytes is longer than a slot takes.`, {
    value: bytes,
    remedy: `Send at most ${MAX_FRAME_BYTES} bytes.`,
  });
}
