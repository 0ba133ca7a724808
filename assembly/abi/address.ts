/** A record of the address table (ADDRESS_BYTES each): an IP address bound to a MAC and a port within a network.
 *  Written by the agent only; fields first, then the state. A removed record is used again only after the grace period.
 *  0 state u32 | network u32 | family u32 (4, 6) | port u32 | 16 address (IPv4 in the first four bytes) | 32 MAC u64     */
export const STATE = 0;
export const NETWORK = 4;
export const FAMILY = 8;
export const PORT = 12;
export const ADDRESS = 16;
export const MAC = 32;

export const STATE_EMPTY = 0;
export const STATE_BOUND = 1;
export const STATE_REMOVED = 2;
