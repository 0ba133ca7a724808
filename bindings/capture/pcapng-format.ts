/** The pcapng format (draft-ietf-opsawg-pcapng): blocks of a multiple of four bytes, in sections that each have a byte order.
 *
 *  block      0 type u32 | 4 block bytes u32 | body | options | block bytes u32
 *  section    8 byte-order magic u32 | 12 major u16 | 14 minor u16 | 16 section bytes i64 (-1 unknown) | 24 options
 *  interface  8 link type u16 | 10 reserved | 12 snap length u32 | 16 options
 *  enhanced   8 interface u32 | 12 time, high half first, 2 x u32 | 20 captured u32 | 24 original u32 | 28 packet, padded | options
 *  packet     8 interface u16 | 10 drops u16 | as enhanced from 12 (obsolete)
 *  simple     8 original u32 | 12 packet, padded (interface 0, no time, cut to the interface's snap length)
 *  option     0 code u16 | 2 bytes u16 | 4 value, padded                                                                   */
export const SECTION_BLOCK = 0x0a0d0d0a;
export const INTERFACE_BLOCK = 1;
export const PACKET_BLOCK = 2;
export const SIMPLE_BLOCK = 3;
export const ENHANCED_BLOCK = 6;
export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
export const VERSION_MAJOR = 1;

/** Type and length before the body, and the length after it. */
export const BLOCK_HEAD_BYTES = 8;
export const BLOCK_TAIL_BYTES = 4;
export const BLOCK_LENGTH = 4;

export const SECTION_MAGIC = 8;
export const SECTION_MAJOR = 12;
export const SECTION_MINOR = 14;
export const SECTION_OPTIONS = 24;

export const INTERFACE_LINK_TYPE = 8;
export const INTERFACE_SNAP_LENGTH = 12;
export const INTERFACE_OPTIONS = 16;

export const PACKET_INTERFACE = 8;
export const PACKET_TIME_HIGH = 12;
export const PACKET_TIME_LOW = 16;
export const PACKET_CAPTURED = 20;
export const PACKET_ORIGINAL = 24;
export const PACKET_BYTES = 28;

export const SIMPLE_ORIGINAL = 8;
export const SIMPLE_BYTES = 12;

export const OPTION_HEAD_BYTES = 4;
export const OPTION_END = 0;
export const OPTION_COMMENT = 1;
export const OPTION_NAME = 2;
export const OPTION_RESOLUTION = 9;
export const OPTION_FCS_BYTES = 13;
export const OPTION_TIME_OFFSET = 14;

/** Bytes up to the next multiple of four. */
export function padded(bytes: number): number {
  return (bytes + 3) & ~3;
}
