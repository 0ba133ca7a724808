/** A record of the network table (NETWORK_BYTES each, index = network, 0 unused). Written by the agent.
 *  0  state u32 (0 absent, 1 present) | flags u32 | MAC age in seconds u32 | mtu u32
 *  16 fingerprint u64 of its configuration | 32 served: a bit for each last byte of an address that services have to do with, 32 bytes | 64 name (NAME_BYTES)                                                       */
export const STATE = 0;
export const FLAGS = 4;
export const MAC_AGE_SECONDS = 8;
export const MTU = 12;
export const FINGERPRINT = 16;
export const SERVED = 32;
export const NAME = 64;

/** Source addresses are learned; without it every unicast frame to an unbound address floods. */
export const FLAG_LEARNING = 1;
/** It has services, or backends of some. */
export const FLAG_SERVICES = 2;
