/** What a capture file may claim before it is taken for damaged (the bounds of packets and blocks are libpcap's), and may be given to hold. */

/** Bytes of one captured packet, of either format: what a writer takes, a reader does. */
export const MAX_PACKET_BYTES = 262144;
/** Bytes of one pcapng block. */
export const MAX_BLOCK_BYTES = 16 * 1024 * 1024;
/** Interfaces of one pcapng file. */
export const MAX_INTERFACES = 65536;
/** Bytes of an option of a pcapng block, for example a comment: its length has 16 bits. */
export const MAX_OPTION_BYTES = 65535;
