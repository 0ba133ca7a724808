/** TCP header (RFC 9293); 20 bytes and up to 40 of options.
 *  0        2        4          8                12                    13      14       16         18
 *  | source | target | sequence | acknowledgment | data offset 4 bits  | flags | window | checksum | urgent |
 *  The checksum covers pseudo header, header and payload. */
import { load16, store16 } from "../memory/bytes";
import { finish, sum, verify } from "./checksum";

/** Without options. */
export const HEADER_BYTES: u32 = 20;
/** As csum_offset of a virtio-net header names it. */
export const CHECKSUM_OFFSET: u32 = 16;
const SOURCE_PORT = 0;
const TARGET_PORT = 2;
const SEQUENCE = 4;
const ACKNOWLEDGMENT = 8;
const DATA_OFFSET = 12;
const FLAGS = 13;
const WINDOW = 14;
const CHECKSUM = 16;
const URGENT = 18;

export const FIN: u32 = 0x01;
export const SYN: u32 = 0x02;
export const RST: u32 = 0x04;
export const PSH: u32 = 0x08;
export const ACK: u32 = 0x10;
export const URG: u32 = 0x20;
export const ECE: u32 = 0x40;
export const CWR: u32 = 0x80;

// options: kind u8, length u8 (both included), data; END and NONE are one byte
const OPTION_END: u32 = 0;
const OPTION_NONE: u32 = 1;
/** Maximum segment size: 16 bits behind kind and length; in a SYN only. */
export const OPTION_MSS: u32 = 2;
export const OPTION_MSS_BYTES: u32 = 4;
/** TCP-AO (RFC 5925): a signature that may cover the other options. */
export const OPTION_AUTHENTICATION: u32 = 29;
const OPTION_MSS_VALUE: usize = 2;

/** True when `availableBytes` hold the header with its options. */
export function isValid(tcp: usize, availableBytes: u32): bool {
  if (availableBytes < HEADER_BYTES) return false;
  const header = headerBytes(tcp);
  return header >= HEADER_BYTES && header <= availableBytes;
}

/** 0-65,535. */
export function sourcePort(tcp: usize): u32 { return load16(tcp + SOURCE_PORT); }
/** 0-65,535. */
export function targetPort(tcp: usize): u32 { return load16(tcp + TARGET_PORT); }
/** 32 bits. */
export function sequence(tcp: usize): u32 { return bswap<u32>(load<u32>(tcp, SEQUENCE)); }
/** 32 bits; means something with ACK. */
export function acknowledgment(tcp: usize): u32 { return bswap<u32>(load<u32>(tcp, ACKNOWLEDGMENT)); }
/** 0-60; a valid header has 20 or more. */
export function headerBytes(tcp: usize): u32 { return ((load<u8>(tcp, DATA_OFFSET) as u32) >> 4) << 2; }
/** 8 bits: FIN to CWR. */
export function flags(tcp: usize): u32 { return load<u8>(tcp, FLAGS); }
/** 0-65,535, unscaled. */
export function window(tcp: usize): u32 { return load16(tcp + WINDOW); }
/** 16 bits. */
export function checksum(tcp: usize): u32 { return load16(tcp + CHECKSUM); }
/** 16 bits; means something with URG. */
export function urgent(tcp: usize): u32 { return load16(tcp + URGENT); }

/** 0-255. */
export function optionKind(option: usize): u32 { return load<u8>(option); }
/** Bytes of the option, of which `availableBytes` (1 or more) are left in the header; 0: the list ends here, or is broken. */
export function optionBytes(option: usize, availableBytes: u32): u32 {
  const kind = optionKind(option);
  if (kind == OPTION_END) return 0;
  if (kind == OPTION_NONE) return 1;
  if (availableBytes < 2) return 0;
  const bytes: u32 = load<u8>(option, 1);
  return bytes < 2 || bytes > availableBytes ? 0 : bytes;
}
/** Of an option of OPTION_MSS_BYTES: 0-65,535. */
export function announcedMss(option: usize): u32 { return load16(option + OPTION_MSS_VALUE); }
/** Writes the low 16 bits. */
export function setAnnouncedMss(option: usize, bytes: u32): void { store16(option + OPTION_MSS_VALUE, bytes); }

/** Writes the low 16 bits; the checksum is left as it is, as with every setter. */
export function setSourcePort(tcp: usize, port: u32): void { store16(tcp + SOURCE_PORT, port); }
/** Writes the low 16 bits. */
export function setTargetPort(tcp: usize, port: u32): void { store16(tcp + TARGET_PORT, port); }
/** 32 bits. */
export function setSequence(tcp: usize, value: u32): void { store<u32>(tcp, bswap<u32>(value), SEQUENCE); }
/** 32 bits. */
export function setAcknowledgment(tcp: usize, value: u32): void { store<u32>(tcp, bswap<u32>(value), ACKNOWLEDGMENT); }
/** Writes the low 8 bits. */
export function setFlags(tcp: usize, flags: u32): void { store<u8>(tcp, flags as u8, FLAGS); }
/** Writes the low 16 bits. */
export function setWindow(tcp: usize, value: u32): void { store16(tcp + WINDOW, value); }
/** Writes the low 16 bits. */
export function setChecksum(tcp: usize, value: u32): void { store16(tcp + CHECKSUM, value); }

/** Writes a whole header of 20 bytes, with a window of 0; the checksum is left to `updateChecksum`. */
export function write(tcp: usize, sourcePort: u32, targetPort: u32, sequence: u32, acknowledgment: u32, flags: u32): void {
  setSourcePort(tcp, sourcePort);
  setTargetPort(tcp, targetPort);
  setSequence(tcp, sequence);
  setAcknowledgment(tcp, acknowledgment);
  store<u8>(tcp, <u8>(HEADER_BYTES << 2), DATA_OFFSET);
  setFlags(tcp, flags);
  setWindow(tcp, 0);
  setChecksum(tcp, 0);
  store16(tcp + URGENT, 0);
}

/** Computes the checksum anew; `bytes` of header and payload, `pseudo` from `pseudoHeader` of ipv4 or ipv6. */
export function updateChecksum(tcp: usize, bytes: u32, pseudo: u64): void {
  setChecksum(tcp, 0);
  setChecksum(tcp, finish(sum(tcp, bytes, pseudo)));
}
/** `bytes` of header and payload, `pseudo` from `pseudoHeader` of ipv4 or ipv6. */
export function hasValidChecksum(tcp: usize, bytes: u32, pseudo: u64): bool { return verify(sum(tcp, bytes, pseudo)); }
