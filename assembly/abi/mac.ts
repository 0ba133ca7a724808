/** A value word of the MAC table: port 16 | port generation 8 | flags 8 | last seen, in seconds, 32 (from the lowest bit).
 *  A key word: network 16 | MAC 48 (from the highest bit; the MAC's first byte is its lowest). 0 is "none" for both.     */
export const PORT_MASK = 0xffff;
export const GENERATION_SHIFT = 16;
export const FLAGS_SHIFT = 24;
export const SEEN_SHIFT = 32;

/** Set by the agent; never aged, moved or evicted. */
export const FLAG_STATIC = 1;
/** Seen again since it was learned or last passed over by an eviction. */
export const FLAG_SEEN_AGAIN = 2;
/** Always set in a value, so that no valid value is 0. */
export const FLAG_VALID = 128;
