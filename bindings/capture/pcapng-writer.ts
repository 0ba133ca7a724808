/** Writes pcapng files: one section, any number of interfaces, enhanced packet blocks with a comment where one is given. */
import { PortyardError } from "../error.ts";
import { type CaptureEncoder, type FrameToWrite, encodeAll, writeBytes } from "./encoder.ts";
import { MAX_PACKET_BYTES } from "./limits.ts";
import { ETHERNET } from "./link-type.ts";
import * as format from "./pcapng-format.ts";

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
}

const LAST_TICK = (1n << 64n) - 1n;
const LAST_OPTION_BYTE = 0xffff;
const FIXED_PACKET_BYTES = format.PACKET_BYTES + format.BLOCK_TAIL_BYTES;
const utf8 = new TextEncoder();

/** A pcapng file of these frames.
 *  @throws PortyardError `capture-unwritable` for a negative or too late time, an interface that is not there, more than
 *  262,144 bytes in a frame or 65,535 in a comment or name. */
export function writePcapng(frames: readonly FrameToWrite[], options: PcapngOptions = {}): Uint8Array {
  return encodeAll(new PcapngEncoder(options), frames);
}

export class PcapngEncoder implements CaptureEncoder {
  readonly headBytes: number;
  #little: boolean;
  #nano: boolean;
  #interfaces: readonly InterfaceToWrite[];

  constructor({ byteOrder = "little", resolution = "nano", interfaces = [{}] }: PcapngOptions = {}) {
    this.#little = byteOrder === "little";
    this.#nano = resolution === "nano";
    this.#interfaces = interfaces;
    const described = interfaces.reduce((bytes, { name }) => bytes + interfaceBytes(name), 0);
    this.headBytes = format.SECTION_OPTIONS + format.BLOCK_TAIL_BYTES + described;
  }

  writeHead(view: DataView, at: number): number {
    view.setUint32(at + format.SECTION_MAGIC, format.BYTE_ORDER_MAGIC, this.#little);
    view.setUint16(at + format.SECTION_MAJOR, format.VERSION_MAJOR, this.#little);
    view.setBigInt64(at + 16, -1n, this.#little);
    let end = this.#close(view, at, format.SECTION_BLOCK, format.SECTION_OPTIONS + format.BLOCK_TAIL_BYTES);
    for (const described of this.#interfaces) end = this.#writeInterface(view, end, described);
    return end;
  }

  frameBytes(frame: FrameToWrite): number {
    const comment = frame.comment === undefined ? 0 : optionBytes(utf8.encode(frame.comment)) + format.OPTION_HEAD_BYTES;
    return FIXED_PACKET_BYTES + format.padded(frame.bytes.length) + comment;
  }

  writeFrame(view: DataView, at: number, frame: FrameToWrite): number {
    const ticks = this.#nano ? frame.timeNs : frame.timeNs / 1000n;
    const index = frame.interface ?? 0;
    check(frame.timeNs >= 0n && ticks <= LAST_TICK, `a pcapng file holds no time of ${frame.timeNs} ns`);
    check(index < this.#interfaces.length, `the frame names interface ${index} of ${this.#interfaces.length}`);
    check(frame.bytes.length <= MAX_PACKET_BYTES, `a frame of ${frame.bytes.length} bytes is too long`);
    view.setUint32(at + format.PACKET_INTERFACE, index, this.#little);
    view.setUint32(at + format.PACKET_TIME_HIGH, Number(ticks >> 32n), this.#little);
    view.setUint32(at + format.PACKET_TIME_LOW, Number(ticks & 0xffffffffn), this.#little);
    view.setUint32(at + format.PACKET_CAPTURED, frame.bytes.length, this.#little);
    view.setUint32(at + format.PACKET_ORIGINAL, frame.originalBytes ?? frame.bytes.length, this.#little);
    writeBytes(view, at + format.PACKET_BYTES, frame.bytes);
    if (frame.comment !== undefined) {
      const options = at + format.PACKET_BYTES + format.padded(frame.bytes.length);
      this.#writeOption(view, options, format.OPTION_COMMENT, utf8.encode(frame.comment));
    }
    return this.#close(view, at, format.ENHANCED_BLOCK, this.frameBytes(frame));
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
    check(value.length <= LAST_OPTION_BYTE, `a comment or name of ${value.length} bytes is too long`);
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

function check(good: boolean, sentence: string): void {
  if (good) return;
  throw new PortyardError("capture-unwritable", sentence, { remedy: "Shorten it, or correct its time or interface." });
}
