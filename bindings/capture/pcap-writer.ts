/** Writes pcap files: one interface, nanoseconds and little endian unless asked otherwise. Comments and interface names have
 *  no place in this format and are left out; times must lie before 2106.                                               */
import { PortyardError } from "../error.ts";
import { type CaptureEncoder, clear, encodeAll, type FrameToWrite, writeBytes } from "./encoder.ts";
import { MAX_PACKET_BYTES } from "./limits.ts";
import { ETHERNET } from "./link-type.ts";
import * as format from "./pcap-format.ts";
import { join, split } from "./time.ts";

export interface PcapOptions {
  byteOrder?: "little" | "big";
  /** Unit of the times; with "micro" they are rounded down. */
  resolution?: "micro" | "nano";
  /** LINKTYPE number, default Ethernet. */
  linkType?: number;
  /** Longest frame in bytes that is kept, as the head says it; nothing is cut by it here. */
  snapLength?: number;
}

const LAST_SECOND = 0xffffffff;

/** A pcap file of these frames.
 *  @throws PortyardError `capture-unwritable` for a time before 1970 or after 2106, or more than 262,144 bytes. */
export function writePcap(frames: readonly FrameToWrite[], options: PcapOptions = {}): Uint8Array {
  return encodeAll(new PcapEncoder(options), frames);
}

export class PcapEncoder implements CaptureEncoder {
  readonly headBytes = format.HEAD_BYTES;
  #little: boolean;
  #nano: boolean;
  #linkType: number;
  #snapLength: number;

  constructor({ byteOrder = "little", resolution = "nano", linkType = ETHERNET, snapLength = MAX_PACKET_BYTES }: PcapOptions = {}) {
    this.#little = byteOrder === "little";
    this.#nano = resolution === "nano";
    this.#linkType = linkType;
    this.#snapLength = snapLength;
  }

  writeHead(view: DataView, at: number): number {
    clear(view, at, this.headBytes);
    view.setUint32(at, this.#nano ? format.MAGIC_NANO : format.MAGIC_MICRO, this.#little);
    view.setUint16(at + format.HEAD_MAJOR, format.VERSION_MAJOR, this.#little);
    view.setUint16(at + format.HEAD_MINOR, format.VERSION_MINOR, this.#little);
    view.setUint32(at + format.HEAD_SNAP_LENGTH, this.#snapLength, this.#little);
    view.setUint32(at + format.HEAD_LINK_TYPE, this.#linkType, this.#little);
    return at + format.HEAD_BYTES;
  }

  recordBytes(bytes: number): number {
    return format.RECORD_BYTES + bytes;
  }

  frameBytes(frame: FrameToWrite): number {
    return this.recordBytes(frame.bytes.length);
  }

  writeFrame(view: DataView, at: number, { bytes, timeNs, originalBytes = bytes.length }: FrameToWrite): number {
    const { seconds, nanoseconds } = split(timeNs);
    return writeBytes(view, this.writeRecord(view, at, bytes.length, originalBytes, seconds, nanoseconds), bytes);
  }

  writeRecord(view: DataView, at: number, bytes: number, originalBytes: number, seconds: number, nanoseconds: number): number {
    if (seconds < 0 || seconds > LAST_SECOND) {
      const timeNs = join(seconds, nanoseconds);
      throw unwritable(`a pcap file holds no time of ${timeNs} ns`, timeNs);
    }
    if (bytes > MAX_PACKET_BYTES) throw unwritable(`a frame of ${bytes} bytes is too long`, bytes);
    view.setUint32(at + format.RECORD_SECONDS, seconds, this.#little);
    view.setUint32(at + format.RECORD_FRACTION, this.#nano ? nanoseconds : Math.floor(nanoseconds / 1000), this.#little);
    view.setUint32(at + format.RECORD_CAPTURED, bytes, this.#little);
    view.setUint32(at + format.RECORD_ORIGINAL, originalBytes, this.#little);
    return at + format.RECORD_BYTES;
  }
}

function unwritable(sentence: string, value: unknown): PortyardError {
  const remedy = `Give times between 1970 and 2106 and frames of up to ${MAX_PACKET_BYTES} bytes.`;
  return new PortyardError("capture-unwritable", sentence, { value: String(value), remedy });
}
