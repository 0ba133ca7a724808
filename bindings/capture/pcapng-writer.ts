/** Writes pcapng files: one section, any number of interfaces, enhanced packet blocks with a comment where one is given. */
import { PortyardError } from "../error.ts";
import { type CaptureEncoder, clear, encodeAll, type FrameToWrite, writeBytes } from "./encoder.ts";
import { MAX_OPTION_BYTES, MAX_PACKET_BYTES } from "./limits.ts";
import { ETHERNET } from "./link-type.ts";
import * as format from "./pcapng-format.ts";
import { join, split } from "./time.ts";

export interface InterfaceToWrite {
  name?: string;
  /** LINKTYPE number, default Ethernet. */
  linkType?: number;
  /** Longest frame in bytes that is kept, as the file says it (0 is no limit, the default); nothing is cut by it here. */
  snapLength?: number;
}

export interface PcapngOptions {
  byteOrder?: "little" | "big";
  /** Unit of the times; with "micro" they are rounded down. */
  resolution?: "micro" | "nano";
  /** Default: one Ethernet interface without a name. */
  interfaces?: readonly InterfaceToWrite[];
  /** What becomes of a time that the format does not hold, before 1970 or beyond 2^64 of its units (in nanoseconds the year 2554): it is
   *  refused (default), or the nearest one that it holds is written. */
  times?: "exact" | "nearest";
}

const TWO_32 = 0x100000000;
const FIXED_PACKET_BYTES = format.PACKET_BYTES + format.BLOCK_TAIL_BYTES;
const utf8 = new TextEncoder();

/** A pcapng file of these frames.
 *  @throws PortyardError `capture-unwritable` for a negative or too late time (unless `times` is "nearest"), an interface that is not there, more
 *  than 262,144 bytes in a frame or 65,535 in a comment or name. */
export function writePcapng(frames: readonly FrameToWrite[], options: PcapngOptions = {}): Uint8Array {
  return encodeAll(new PcapngEncoder(options), frames);
}

/** A second in ticks, whose number is of 64 bits. */
interface Second {
  seconds: number;
  high: number;
  low: number;
}

export class PcapngEncoder implements CaptureEncoder {
  readonly headBytes: number;
  #little: boolean;
  #nano: boolean;
  #ticksPerSecond: number;
  #interfaces: readonly InterfaceToWrite[];
  #isExact: boolean;
  /** The last one: frames that follow each other were often seen in the same. */
  #second: Second = { seconds: 0, high: 0, low: 0 };
  /** Of the last frame that had one: they are often the same. */
  #comment = { text: "", value: new Uint8Array(0) };

  constructor({ byteOrder = "little", resolution = "nano", interfaces = [{}], times = "exact" }: PcapngOptions = {}) {
    this.#little = byteOrder === "little";
    this.#nano = resolution === "nano";
    this.#ticksPerSecond = this.#nano ? 1e9 : 1e6;
    this.#interfaces = interfaces;
    this.#isExact = times === "exact";
    const described = interfaces.reduce((bytes, { name }) => bytes + interfaceBytes(name), 0);
    this.headBytes = format.SECTION_OPTIONS + format.BLOCK_TAIL_BYTES + described;
  }

