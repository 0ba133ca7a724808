/** MAC addresses as text and as the two numbers that cross into Wasm: the low 32 bits hold the first four bytes, the first
 *  byte lowest; the high 16 bits the last two. */

/** @param mac as 02:00:00:00:00:0c; checked before. @returns [low 32 bits, high 16 bits]. */
export function splitMac(mac: string): [number, number] {
  const bytes = mac.split(":").map((byte) => Number.parseInt(byte, 16));
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = bytes;
  return [(a | (b << 8) | (c << 16) | (d << 24)) >>> 0, e | (f << 8)];
}

/** The text of a MAC from its two numbers. */
export function joinMac(low: number, high: number): string {
  const bytes = [low & 0xff, (low >>> 8) & 0xff, (low >>> 16) & 0xff, low >>> 24, high & 0xff, (high >>> 8) & 0xff];
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

/** The MAC in six bytes of a frame. @returns [low 32 bits, high 16 bits]. */
export function readMac(bytes: Uint8Array, at: number): [number, number] {
  const byte = (index: number): number => bytes[at + index] ?? 0;
  return [(byte(0) | (byte(1) << 8) | (byte(2) << 16) | (byte(3) << 24)) >>> 0, byte(4) | (byte(5) << 8)];
}
