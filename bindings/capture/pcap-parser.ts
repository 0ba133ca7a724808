/** Reads pcap records one by one as their bytes arrive. Versions 2.0 to 2.4 (before 2.3 the two lengths were the other way
 *  round, in 2.3 files it is seen from which is larger) and 543.0 of DG/UX. The time zone field is ignored, as every reader does. */
import type { ByteQueue } from "./byte-queue.ts";
import type { CaptureRecord } from "./capture-record.ts";
import { MAX_PACKET_BYTES } from "./limits.ts";
import { linkTypeName } from "./link-type.ts";
import * as format from "./pcap-format.ts";
import type { CaptureDamage, CaptureInterface, RecordParser, Step } from "./types.ts";

const NS_PER_SECOND = 1_000_000_000;

/** True when the first four bytes, read in either order, are a pcap magic number. */
export function isPcapMagic(magic: number): boolean {
  return magic === format.MAGIC_MICRO || magic === format.MAGIC_NANO || magic === format.MAGIC_MODIFIED;
}

export class PcapParser implements RecordParser {
  readonly format = "pcap";
  reading = "a pcap file header";
  #queue: ByteQueue;
  #interfaces: CaptureInterface[];
  #record: CaptureRecord;
  #little: boolean;
  #recordBytes = 0;
  /** Nanoseconds of the fraction's unit. */
  #unitNs = 1;
  #swapped: "never" | "always" | "seen" = "never";

  constructor(queue: ByteQueue, interfaces: CaptureInterface[], record: CaptureRecord, little: boolean) {
    this.#queue = queue;
    this.#interfaces = interfaces;
    this.#record = record;
    this.#little = little;
  }

  next(): Step {
    if (this.#recordBytes === 0) {
      if (!this.#queue.has(format.HEAD_BYTES)) return null;
      const damage = this.#readHead();
      if (damage !== null) return damage;
    }
    return this.#readRecord();
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

  #readHead(): CaptureDamage | null {
    const magic = this.#u32(0);
    const major = this.#u16(format.HEAD_MAJOR);
    const minor = this.#u16(format.HEAD_MINOR);
    const link = this.#u32(format.HEAD_LINK_TYPE);
    const known = (major === format.VERSION_MAJOR && minor <= format.VERSION_MINOR) || (major === 543 && minor === 0);
    if (!known) return this.#damage(`pcap version ${major}.${minor} is unknown (2.0 to 2.4 are read)`);
    if ((link & format.LINK_TYPE_RESERVED) !== 0) {
      return this.#damage(`the link type 0x${link.toString(16).padStart(8, "0")} has reserved bits that are not zero`);
    }
    this.#swapped = major === 543 || minor < 3 ? "always" : minor === 3 ? "seen" : "never";
    this.#unitNs = magic === format.MAGIC_NANO ? 1 : 1000;
    this.#recordBytes = magic === format.MAGIC_MODIFIED ? format.MODIFIED_RECORD_BYTES : format.RECORD_BYTES;
    this.#interfaces.push(describe(link, this.#u32(format.HEAD_SNAP_LENGTH)));
    this.#queue.skip(format.HEAD_BYTES);
    this.reading = "a packet record";
    return null;
  }

  #readRecord(): Step {
    const queue = this.#queue;
    if (!queue.has(this.#recordBytes)) return null;
    let captured = this.#u32(format.RECORD_CAPTURED);
    let originalBytes = this.#u32(format.RECORD_ORIGINAL);
    if (this.#swapped === "always" || (this.#swapped === "seen" && captured > originalBytes)) {
      [captured, originalBytes] = [originalBytes, captured];
    }
    if (captured > MAX_PACKET_BYTES)
      return this.#damage(`a packet record claims ${captured} captured bytes, more than ${MAX_PACKET_BYTES}`);
    if (!queue.has(this.#recordBytes + captured)) return null;
    const record = this.#record;
    record.at = queue.at + this.#recordBytes;
    record.bytes = captured;
    record.originalBytes = originalBytes;
    this.#readTime();
    queue.skip(this.#recordBytes + captured);
    return true;
  }

  /** A fraction may be more than a second. */
  #readTime(): void {
    const nanoseconds = this.#u32(format.RECORD_FRACTION) * this.#unitNs;
    const more = nanoseconds < NS_PER_SECOND ? 0 : Math.floor(nanoseconds / NS_PER_SECOND);
    this.#record.setTime(this.#u32(format.RECORD_SECONDS) + more, nanoseconds - more * NS_PER_SECOND);
  }
}

function describe(link: number, snapLength: number): CaptureInterface {
  const linkType = link & format.LINK_TYPE_MASK;
  const fcsBytes = (link & format.FCS_KNOWN) === 0 ? 0 : (link >>> format.FCS_SHIFT) * 2;
  return { linkType, linkTypeName: linkTypeName(linkType), snapLength, fcsBytes, name: null };
}
