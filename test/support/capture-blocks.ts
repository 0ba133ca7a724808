/** Builds capture files block by block, also such as our own writer never makes: old and simple packets, odd clocks, unknown
 *  blocks, wrong lengths. Written from the format's description alone, so that it checks the reader and the writer.       */

/** Numbers as bytes, little or big endian. */
export function numbers(little: boolean) {
  const whole = (bytes: number, set: (view: DataView) => void): number[] => {
    const view = new DataView(new ArrayBuffer(bytes));
    set(view);
    return [...new Uint8Array(view.buffer)];
  };
  return {
    u16: (value: number) => whole(2, (view) => view.setUint16(0, value, little)),
    u32: (value: number) => whole(4, (view) => view.setUint32(0, value, little)),
    i64: (value: bigint) => whole(8, (view) => view.setBigInt64(0, value, little)),
  };
}

function padding(bytes: ArrayLike<number>): number[] {
  return new Array((4 - (bytes.length % 4)) % 4).fill(0);
}

/** Blocks of pcapng in one byte order. */
export function blocks(little: boolean) {
  const { u16, u32, i64 } = numbers(little);
  const block = (type: number, body: number[]): number[] => {
    const padded = [...body, ...padding(body)];
    const length = u32(padded.length + 12);
    return [...u32(type), ...length, ...padded, ...length];
  };
  const option = (code: number, value: ArrayLike<number>): number[] => [
    ...u16(code),
    ...u16(value.length),
    ...Array.from(value),
    ...padding(value),
  ];
  const packet = (bytes: ArrayLike<number>): number[] => [...Array.from(bytes), ...padding(bytes)];
  const time = (ticks: bigint): number[] => [...u32(Number(ticks >> 32n)), ...u32(Number(ticks & 0xffffffffn))];
  return {
    block,
    option,
    section: (options: number[] = [], major = 1, minor = 0) =>
      block(0x0a0d0d0a, [...u32(0x1a2b3c4d), ...u16(major), ...u16(minor), ...i64(-1n), ...options]),
    description: (linkType = 1, snapLength = 0, options: number[] = []) =>
      block(1, [...u16(linkType), ...u16(0), ...u32(snapLength), ...options]),
    enhanced: (index: number, ticks: bigint, bytes: ArrayLike<number>, originalBytes = bytes.length, options: number[] = []) =>
      block(6, [...u32(index), ...time(ticks), ...u32(bytes.length), ...u32(originalBytes), ...packet(bytes), ...options]),
    old: (index: number, ticks: bigint, bytes: ArrayLike<number>, originalBytes = bytes.length, drops = 0) =>
      block(2, [...u16(index), ...u16(drops), ...time(ticks), ...u32(bytes.length), ...u32(originalBytes), ...packet(bytes)]),
    simple: (bytes: ArrayLike<number>, originalBytes = bytes.length) => block(3, [...u32(originalBytes), ...packet(bytes)]),
    i64,
  };
}

/** Head and records of pcap in one byte order. */
export function records(little: boolean) {
  const { u16, u32 } = numbers(little);
  return {
    head: (magic = 0xa1b2c3d4, linkType = 1, major = 2, minor = 4, snapLength = 65535) => [
      ...u32(magic),
      ...u16(major),
      ...u16(minor),
      ...u32(0),
      ...u32(0),
      ...u32(snapLength),
      ...u32(linkType),
    ],
    record: (seconds: number, fraction: number, bytes: number[], originalBytes = bytes.length, captured = bytes.length) => [
      ...u32(seconds),
      ...u32(fraction),
      ...u32(captured),
      ...u32(originalBytes),
      ...bytes,
    ],
    u32,
  };
}
