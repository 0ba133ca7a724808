/** The same work as bench/wasm/wire.ts in plain TypeScript over a DataView, as a program would write it that has no Wasm:
 *  no objects on the way, 32-bit reads where they help. */
const ETHERNET_BYTES = 14;
const TAG_BYTES = 4;
const IPV6_BYTES = 40;
const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const TCP = 6;
const UDP = 17;
const ICMPV6 = 58;
const NO_NEXT_HEADER = 59;
const AUTHENTICATION = 51;
const FRAGMENT = 44;
const MAX_HEADERS = 8;
const MAX_CHAIN_BYTES = 256;

/** The uncomplemented sum, not yet folded; `bytes` up to 2^22. */
function sum(view: DataView, at: number, bytes: number): number {
  let total = 0;
  const end = at + bytes;
  for (; at + 4 <= end; at += 4) total += view.getUint32(at);
  if (at + 2 <= end) {
    total += view.getUint16(at);
    at += 2;
  }
  return at < end ? total + view.getUint8(at) * 256 : total;
}

function finish(total: number): number {
  while (total > 0xffff) total = (total % 0x10000) + Math.floor(total / 0x10000);
  return total ^ 0xffff;
}

/** The checksum of `bytes` bytes. */
export function sumBytes(view: DataView, at: number, bytes: number): number {
  return finish(sum(view, at, bytes));
}

/** Reads `frames` frames, which begin `stride` bytes apart, up to their ports; the sum of what was read. */
export function parseFrames(view: DataView, first: number, stride: number, bytes: number, frames: number): number {
  let total = 0;
  for (let i = 0; i < frames; i++) total = (total + parse(view, first + i * stride, bytes)) | 0;
  return total >>> 0;
}

const isTag = (type: number): boolean => type === 0x8100 || type === 0x88a8 || type === 0x9100;

function parse(view: DataView, frame: number, bytes: number): number {
  let type = view.getUint16(frame + 12);
  let offset = ETHERNET_BYTES;
  if (isTag(type) && bytes - offset >= TAG_BYTES) {
    type = view.getUint16(frame + offset + 2);
    offset += TAG_BYTES;
  }
  const destination = view.getUint32(frame, true) + view.getUint16(frame + 4, true);
  const source = view.getUint32(frame + 6, true) + view.getUint16(frame + 10, true);
  return (destination + source + type + layer3(view, frame + offset, type, bytes - offset)) | 0;
}

function layer3(view: DataView, ip: number, type: number, available: number): number {
  if (type === IPV4) return layer3Ipv4(view, ip, available);
  if (type !== IPV6 || available < IPV6_BYTES || view.getUint8(ip) >> 4 !== 6) return 0;
  const total = IPV6_BYTES + view.getUint16(ip + 4);
  return total > available ? 0 : walk(view, ip, total);
}

function layer3Ipv4(view: DataView, ip: number, available: number): number {
  if (available < 20 || view.getUint8(ip) >> 4 !== 4) return 0;
  const header = (view.getUint8(ip) & 15) << 2;
  const total = view.getUint16(ip + 2);
  if (header < 20 || header > total || total > available || (view.getUint16(ip + 6) & 0x3fff) !== 0) return 0;
  return ports(view, ip + header, view.getUint8(ip + 9), total - header);
}

const isExtension = (type: number): boolean => type === 0 || type === 43 || type === FRAGMENT || type === AUTHENTICATION || type === 60;

function extensionBytes(view: DataView, header: number, type: number): number {
  if (type === FRAGMENT) return 8;
  const length = view.getUint8(header + 1);
  return type === AUTHENTICATION ? (length + 2) << 2 : (length + 1) << 3;
}

function walk(view: DataView, ip: number, end: number): number {
  let protocol = view.getUint8(ip + 6);
  let offset = IPV6_BYTES;
  for (let count = 0; isExtension(protocol); count++) {
    if (count === MAX_HEADERS || offset + 8 > end) return 0;
    const bytes = extensionBytes(view, ip + offset, protocol);
    if (offset + bytes > IPV6_BYTES + MAX_CHAIN_BYTES) return 0;
    if (protocol === FRAGMENT && (view.getUint16(ip + offset + 2) & 0xfff8) !== 0) return 0;
    protocol = view.getUint8(ip + offset);
    offset += bytes;
  }
  return protocol === NO_NEXT_HEADER || offset >= end ? 0 : ports(view, ip + offset, protocol, end - offset);
}

function ports(view: DataView, l4: number, protocol: number, available: number): number {
  if (protocol === TCP && available >= 20) {
    const header = (view.getUint8(l4 + 12) >> 4) << 2;
    if (header >= 20 && header <= available) return view.getUint16(l4) + view.getUint16(l4 + 2);
  }
  if (protocol === UDP && available >= 8) {
    const bytes = view.getUint16(l4 + 4);
    if (bytes >= 8 && bytes <= available) return view.getUint16(l4) + view.getUint16(l4 + 2);
  }
  return protocol;
}

/** Pushes a tag into the frame and pops it, `times` times; where the frame lies then, which is where it lay. */
export function tagFrame(view: DataView, bytes: Uint8Array, frame: number, times: number): number {
  for (let i = 0; i < times; i++) {
    bytes.copyWithin(frame - 14, frame - 10, frame + 12);
    view.setUint16(frame + 8, 0x8100);
    view.setUint16(frame + 10, i & 0xfff);
    bytes.copyWithin(frame - 10, frame - 14, frame + 8);
  }
  return frame;
}

/** Writes a neighbour advertisement for the solicitation in the frame at `from` to `to`, `times` times; its checksum.
 *  `mac` points to 6 bytes. */
export function answerSolicitation(view: DataView, bytes: Uint8Array, to: number, from: number, mac: number, times: number): number {
  const ip = to + ETHERNET_BYTES;
  const message = ip + IPV6_BYTES;
  for (let i = 0; i < times; i++) {
    bytes.copyWithin(to, from + 6, from + 12);
    bytes.copyWithin(to + 6, mac, mac + 6);
    view.setUint16(to + 12, IPV6);
    writeIpv6(view, bytes, ip, from + ETHERNET_BYTES);
    view.setUint32(message, 0x88000000);
    view.setUint32(message + 4, 0x60000000);
    bytes.copyWithin(message + 8, from + 62, from + 78);
    view.setUint16(message + 24, 0x0201);
    bytes.copyWithin(message + 26, mac, mac + 6);
    view.setUint16(message + 2, finish(sum(view, ip + 8, 32) + 32 + ICMPV6 + sum(view, message, 32)));
  }
  return view.getUint16(message + 2);
}

function writeIpv6(view: DataView, bytes: Uint8Array, ip: number, question: number): void {
  view.setUint32(ip, 0x60000000);
  view.setUint16(ip + 4, 32);
  view.setUint16(ip + 6, 0x3aff);
  bytes.copyWithin(ip + 8, question + 48, question + 64);
  bytes.copyWithin(ip + 24, question + 8, question + 24);
}
