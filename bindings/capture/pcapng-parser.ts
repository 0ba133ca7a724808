/** Reads pcapng blocks one by one as their bytes arrive: sections of either byte order, interfaces, and the three kinds of
 *  packet blocks. Other blocks are skipped. Comments of packets are read; broken options of a packet block cost its
 *  comments, not the packet.                                                                                           */
import type { ByteQueue } from "./byte-queue.ts";
import type { CaptureRecord } from "./capture-record.ts";
import { MAX_BLOCK_BYTES, MAX_INTERFACES, MAX_PACKET_BYTES } from "./limits.ts";
import * as format from "./pcapng-format.ts";
import { type Clock, readInterface } from "./pcapng-interface.ts";
import { optionText, readOptions } from "./pcapng-option.ts";
import type { CaptureDamage, CaptureInterface, RecordParser, Step } from "./types.ts";

/** Bytes of the shortest block of each kind that is read; of any other it is the head and the tail. */
const SHORTEST: Record<number, [name: string, bytes: number]> = {
  [format.SECTION_BLOCK]: ["a section header block", format.SECTION_OPTIONS + format.BLOCK_TAIL_BYTES],
  [format.INTERFACE_BLOCK]: ["an interface description block", format.INTERFACE_OPTIONS + format.BLOCK_TAIL_BYTES],
  [format.PACKET_BLOCK]: ["a packet block", format.PACKET_BYTES + format.BLOCK_TAIL_BYTES],
  [format.SIMPLE_BLOCK]: ["a simple packet block", format.SIMPLE_BYTES + format.BLOCK_TAIL_BYTES],
  [format.ENHANCED_BLOCK]: ["an enhanced packet block", format.PACKET_BYTES + format.BLOCK_TAIL_BYTES],
};
const OTHER: [name: string, bytes: number] = ["a block", format.BLOCK_HEAD_BYTES + format.BLOCK_TAIL_BYTES];

export class PcapngParser implements RecordParser {
  readonly format = "pcapng";
  reading = OTHER[0];
  #queue: ByteQueue;
  #interfaces: CaptureInterface[];
  #record: CaptureRecord;
  #little = true;
  /** Clocks of this section's interfaces; the first of them is interface #first of the file. */
  #clocks: Clock[] = [];
  #first = 0;

  constructor(queue: ByteQueue, interfaces: CaptureInterface[], record: CaptureRecord) {
    this.#queue = queue;
    this.#interfaces = interfaces;
    this.#record = record;
  }

  next(): Step {
    for (;;) {
      const length = this.#blockBytes();
      if (typeof length !== "number") return length;
      const outcome = this.#readBlock(this.#u32(0), length);
      if (typeof outcome === "string") return this.#damage(outcome);
      this.#queue.skip(length);
      if (outcome !== null) return outcome;
    }
  }

