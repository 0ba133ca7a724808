/** Options of pcapng blocks: code, length, value, each padded to four bytes, until the end option or the end of the block. */
import { OPTION_END, OPTION_HEAD_BYTES, padded } from "./pcapng-format.ts";

/** One option; `at` is where its value begins in the view. */
export interface Option {
  code: number;
  at: number;
  bytes: number;
}

/** The options between `from` and `to`, a multiple of four bytes, or the reason why they cannot be read. */
export function readOptions(view: DataView, from: number, to: number, little: boolean): Option[] | string {
  const options: Option[] = [];
  let at = from;
  while (at < to) {
    const code = view.getUint16(at, little);
    const bytes = view.getUint16(at + 2, little);
    if (code === OPTION_END) return options;
    at += OPTION_HEAD_BYTES;
    if (bytes > to - at) return `option ${code} claims ${bytes} bytes where ${to - at} are left`;
    options.push({ code, at, bytes });
    at += padded(bytes);
  }
  return options;
}

/** The value of an option that holds text. */
export function optionText(view: DataView, option: Option): string {
  return Buffer.from(view.buffer, view.byteOffset + option.at, option.bytes).toString("utf8");
}
