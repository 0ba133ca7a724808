/** Bytes as people write them: hexadecimal, with or without spaces, colons, hyphens and line breaks between. */
import { PortyardError } from "../error.ts";

/** @throws PortyardError `bad-hex` with the first that is none. */
export function readHex(text: string): Uint8Array {
  const digits = text.replace(/[\s:-]|0x/g, "");
  const wrong = /[^0-9a-fA-F]/.exec(digits);
  if (wrong !== null) throw badHex(`${JSON.stringify(wrong[0])} is no hexadecimal digit`, wrong[0]);
  if (digits.length % 2 !== 0) throw badHex(`there are ${digits.length} digits, half a byte too many`, digits.length);
  return new Uint8Array(Buffer.from(digits, "hex"));
}

function badHex(why: string, value: unknown): PortyardError {
  return new PortyardError("bad-hex", `The frame cannot be read: ${why}.`, {
    value,
    remedy: "Write two hexadecimal digits for each byte, from the destination MAC on.",
  });
}