  writeHead(view: DataView, at: number): number {
    clear(view, at, this.headBytes);
    view.setUint32(at + format.SECTION_MAGIC, format.BYTE_ORDER_MAGIC, this.#little);
    view.setUint16(at + format.SECTION_MAJOR, format.VERSION_MAJOR, this.#little);
    view.setBigInt64(at + 16, -1n, this.#little);
    let end = this.#close(view, at, format.SECTION_BLOCK, format.SECTION_OPTIONS + format.BLOCK_TAIL_BYTES);
    for (const described of this.#interfaces) end = this.#writeInterface(view, end, described);
    return end;
  }

  recordBytes(bytes: number): number {
    return FIXED_PACKET_BYTES + format.padded(bytes);
  }

  frameBytes({ bytes, comment }: FrameToWrite): number {
    const options = comment === undefined ? 0 : optionBytes(this.#encoded(comment)) + format.OPTION_HEAD_BYTES;
    return this.recordBytes(bytes.length) + options;
  }

  writeFrame(view: DataView, at: number, frame: FrameToWrite): number {
    const { bytes, timeNs, originalBytes = bytes.length, interface: index = 0, comment } = frame;
    const { seconds, nanoseconds } = split(timeNs);
    const length = this.frameBytes(frame);
    clear(view, at, length);
    const options = writeBytes(view, this.writeRecord(view, at, bytes.length, originalBytes, seconds, nanoseconds, index), bytes);
    if (comment === undefined) return at + length;
    this.#writeOption(view, at + format.padded(options - at), format.OPTION_COMMENT, this.#encoded(comment));
    return this.#close(view, at, format.ENHANCED_BLOCK, length);
  }

  writeRecord(
    view: DataView,
    at: number,
    bytes: number,
    originalBytes: number,
    seconds: number,
    nanoseconds: number,
    index: number,
  ): number {
    if (index >= this.#interfaces.length) throw unwritable(`the frame names interface ${index} of ${this.#interfaces.length}`);
    if (bytes > MAX_PACKET_BYTES) throw unwritable(`a frame of ${bytes} bytes is too long`);
    view.setUint32(at + format.PACKET_INTERFACE, index, this.#little);
    this.#writeTime(view, at, seconds, nanoseconds);
    view.setUint32(at + format.PACKET_CAPTURED, bytes, this.#little);
    view.setUint32(at + format.PACKET_ORIGINAL, originalBytes, this.#little);
    const from = at + format.PACKET_BYTES;
    if (bytes % 4 !== 0) view.setUint32(from + format.padded(bytes) - 4, 0);
    this.#close(view, at, format.ENHANCED_BLOCK, this.recordBytes(bytes));
    return from;
  }

  #writeTime(view: DataView, at: number, seconds: number, nanoseconds: number): void {
    if (seconds !== this.#second.seconds) this.#second = this.#ticksOf(seconds);
    const low = this.#second.low + (this.#nano ? nanoseconds : Math.floor(nanoseconds / 1000));
    const high = low < TWO_32 ? this.#second.high : this.#second.high + 1;
    if (seconds < 0 || high >= TWO_32) return this.#writeNearest(view, at, seconds, nanoseconds);
    view.setUint32(at + format.PACKET_TIME_HIGH, high, this.#little);
    view.setUint32(at + format.PACKET_TIME_LOW, low < TWO_32 ? low : low - TWO_32, this.#little);
  }

  #writeNearest(view: DataView, at: number, seconds: number, nanoseconds: number): void {
    if (this.#isExact) throw unwritable(`a pcapng file holds no time of ${join(seconds, nanoseconds)} ns`);
    for (const half of [format.PACKET_TIME_HIGH, format.PACKET_TIME_LOW]) view.setUint32(at + half, seconds < 0 ? 0 : TWO_32 - 1);
  }

  /** In 64 bits, by parts of which numbers are exact: 2^16 times the ticks of every 2^16 seconds, and those of the rest. */
  #ticksOf(seconds: number): Second {
    const top = Math.floor(seconds / 65536) * this.#ticksPerSecond;
    const low = (top % 65536) * 65536 + (seconds % 65536) * this.#ticksPerSecond;
    return { seconds, high: Math.floor(top / 65536) + Math.floor(low / TWO_32), low: low % TWO_32 };
  }

  #encoded(comment: string): Uint8Array {
    if (comment !== this.#comment.text) this.#comment = { text: comment, value: utf8.encode(comment) };
    return this.#comment.value;
  }

  #writeInterface(view: DataView, at: number, { name, linkType = ETHERNET, snapLength = 0 }: InterfaceToWrite): number {
    view.setUint16(at + format.INTERFACE_LINK_TYPE, linkType, this.#little);
    view.setUint32(at + format.INTERFACE_SNAP_LENGTH, snapLength, this.#little);
    let options = at + format.INTERFACE_OPTIONS;
    if (name !== undefined) options = this.#writeOption(view, options, format.OPTION_NAME, utf8.encode(name));
    this.#writeOption(view, options, format.OPTION_RESOLUTION, Uint8Array.of(this.#nano ? 9 : 6));
    return this.#close(view, at, format.INTERFACE_BLOCK, interfaceBytes(name));
  }

  #writeOption(view: DataView, at: number, code: number, value: Uint8Array): number {
    if (value.length > MAX_OPTION_BYTES) throw unwritable(`a comment or name of ${value.length} bytes is too long`);
    view.setUint16(at, code, this.#little);
    view.setUint16(at + 2, value.length, this.#little);
    writeBytes(view, at + format.OPTION_HEAD_BYTES, value);
    return at + optionBytes(value);
  }

  /** Writes type and length around a block whose body stands, and returns where it ends. */
  #close(view: DataView, at: number, type: number, bytes: number): number {
    view.setUint32(at, type, this.#little);
    view.setUint32(at + format.BLOCK_LENGTH, bytes, this.#little);
    view.setUint32(at + bytes - format.BLOCK_TAIL_BYTES, bytes, this.#little);
    return at + bytes;
  }
}

function optionBytes(value: Uint8Array): number {
  return format.OPTION_HEAD_BYTES + format.padded(value.length);
}

/** Fixed part, name if any, resolution, end of options, tail. */
function interfaceBytes(name: string | undefined): number {
  const named = name === undefined ? 0 : optionBytes(utf8.encode(name));
  return format.INTERFACE_OPTIONS + named + optionBytes(new Uint8Array(1)) + format.OPTION_HEAD_BYTES + format.BLOCK_TAIL_BYTES;
}

function unwritable(sentence: string): PortyardError {
  return new PortyardError("capture-unwritable", sentence, { remedy: "Shorten it, or correct its time or interface." });
}
