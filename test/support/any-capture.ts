/** Random capture files of every shape that the formats allow, made block by block, and what a reader must find in them: both byte
 *  orders, all versions and clocks of pcap; sections of either order, interfaces anywhere, every kind of packet block, options and blocks
 *  that nobody knows. */
import fc from "fast-check";
import { blocks, records } from "./capture-blocks.ts";

export interface MadeFrame {
  bytes: number[];
  originalBytes: number;
  timeNs: bigint;
  interface: number;
  comment: string | undefined;
}

export interface MadeCapture {
  file: Uint8Array;
  /** Where each record or block ends, and what it holds. */
  parts: { end: number; frame: MadeFrame | null }[];
  interfaces: { linkType: number; snapLength: number; fcsBytes: number; name: string | null }[];
}

type Made<Arbitrary> = Arbitrary extends fc.Arbitrary<infer Value> ? Value : never;

const NS_PER_SECOND = 1_000_000_000n;
const LAST_U32 = 0xffffffff;
const LONGEST_FRAME = 40;
const contents = fc.uint8Array({ maxLength: LONGEST_FRAME });
const text = fc.string({ unit: "binary", maxLength: 12 }).map((made) => Buffer.from(made).toString());
const linkType = fc.oneof(fc.constant(1), fc.nat(0xffff));
const cut = fc.nat(2000);

class Writer {
  readonly parts: MadeCapture["parts"] = [];
  readonly interfaces: MadeCapture["interfaces"] = [];
  readonly #bytes: number[] = [];

