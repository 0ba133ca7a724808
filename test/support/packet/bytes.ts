/** Bytes put together from numbers, arrays and text: what every builder of packets here is made of. Big endian throughout. */
export type Part = number | string | ArrayLike<number>;

/** Concatenates single bytes, arrays of bytes and ASCII text. */
export function bytes(...parts: Part[]): Uint8Array {
  const arrays = parts.map((part) => (typeof part === "number" ? [part] : typeof part === "string" ? Buffer.from(part) : part));
  const whole = new Uint8Array(arrays.reduce((total, array) => total + array.length, 0));
  let at = 0;
  for (const array of arrays) {
    whole.set(array, at);
    at += array.length;
  }
  return whole;
}

export function u16(value: number): number[] {
  return [(value >>> 8) & 0xff, value & 0xff];
}

export function u24(value: number): number[] {
  return [(value >>> 16) & 0xff, ...u16(value)];
}

export function u32(value: number): number[] {
  return [...u16(value >>> 16), ...u16(value)];
}

/** `count` bytes that repeat no pattern of a power of two: 0, 1, ... 250, 0, ... */
export function ramp(count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, index) => index % 251);
}

/** "02:00:00:00:00:01" or "0200…" as bytes. */
export function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(/[\s:]/g, ""), "hex"));
}

/** The Internet checksum (RFC 1071), 0-65,535. */
export function checksum(...parts: Part[]): number {
  const all = bytes(...parts);
  let sum = 0;
  for (let at = 0; at < all.length; at += 2) sum += ((all[at] ?? 0) << 8) | (all[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
