/** A frame's descriptor (DESCRIPTOR_BYTES each, one for each slot): where the frame lies and what ingress found in it.
 *
 *  0   frame pointer u32 | frame bytes u32 | slot u32 | references u32 (queued or pending writes, +1 while processed)
 *  16  port u32 | network u32 | flags u32 | reason u32
 *  32  destination MAC u64 | source MAC u64
 *  48  EtherType u32 (behind the tags) | L3 offset u32 | L4 offset u32 (0 none) | protocol u32
 *  64  packet bytes u32 (of the IP packet by its own length, header included) | missing u32 (of a frame that a capture cut) */
export const FRAME = 0;
export const BYTES = 4;
export const SLOT = 8;
export const REFERENCES = 12;
export const PORT = 16;
export const NETWORK = 20;
export const FLAGS = 24;
export const REASON = 28;
export const DESTINATION = 32;
export const SOURCE = 40;
export const ETHER_TYPE = 48;
export const L3 = 52;
export const L4 = 56;
export const PROTOCOL = 60;
export const PACKET_BYTES = 64;
export const MISSING = 68;

/** A tag remains in the frame (it was not the network's own). */
export const FLAG_TAGGED = 1;
export const FLAG_IPV4 = 2;
export const FLAG_IPV6 = 4;
export const FLAG_ARP = 8;
/** A fragment: no L4 header for us, or (first one) one that must not be acted on. */
export const FLAG_FRAGMENT = 16;
/** The destination is a group address. */
export const FLAG_GROUP = 32;
/** IPv6 whose extension headers go on beyond what is walked: what they lead to is not known. */
export const FLAG_CHAIN_CUT = 64;
/** It was given other ends by the service stage: it may leave by the port that it came from. */
export const FLAG_SERVED = 128;

// verdicts of a stage
export const CONTINUE = 0;
export const DROP = 1;
export const CONSUME = 2;
