/** One frame of a capture, by its number. */
import { PortyardError } from "../error.ts";
import type { CaptureStream } from "./capture-stream.ts";
import { ETHERNET, notEthernet } from "./link-type.ts";

export interface CapturedFrame {
  /** Without frame check sequence; the caller's own. */
  bytes: Uint8Array;
  /** On the wire; more than `bytes.length` when it was cut. */
  originalBytes: number;
}

/** Frame `number` of a capture, counted from 1 as tshark does. What is behind it is not read.
 *  @throws PortyardError `frame-missing`, `capture-link-type`, `capture-unreadable`, `capture-used`. */
export async function capturedFrame(capture: CaptureStream, number: number): Promise<CapturedFrame> {
  let seen = 0;
  for await (const burst of capture) {
    const frame = burst[number - seen - 1];
    seen += burst.length;
    if (frame === undefined) continue;
    const { linkType, linkTypeName, fcsBytes } = capture.interfaces[frame.interface] ?? { linkType: -1, linkTypeName: "?", fcsBytes: 0 };
    if (linkType !== ETHERNET) throw notEthernet(`Frame ${number} is one`, linkTypeName);
    const originalBytes = Math.max(0, frame.originalBytes - fcsBytes);
    return { bytes: frame.bytes.slice(0, originalBytes), originalBytes };
  }
  const { damage } = capture;
  const end = damage === null ? "" : ` It is damaged at byte ${damage.offset}: ${damage.reason}.`;
  throw new PortyardError("frame-missing", `There is no frame ${number}: the capture has ${seen}.${end}`, {
    value: number,
    remedy: "Frames are counted from 1.",
  });
}
