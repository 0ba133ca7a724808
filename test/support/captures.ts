/** The capture files that tests read: those in the folder that PORTYARD_CAPTURES names, or else the few that the project
 *  makes itself (test/captures), which is said once.                                                                   */
import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { type Capture, type CaptureFrame, ETHERNET, readCapture } from "../../bindings/capture/index.ts";

const CAPTURE = /\.pcap(ng)?(\.gz)?$/;
const GZIP_MAGIC = [0x1f, 0x8b];

export const projectRoot = resolve(fileURLToPath(new URL("../../..", import.meta.url)));
export const ownCaptureFolder = join(projectRoot, "test/captures");

let told = false;

/** The folder that is read. */
export function captureFolder(): string {
  const folder = process.env.PORTYARD_CAPTURES;
  if (folder !== undefined && folder !== "") return resolve(folder);
  if (!told) console.log("PORTYARD_CAPTURES names no folder of captures: only those in test/captures are read");
  told = true;
  return ownCaptureFolder;
}

/** Paths of all capture files below `folder`, sorted. @throws when there is none: a test of nothing must not pass. */
export function captureFiles(folder = captureFolder()): string[] {
  const entries = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const files = entries.filter((entry) => CAPTURE.test(entry)).map((entry) => join(folder, entry));
  if (files.length === 0) throw new Error(`there is no capture in ${folder}`);
  return files.sort();
}

/** A file, unpacked if need be. */
export function captureBytes(file: string): Uint8Array {
  const bytes = readFileSync(file);
  return GZIP_MAGIC.every((byte, at) => bytes[at] === byte) ? gunzipSync(bytes) : bytes;
}

export function captureOf(file: string): Capture {
  return readCapture(captureBytes(file));
}

/** The readable Ethernet frames of each file that has some, file by file. */
export function* ethernetFrames(folder = captureFolder()): Generator<{ file: string; frames: CaptureFrame[] }> {
  for (const file of captureFiles(folder)) {
    const { interfaces, frames } = captureOf(file);
    const ethernet = frames.filter((frame) => interfaces[frame.interface]?.linkType === ETHERNET);
    if (ethernet.length > 0) yield { file: file.slice(folder.length + 1), frames: ethernet };
  }
}
