/** Virtio-net header (linux/virtio_net.h), right below every frame in its slot: what a TAP or packet socket says about a
 *  super-frame or an unfinished checksum, and what it wants to hear; 10 bytes, little endian.
 *  0       1          2           4          6            8
 *  | flags | gso_type | hdr_len   | gso_size | csum_start | csum_offset |
 *  csum_start counts from the frame's first byte, csum_offset from csum_start; hdr_len is all headers through L4; gso_size
 *  is the payload of one segment. All 0: a plain frame. */
import * as abi from "../abi/virtio-net";
import * as tcp from "./tcp";
import * as udp from "./udp";

export const HEADER_BYTES: u32 = abi.HEADER_BYTES;
const FLAGS = 0;
const GSO_TYPE = 1;
const FRAME_HEADER_BYTES = 2;
const SEGMENT_BYTES = 4;
const CHECKSUM_START = 6;
const CHECKSUM_OFFSET = 8;

/** GSO_BY_FRAGS of the kernel. */
const SEGMENT_BYTES_RESERVED: u32 = 0xffff;
/** Where a frame's first tag begins, behind the addresses. */
const TAG: i32 = 12;

/** Flag: the checksum at csum_start + csum_offset is partial. */
export const NEEDS_CHECKSUM: u32 = abi.NEEDS_CHECKSUM;
/** Flag: whoever handed the frame over has verified its checksum. */
export const DATA_VALID: u32 = 2;

export const GSO_NONE: u32 = 0;
export const GSO_TCPV4: u32 = abi.GSO_TCPV4;
/** UDP fragmentation, of old kernels; not sent to us. */
export const GSO_UDP: u32 = 3;
export const GSO_TCPV6: u32 = abi.GSO_TCPV6;
/** UDP segmentation, both families. */
export const GSO_UDP_L4: u32 = 5;
/** Set beside a TCP type: the first segment alone carries CWR. */
export const GSO_ECN: u32 = abi.GSO_ECN;

/** True when a frame of `frameBytes` can be what the header says: offsets within the frame, a known type that goes with its
 *  checksum field, a segment size. False for what the kernel refuses with EINVAL (linux/virtio_net.h, virtio_net_hdr_to_skb). */
export function isValid(header: usize, frameBytes: u32): bool {
  if (headerBytes(header) > frameBytes) return false;
  if (needsChecksum(header) && checksumStart(header) + checksumOffset(header) + 2 > frameBytes) return false;
  const type = gsoType(header);
  if (type == GSO_NONE) return !hasEcn(header);
  const segment = segmentBytes(header);
  return segment != 0 && segment != SEGMENT_BYTES_RESERVED && isTypeValid(header, type);
}

function isTypeValid(header: usize, type: u32): bool {
  if (type == GSO_TCPV4 || type == GSO_TCPV6) return !needsChecksum(header) || checksumOffset(header) == tcp.CHECKSUM_OFFSET;
  if (type == GSO_UDP_L4) return needsChecksum(header) && checksumOffset(header) == udp.CHECKSUM_OFFSET && !hasEcn(header);
  return type == GSO_UDP;
}

/** All ten bytes are 0: a plain frame, nothing else to look at. */
export function isEmpty(header: usize): bool { return (load<u64>(header) | load<u16>(header, 8)) == 0; }

/** NEEDS_CHECKSUM, DATA_VALID. */
export function flags(header: usize): u32 { return load<u8>(header, FLAGS); }
export function needsChecksum(header: usize): bool { return (load<u8>(header, FLAGS) & NEEDS_CHECKSUM) != 0; }
/** GSO_NONE to GSO_UDP_L4, without GSO_ECN. */
export function gsoType(header: usize): u32 { return load<u8>(header, GSO_TYPE) & ~GSO_ECN; }
export function hasEcn(header: usize): bool { return (load<u8>(header, GSO_TYPE) & GSO_ECN) != 0; }
/** Neither a super-frame nor in need of a checksum: any port can take it. */
export function isPlain(header: usize): bool { return !needsChecksum(header) && gsoType(header) == GSO_NONE; }
/** All headers of the frame through L4; 0: not said. A hint. */
export function headerBytes(header: usize): u32 { return load<u16>(header, FRAME_HEADER_BYTES); }
/** Payload of one segment. */
export function segmentBytes(header: usize): u32 { return load<u16>(header, SEGMENT_BYTES); }
/** From the frame's first byte. */
export function checksumStart(header: usize): u32 { return load<u16>(header, CHECKSUM_START); }
/** From `checksumStart`. */
export function checksumOffset(header: usize): u32 { return load<u16>(header, CHECKSUM_OFFSET); }

/** Writes the low 8 bits. */
export function setFlags(header: usize, flags: u32): void { store<u8>(header, flags as u8, FLAGS); }
/** A GSO_ type, with or without GSO_ECN. */
export function setGsoType(header: usize, type: u32): void { store<u8>(header, type as u8, GSO_TYPE); }
/** 0-65,535. */
export function setHeaderBytes(header: usize, bytes: u32): void { store<u16>(header, bytes as u16, FRAME_HEADER_BYTES); }
/** 0-65,535. */
export function setSegmentBytes(header: usize, bytes: u32): void { store<u16>(header, bytes as u16, SEGMENT_BYTES); }
/** 0-65,535. */
export function setChecksumStart(header: usize, offset: u32): void { store<u16>(header, offset as u16, CHECKSUM_START); }
/** 0-65,535. */
export function setChecksumOffset(header: usize, offset: u32): void { store<u16>(header, offset as u16, CHECKSUM_OFFSET); }

/** Makes it the header of a plain frame; 10 bytes are written. */
export function clear(header: usize): void {
  store<u64>(header, 0);
  store<u16>(header, 0, 8);
}

/** Copies 10 bytes; they may overlap. */
export function copy(to: usize, from: usize): void {
  const low = load<u64>(from);
  const high = load<u16>(from, 8);
  store<u64>(to, low);
  store<u16>(to, high, 8);
}

/** After a tag was pushed (`bytes` 4) or popped (-4): moves csum_start if it is in use, and hdr_len if it is said. What
 *  points before the tag or into it stays, and nothing exceeds 65,535: a header that lies does not become worse. */
export function shift(header: usize, bytes: i32): void {
  if (needsChecksum(header)) setChecksumStart(header, moved(checksumStart(header), bytes));
  setHeaderBytes(header, moved(headerBytes(header), bytes));
}

function moved(offset: i32, bytes: i32): u32 {
  return offset < TAG || offset + bytes < TAG ? offset : min<i32>(offset + bytes, 0xffff);
}