  add(part: number[], frame: MadeFrame | null = null): void {
    for (const byte of part) this.#bytes.push(byte);
    this.parts.push({ end: this.#bytes.length, frame });
  }

  made(): MadeCapture {
    return { file: Uint8Array.from(this.#bytes), parts: this.parts, interfaces: this.interfaces };
  }
}

const MICRO = 0xa1b2c3d4;
const NANO = 0xa1b23c4d;
const MODIFIED = 0xa1b2cd34;
const MODIFIED_BYTES = 8;
const LENGTHS_END = 16;

const pcapModel = fc.record({
  little: fc.boolean(),
  magic: fc.constantFrom(MICRO, NANO, MODIFIED),
  version: fc.constantFrom([2, 4] as const, [2, 3] as const, [2, 2] as const, [2, 0] as const, [543, 0] as const),
  linkType,
  snapLength: fc.integer({ min: 0, max: LAST_U32 }),
  frames: fc.array(
    fc.record({ bytes: contents, missing: cut, seconds: fc.integer({ min: 0, max: LAST_U32 }), fraction: fc.nat(999_999) }),
    {
      maxLength: 6,
    },
  ),
});

function writePcapModel({ little, magic, version: [major, minor], frames, ...head }: Made<typeof pcapModel>): MadeCapture {
  const make = records(little);
  const writer = new Writer();
  writer.interfaces.push({ ...head, fcsBytes: 0, name: null });
  writer.add(make.head(magic, head.linkType, major, minor, head.snapLength));
  const isSwapped = major === 543 || minor < 3;
  for (const { bytes, missing, seconds, fraction } of frames) {
    const original = bytes.length + missing;
    const [first, second] = isSwapped ? [original, bytes.length] : [bytes.length, original];
    const record = make.record(seconds, fraction, [...bytes], second, first);
    if (magic === MODIFIED) record.splice(LENGTHS_END, 0, ...new Array<number>(MODIFIED_BYTES).fill(9));
    const timeNs = BigInt(seconds) * NS_PER_SECOND + BigInt(fraction) * (magic === NANO ? 1n : 1000n);
    writer.add(record, { bytes: [...bytes], originalBytes: original, timeNs, interface: 0, comment: undefined });
  }
  return writer.made();
}

/** Of the types that a reader knows none; of those that are registered, statistics and names. */
const foreignType = fc.constantFrom(4, 5, 7, 9, 0xbad, 0x40000bad, 0x80000001);

const interfaceModel = fc.record({
  kind: fc.constant("interface" as const),
  linkType,
  snapLength: fc.constantFrom(0, 0, 10, LONGEST_FRAME, 65535),
  name: fc.option(text, { nil: null }),
  exponent: fc.option(fc.nat(30), { nil: null }),
  isBinary: fc.boolean(),
  offset: fc.option(fc.bigInt({ min: -(1n << 31n), max: 1n << 31n }), { nil: null }),
  fcsBytes: fc.option(fc.constantFrom(0, 4), { nil: null }),
  comment: fc.option(text, { nil: null }),
  isEnded: fc.boolean(),
});
const packetModel = fc.record({
  kind: fc.constantFrom("enhanced" as const, "old" as const, "simple" as const),
  bytes: contents,
  missing: cut,
  ticks: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  index: fc.nat(100),
  comments: fc.array(text, { maxLength: 2 }),
  flags: fc.option(fc.uint8Array({ minLength: 4, maxLength: 4 }), { nil: null }),
  foreign: fc.option(fc.tuple(fc.integer({ min: 100, max: 0xffff }), fc.uint8Array({ maxLength: 9 })), { nil: null }),
  isEnded: fc.boolean(),
});
const foreignModel = fc.record({ kind: fc.constant("foreign" as const), type: foreignType, body: fc.uint8Array({ maxLength: 30 }) });
const sectionModel = fc.record({
  little: fc.boolean(),
  minor: fc.constantFrom(0, 2),
  comment: fc.option(text, { nil: null }),
  first: interfaceModel,
  items: fc.array(fc.oneof({ weight: 5, arbitrary: packetModel }, interfaceModel, foreignModel), { maxLength: 6 }),
});

type Interface = Made<typeof interfaceModel>;
type Packet = Made<typeof packetModel>;

/** One section on its way into a file. */
class SectionWriter {
  readonly #writer: Writer;
  readonly #make: ReturnType<typeof blocks>;
  readonly #own: Interface[] = [];
  readonly #firstIndex: number;

  constructor(writer: Writer, { little, minor, comment }: Made<typeof sectionModel>) {
    this.#writer = writer;
    this.#make = blocks(little);
    this.#firstIndex = writer.interfaces.length;
    writer.add(this.#make.section(comment === null ? [] : this.#text(1, comment), 1, minor));
  }

  #text(code: number, value: string): number[] {
    return this.#make.option(code, Buffer.from(value));
  }

  describe(each: Interface): void {
    const { name, exponent, isBinary, offset, fcsBytes, comment, isEnded } = each;
    const { option, i64 } = this.#make;
    const options = [
      ...(comment === null ? [] : this.#text(1, comment)),
      ...(name === null ? [] : this.#text(2, name)),
      ...(exponent === null ? [] : option(9, [exponent | (isBinary ? 0x80 : 0)])),
      ...(fcsBytes === null ? [] : option(13, [fcsBytes])),
      ...(offset === null ? [] : option(14, i64(offset))),
      ...(isEnded ? option(0, []) : []),
    ];
    this.#own.push(each);
    this.#writer.interfaces.push({ linkType: each.linkType, snapLength: each.snapLength, fcsBytes: fcsBytes ?? 0, name });
    this.#writer.add(this.#make.description(each.linkType, each.snapLength, options));
  }

  foreign(type: number, body: Uint8Array): void {
    this.#writer.add(this.#make.block(type, [...body]));
  }

  packet(packet: Packet): void {
    if (packet.kind === "simple") return this.#simple(packet);
    const { kind, bytes, missing, ticks } = packet;
    const index = packet.index % this.#own.length;
    const originalBytes = bytes.length + missing;
    const frame = {
      bytes: [...bytes],
      originalBytes,
      timeNs: timeOf(this.#own[index] as Interface, ticks),
      interface: this.#firstIndex + index,
    };
    if (kind === "old") return this.#writer.add(this.#make.old(index, ticks, bytes, originalBytes, 7), { ...frame, comment: undefined });
    const comment = packet.comments.length === 0 ? undefined : packet.comments.join("\n");
    this.#writer.add(this.#make.enhanced(index, ticks, bytes, originalBytes, this.#options(packet)), { ...frame, comment });
  }

  /** No time, of the section's first interface, and cut by its snap length alone. */
  #simple({ bytes }: Packet): void {
    const snapLength = (this.#own[0] as Interface).snapLength;
    const kept = snapLength === 0 ? bytes : bytes.subarray(0, snapLength);
    const frame = { bytes: [...kept], originalBytes: bytes.length, timeNs: 0n, interface: this.#firstIndex, comment: undefined };
    this.#writer.add(this.#make.simple(kept, bytes.length), frame);
  }

  #options({ comments, flags, foreign, isEnded }: Packet): number[] {
    return [
      ...(flags === null ? [] : this.#make.option(2, flags)),
      ...comments.flatMap((comment) => this.#text(1, comment)),
      ...(foreign === null ? [] : this.#make.option(foreign[0], foreign[1])),
      ...(isEnded ? this.#make.option(0, []) : []),
    ];
  }
}

/** Microseconds where nothing is said. */
function timeOf({ exponent, isBinary, offset }: Interface, ticks: bigint): bigint {
  const unit = exponent === null ? 1_000_000n : isBinary ? 2n ** BigInt(exponent) : 10n ** BigInt(exponent);
  return (ticks * NS_PER_SECOND) / unit + (offset ?? 0n) * NS_PER_SECOND;
}

function writePcapngModel(sections: Made<typeof sectionModel>[]): MadeCapture {
  const writer = new Writer();
  for (const section of sections) {
    const into = new SectionWriter(writer, section);
    into.describe(section.first);
    for (const item of section.items) {
      if (item.kind === "interface") into.describe(item);
      else if (item.kind === "foreign") into.foreign(item.type, item.body);
      else into.packet(item);
    }
  }
  return writer.made();
}

export const anyPcap: fc.Arbitrary<MadeCapture> = pcapModel.map(writePcapModel);
export const anyPcapng: fc.Arbitrary<MadeCapture> = fc.array(sectionModel, { minLength: 1, maxLength: 3 }).map(writePcapngModel);
