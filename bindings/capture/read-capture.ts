/** Reads a whole capture that is in memory. */
import { CaptureParser } from "./capture-parser.ts";
import type { Capture, CaptureFrame } from "./types.ts";

/** The frames, interfaces and, if there is any, the damage of a pcap or pcapng file (not packed).
 *  Never throws: a damaged file gives the frames before the damage. Frames are views of `bytes`.
 *
 *  @example const { frames, damage } = readCapture(readFileSync("a.pcap")); */
export function readCapture(bytes: Uint8Array): Capture {
  const parser = new CaptureParser();
  parser.push(bytes);
  parser.end();
  const frames: CaptureFrame[] = [];
  for (let frame = parser.next(); frame !== null; frame = parser.next()) frames.push(frame);
  return { format: parser.format, interfaces: parser.interfaces, frames, damage: parser.damage };
}