  #u16(at: number): number {
    return this.#queue.view.getUint16(this.#queue.at + at, this.#little);
  }

  #u32(at: number): number {
    return this.#queue.view.getUint32(this.#queue.at + at, this.#little);
  }

  #damage(reason: string): CaptureDamage {
    return { offset: this.#queue.offset, reason };
  }

  /** Bytes of the block that begins here, all of them there; or null when not yet, or what is wrong with its frame. */
  #blockBytes(): number | CaptureDamage | null {
    this.reading = OTHER[0];
    if (!this.#queue.has(OTHER[1])) return null;
    if (this.#u32(0) === format.SECTION_BLOCK && !this.#findByteOrder()) {
      return this.#damage(`the byte-order magic is 0x${this.#u32(format.SECTION_MAGIC).toString(16).padStart(8, "0")}, not 0x1a2b3c4d`);
    }
    const [name, shortest] = SHORTEST[this.#u32(0)] ?? OTHER;
    const length = this.#u32(format.BLOCK_LENGTH);
    this.reading = name;
    if (length < shortest) return this.#damage(`${name} claims ${length} bytes, fewer than its ${shortest} fixed ones`);
    if (length % 4 !== 0) return this.#damage(`${name} claims ${length} bytes, which is not a multiple of four`);
    if (length > MAX_BLOCK_BYTES) return this.#damage(`${name} claims ${length} bytes, more than ${MAX_BLOCK_BYTES}`);
    if (!this.#queue.has(length)) return null;
    const tail = this.#u32(length - format.BLOCK_TAIL_BYTES);
    return tail === length ? length : this.#damage(`${name} claims ${length} bytes at its beginning and ${tail} at its end`);
  }

  /** A section's type reads the same in both orders; its magic number tells which one it is. */
  #findByteOrder(): boolean {
    for (const little of [true, false]) {
      this.#little = little;
      if (this.#u32(format.SECTION_MAGIC) === format.BYTE_ORDER_MAGIC) return true;
    }
    return false;
  }

  /** True for a block with a frame, null for one without, or the reason why the block cannot be read. */
  #readBlock(type: number, length: number): true | string | null {
    if (type === format.ENHANCED_BLOCK) return this.#readPacket(this.#u32(format.PACKET_INTERFACE), length);
    if (type === format.SIMPLE_BLOCK) return this.#readSimplePacket(length);
    if (type === format.PACKET_BLOCK) return this.#readPacket(this.#u16(format.PACKET_INTERFACE), length);
    if (type === format.INTERFACE_BLOCK) return this.#readInterface(length);
    if (type === format.SECTION_BLOCK) return this.#readSection(length);
    return null;
  }

  #readSection(length: number): string | null {
    const major = this.#u16(format.SECTION_MAJOR);
    const minor = this.#u16(format.SECTION_MINOR);
    if (major !== format.VERSION_MAJOR || (minor !== 0 && minor !== 2)) return `pcapng version ${major}.${minor} is unknown (1.0 is read)`;
    const { view, at } = this.#queue;
    const options = readOptions(view, at + format.SECTION_OPTIONS, at + length - format.BLOCK_TAIL_BYTES, this.#little);
    if (typeof options === "string") return options;
    this.#clocks = [];
    this.#first = this.#interfaces.length;
    return null;
  }

  #readInterface(length: number): string | null {
    if (this.#interfaces.length === MAX_INTERFACES) return `there are more than ${MAX_INTERFACES} interfaces`;
    const { view, at } = this.#queue;
    const found = readInterface(view, at, at + length - format.BLOCK_TAIL_BYTES, this.#little);
    if (typeof found === "string") return found;
    this.#interfaces.push(found.described);
    this.#clocks.push(found.clock);
    return null;
  }

  #readPacket(index: number, length: number): true | string {
    const clock = this.#clocks[index];
    if (clock === undefined) return `a packet names interface ${index} where the section has ${this.#clocks.length}`;
    const captured = this.#u32(format.PACKET_CAPTURED);
    const room = length - format.BLOCK_TAIL_BYTES - format.PACKET_BYTES;
    if (captured > room) return `a packet claims ${captured} captured bytes where its block has room for ${room}`;
    if (captured > MAX_PACKET_BYTES) return tooLong(captured);
    const end = format.PACKET_BYTES + format.padded(captured);
    this.#lay(format.PACKET_BYTES, captured, this.#u32(format.PACKET_ORIGINAL), index);
    clock(this.#u32(format.PACKET_TIME_HIGH), this.#u32(format.PACKET_TIME_LOW), this.#record);
    const { at } = this.#queue;
    this.#record.setOptions(end < length - format.BLOCK_TAIL_BYTES ? this.#comment : null, at + end, at + length - format.BLOCK_TAIL_BYTES);
    return true;
  }

  #lay(from: number, captured: number, originalBytes: number, index: number): void {
    const record = this.#record;
    record.at = this.#queue.at + from;
    record.bytes = captured;
    record.originalBytes = originalBytes;
    record.interface = this.#first + index;
  }

  #readSimplePacket(length: number): true | string {
    const described = this.#interfaces[this.#first];
    if (described === undefined) return "a simple packet stands before the section's first interface";
    const originalBytes = this.#u32(format.SIMPLE_ORIGINAL);
    const captured = described.snapLength === 0 ? originalBytes : Math.min(originalBytes, described.snapLength);
    const room = length - format.BLOCK_TAIL_BYTES - format.SIMPLE_BYTES;
    if (captured > room) return `a simple packet of ${captured} bytes stands in a block with room for ${room}`;
    if (captured > MAX_PACKET_BYTES) return tooLong(captured);
    this.#lay(format.SIMPLE_BYTES, captured, originalBytes, 0);
    this.#record.setTime(0, 0);
    this.#record.setOptions(null);
    return true;
  }

  readonly #comment = (at: number, end: number): string | null => {
    const { view } = this.#queue;
    const options = readOptions(view, at, end, this.#little);
    if (typeof options === "string") return null;
    const comments = options.filter((option) => option.code === format.OPTION_COMMENT);
    return comments.length === 0 ? null : comments.map((option) => optionText(view, option)).join("\n");
  };
}

const tooLong = (captured: number): string => `a packet has ${captured} captured bytes, more than ${MAX_PACKET_BYTES}`;
