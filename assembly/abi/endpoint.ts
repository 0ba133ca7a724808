/** A record of the endpoint table (ENDPOINT_BYTES each): an IP address of a network that services have to do with. Written by the agent only; it
 *  begins as a record of the address table does, and is found the same way (tables/address-index.ts).
 *  0 state u32 | network u32 | family u32 (4, 6) | service u32 (whose virtual address it is; 0: none's) | 16 address (IPv4 in the first four
 *  bytes) | 32 backend u32 (the first one with this address: index + 1; 0: none)                                         */
export const SERVICE = 12;
export const BACKEND = 32;
