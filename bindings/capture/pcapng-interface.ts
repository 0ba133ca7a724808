/** Interface descriptions of pcapng: link type, snap length, and how the interface's clock counts. */
import type { CaptureRecord } from "./capture-record.ts";
import { linkTypeName } from "./link-type.ts";
import * as format from "./pcapng-format.ts";
import { type Option, optionText, readOptions } from "./pcapng-option.ts";
import type { CaptureInterface } from "./types.ts";

const NS_PER_SECOND = 1_000_000_000n;
const MICROSECONDS = 6;
const NANOSECONDS = 9;

/** Reads a time, in ticks of an interface's clock, into a record, in nanoseconds since 1970, rounding down.
 *  @param high upper 32 bits of the ticks. */
export type Clock = (high: number, low: number, record: CaptureRecord) => void;

/** The clock of `if_tsresol` (a power of ten, or of two where the high bit is set) and `if_tsoffset` (seconds). */
export function clock(resolution: number, offsetSeconds: bigint): Clock {
  if (resolution === MICROSECONDS && offsetSeconds === 0n) return readMicroseconds;
  if (resolution === NANOSECONDS && offsetSeconds === 0n) return readNanoseconds;
  const toNs = exactClock(resolution, offsetSeconds);
  return (high, low, record) => record.setExactTime(toNs((BigInt(high) << 32n) | BigInt(low)));
}

// numbers are exact below 2^53: 2^32 µs are 4,294 s and 967,296 µs; 2^48 ns are 281,474 s and 976,710,656 ns
function readMicroseconds(high: number, low: number, record: CaptureRecord): void {
  const rest = high * 967_296 + low;
  const seconds = Math.floor(rest / 1e6);
  record.setTime(high * 4_294 + seconds, (rest - seconds * 1e6) * 1000);
}

function readNanoseconds(high: number, low: number, record: CaptureRecord): void {
  const top = high >>> 16;
  const middle = high & 0xffff;
  const rest = top * 976_710_656 + middle * 294_967_296 + low;
  const seconds = Math.floor(rest / 1e9);
  record.setTime(top * 281_474 + middle * 4 + seconds, rest - seconds * 1e9);
}

function exactClock(resolution: number, offsetSeconds: bigint): (ticks: bigint) => bigint {
  const offsetNs = offsetSeconds * NS_PER_SECOND;
  const exponent = BigInt(resolution & 0x7f);
  if ((resolution & 0x80) !== 0) return (ticks) => ((ticks * NS_PER_SECOND) >> exponent) + offsetNs;
  if (exponent > 9n) {
    const ticksPerNs = 10n ** (exponent - 9n);
    return (ticks) => ticks / ticksPerNs + offsetNs;
  }
  const nsPerTick = 10n ** (9n - exponent);
  return (ticks) => ticks * nsPerTick + offsetNs;
}

/** Options of an interface whose value has one right length. */
const FIXED: Record<number, [name: string, bytes: number]> = {
  [format.OPTION_RESOLUTION]: ["if_tsresol", 1],
  [format.OPTION_FCS_BYTES]: ["if_fcslen", 1],
  [format.OPTION_TIME_OFFSET]: ["if_tsoffset", 8],
};

/** Reads an interface block that begins at `at` and whose options end at `to`; gives the reason when it cannot. */
export function readInterface(
  view: DataView,
  at: number,
  to: number,
  little: boolean,
): { described: CaptureInterface; clock: Clock } | string {
  const options = readOptions(view, at + format.INTERFACE_OPTIONS, to, little);
  if (typeof options === "string") return options;
  const wrong = options.find((option) => (FIXED[option.code]?.[1] ?? option.bytes) !== option.bytes);
  if (wrong !== undefined) return wrongLength(wrong);
  const find = (code: number): Option | undefined => options.find((option) => option.code === code);
  const byte = (code: number, otherwise: number): number => {
    const option = find(code);
    return option === undefined ? otherwise : view.getUint8(option.at);
  };
  const name = find(format.OPTION_NAME);
  const offset = find(format.OPTION_TIME_OFFSET);
  const linkType = view.getUint16(at + format.INTERFACE_LINK_TYPE, little);
  return {
    described: {
      linkType,
      linkTypeName: linkTypeName(linkType),
      snapLength: view.getUint32(at + format.INTERFACE_SNAP_LENGTH, little),
      fcsBytes: byte(format.OPTION_FCS_BYTES, 0),
      name: name === undefined ? null : optionText(view, name),
    },
    clock: clock(byte(format.OPTION_RESOLUTION, MICROSECONDS), offset === undefined ? 0n : view.getBigInt64(offset.at, little)),
  };
}

function wrongLength(option: Option): string {
  const [name, bytes] = FIXED[option.code] ?? ["option", 0];
  return `the option ${name} has ${option.bytes} bytes instead of ${bytes}`;
}
