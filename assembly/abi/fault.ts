/** A frame that makes a worker fail on purpose, to show what becomes of that. Only the debug build knows it, and only where
 *  CONFIG_FAULTS allows it.
 *
 *  0 destination, source MAC | 12 EtherType 0x88b5 (IEEE 802, local experiments) | 14 "pyrdfail" | 22 kind u8          */
export const FAULT_ETHER_TYPE = 0x88b5;
/** "pyrd" and "fail", first letter lowest. */
export const FAULT_WORD_LOW = 0x64727970;
export const FAULT_WORD_HIGH = 0x6c696166;
export const FAULT_TYPE_OFFSET = 12;
export const FAULT_WORD_OFFSET = 14;
export const FAULT_KIND_OFFSET = 22;
export const FAULT_BYTES = 23;

/** A trap before the frame goes its way. */
export const FAULT_TRAP = 1;
/** An endless loop before it goes its way. */
export const FAULT_SPIN = 2;
/** A trap when its outputs are queued. */
export const FAULT_TRAP_LATE = 3;
