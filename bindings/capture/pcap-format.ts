/** The pcap format (draft-ietf-opsawg-pcap): a head of 24 bytes, then records of 16 bytes and the packet each.
 *
 *  head    0 magic u32 | 4 major u16 | 6 minor u16 | 8 zone, 12 accuracy (unused) | 16 snap length u32 | 20 link type u32
 *  record  0 seconds u32 | 4 fraction u32 | 8 captured bytes u32 | 12 original bytes u32 | packet
 *
 *  The magic number, in the writer's byte order, says that order and the unit of the fraction.
 *  The link type's high bits: FCS length in 16-bit words 31-28 | - 27 | FCS length is known 26 | reserved 25-16.               */
export const MAGIC_MICRO = 0xa1b2c3d4;
export const MAGIC_NANO = 0xa1b23c4d;
/** Kuznetzov's variant: eight more bytes (interface, protocol, direction) in every record. */
export const MAGIC_MODIFIED = 0xa1b2cd34;
export const VERSION_MAJOR = 2;
export const VERSION_MINOR = 4;

export const HEAD_BYTES = 24;
export const HEAD_MAJOR = 4;
export const HEAD_MINOR = 6;
export const HEAD_SNAP_LENGTH = 16;
export const HEAD_LINK_TYPE = 20;
export const FCS_KNOWN = 0x04000000;
export const FCS_SHIFT = 28;
export const LINK_TYPE_MASK = 0xffff;
export const LINK_TYPE_RESERVED = 0x03ff0000;

export const RECORD_BYTES = 16;
export const MODIFIED_RECORD_BYTES = 24;
export const RECORD_SECONDS = 0;
export const RECORD_FRACTION = 4;
export const RECORD_CAPTURED = 8;
export const RECORD_ORIGINAL = 12;
