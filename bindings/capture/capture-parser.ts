/** The incremental core of every reader: bytes in, in chunks of any size, frames out. It knows no file and never throws;
 *  where the bytes stop making sense it keeps the frames before and says where and why.
 *
 *     push(chunk) … next() until null … push(chunk) … end() … next() until null: then `damage` tells whether all was well */
import { ByteQueue } from "./byte-queue.ts";
import { CaptureRecord } from "./capture-record.ts";
import { PcapParser, isPcapMagic } from "./pcap-parser.ts";
import { SECTION_BLOCK } from "./pcapng-format.ts";
import { PcapngParser } from "./pcapng-parser.ts";
import type { CaptureDamage, CaptureFrame, CaptureInterface, RecordParser } from "./types.ts";

const MAGIC_BYTES = 4;
/** First bytes of what people take for a capture, with what to do about it. */
const PACKED: [magic: string, what: string][] = [
  ["1f8b", "gzip data inside: unpack it once more"],
  ["28b52ffd", "zstd data: unpack it first"],
  ["fd377a58", "xz data: unpack it first"],
  ["425a68", "bzip2 data: unpack it first"],
  ["04224d18", "lz4 data: unpack it first"],
  ["504b0304", "a zip archive: unpack it first"],
];

export class CaptureParser {
  readonly interfaces: CaptureInterface[] = [];
  damage: CaptureDamage | null = null;
  /** What `advance` has read; its bytes are those of `queue`. */
  readonly record = new CaptureRecord();
  readonly queue = new ByteQueue();
  #records: RecordParser | null = null;
  #ended = false;
  #cutShort: string | null = null;

  /** The format, once four bytes are there. */
  get format(): "pcap" | "pcapng" | null {
    return this.#records?.format ?? null;
  }

  /** Takes the next bytes; they are kept, not copied, until they have been read. */
  push(chunk: Uint8Array): void {
    this.queue.push(chunk);
  }

  /** Says that no byte follows: what then is left over is damage. With `reason`, what cut the bytes short is the damage. */
  end(reason?: string): void {
    this.#ended = true;
    this.#cutShort = reason ?? null;
  }

  /** The next whole frame, or null when there is none (yet). */
  next(): CaptureFrame | null {
    if (!this.advance()) return null;
    const { at, bytes } = this.record;
    return this.record.toFrame(this.queue.bytes.subarray(at, at + bytes));
  }

  /** Reads the next whole record; false when there is none (yet). */
  advance(): boolean {
    if (this.damage !== null) return false;
    this.#records ??= this.#findFormat();
    const step = this.#records?.next() ?? this.damage;
    if (step === true) return true;
    this.damage = step ?? this.#damageAtEnd();
    return false;
  }

  #findFormat(): RecordParser | null {
    if (!this.queue.has(MAGIC_BYTES)) return null;
    const { view, at } = this.queue;
    if (view.getUint32(at, true) === SECTION_BLOCK) return new PcapngParser(this.queue, this.interfaces, this.record);
    for (const little of [true, false]) {
      if (isPcapMagic(view.getUint32(at, little))) return new PcapParser(this.queue, this.interfaces, this.record, little);
    }
    this.damage = { offset: 0, reason: foreign(this.queue.slice(0, MAGIC_BYTES)) };
    return null;
  }

  #damageAtEnd(): CaptureDamage | null {
    if (!this.#ended) return null;
    const { offset, available, asked } = this.queue;
    if (this.#cutShort !== null) return { offset, reason: this.#cutShort };
    if (available === 0 && offset > 0) return null;
    if (available === 0) return { offset: 0, reason: "the file is empty" };
    return { offset, reason: `the file ends ${available} bytes into ${this.#records?.reading ?? "a magic number"} of at least ${asked}` };
  }
}

function foreign(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString("hex");
  const packed = PACKED.find(([magic]) => hex.startsWith(magic));
  return packed === undefined ? `0x${hex} begins neither a pcap nor a pcapng file` : `this is ${packed[1]}`;
}
