/** Captures that are measured with: UDP between two stations, 2 µs apart, without an end of their own. */
import { type CaptureEncoder, encodeAll, type FrameToWrite } from "../../bindings/capture/encoder.ts";
import { PcapEncoder } from "../../bindings/capture/pcap-writer.ts";
import { PcapngEncoder } from "../../bindings/capture/pcapng-writer.ts";

export type Format = "pcap" | "pcapng";

/** Bytes of twelve frames one after the other: seven of 64, four of 576, one of 1,500, as the simple Internet mix has it. */
export const MIX: readonly number[] = [64, 576, 64, 64, 576, 64, 576, 64, 64, 576, 64, 1500];

const FRAMES_A_CHUNK = 4000;
const FIRST_NS = 1_700_000_000_000_000_000n;
const APART_NS = 2000n;
const ETHERNET_BYTES = 14;
const IPV4_BYTES = 20;

/** The file of `count` frames in pieces, whose sizes follow `sizes` round and round. */
export function* madeCapture(count: number, sizes: readonly number[], format: Format): Generator<Uint8Array> {
  const encoder = encoderOf(format);
  const frames = sizes.map(frameOf);
  for (let done = 0; done < count; done += FRAMES_A_CHUNK) {
    const chunk: FrameToWrite[] = Array.from({ length: Math.min(FRAMES_A_CHUNK, count - done) }, (_, index) => ({
      bytes: frames[(done + index) % frames.length] as Uint8Array,
      timeNs: FIRST_NS + BigInt(done + index) * APART_NS,
    }));
    yield encodeAll(encoder, chunk).subarray(done === 0 ? 0 : encoder.headBytes);
  }
}

/** The same for very many frames, `count` in a multiple of 4,000: the first of them again and again, with their times. */
export function* repeatedCapture(count: number, sizes: readonly number[], format: Format): Generator<Uint8Array> {
  const [first = new Uint8Array(0)] = madeCapture(FRAMES_A_CHUNK, sizes, format);
  yield first;
  const { headBytes } = encoderOf(format);
  for (let done = FRAMES_A_CHUNK; done < count; done += FRAMES_A_CHUNK) yield first.subarray(headBytes);
}

function encoderOf(format: Format): CaptureEncoder {
  return format === "pcap" ? new PcapEncoder({ resolution: "micro" }) : new PcapngEncoder();
}

/** From 10.0.0.1 to 10.0.0.2, by known stations. */
function frameOf(bytes: number): Uint8Array {
  const frame = new Uint8Array(bytes);
  const view = new DataView(frame.buffer);
  frame.set([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00, 0x45]);
  view.setUint16(ETHERNET_BYTES + 2, bytes - ETHERNET_BYTES);
  frame.set([64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0x03, 0xe8, 0x07, 0xd0], ETHERNET_BYTES + 8);
  view.setUint16(ETHERNET_BYTES + IPV4_BYTES + 4, bytes - ETHERNET_BYTES - IPV4_BYTES);
  return frame;
}
