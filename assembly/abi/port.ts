/** A record of the port table (PORT_BYTES each, index = port). Written by the agent, except where a line says otherwise;
 *  every change by the agent ends by raising the epoch. Offsets in bytes.
 *
 *  0  desired u32 | actual u32 (owner worker) | generation u32 (1-255) | errno u32 (owner worker)
 *  16 kind u32 | flags u32 | network u32 | mtu u32
 *  32 mac u64 (48 bits, first byte lowest) | owner worker u32 | descriptor u32 (file descriptor + 1 in the forwarder, 0 none)
 *  48 trunk page u32 (+1, 0 none) | native network u32 | mac limit u32 | bindings u32 (count of addresses bound here)
 *  64 ring head u32 | ring count u32 | ring stale u32 | - (owner worker and, after the grace period, the agent)
 *  80 attached generation u32 (forwarder: the generation whose descriptor it holds)
 *  88 link-locals announced u32 (owner worker) | restore u32 (RESTORE_*) | 96 link-locals: 4 x 16 bytes (owner worker)
 *  160 name (NAME_BYTES) | 224 fingerprint u64 of the configuration that the record was made from: what a restarted agent
 *  knows a port by                                                                                                      */
export const DESIRED = 0;
export const ACTUAL = 4;
export const GENERATION = 8;
export const ERRNO = 12;
export const KIND = 16;
export const FLAGS = 20;
export const NETWORK = 24;
export const MTU = 28;
export const MAC = 32;
export const OWNER = 40;
export const DESCRIPTOR = 44;
export const TRUNK = 48;
export const NATIVE = 52;
export const MAC_LIMIT = 56;
export const BINDINGS = 60;
export const RING_HEAD = 64;
export const RING_COUNT = 68;
export const RING_STALE = 72;
export const ATTACHED = 80;
export const LINK_LOCAL_COUNT = 88;
/** What the end of the port must put back on the interface of a packet port. */
export const RESTORE = 92;
export const LINK_LOCALS = 96;
export const NAME = 160;
export const FINGERPRINT = 224;

// desired and actual state
export const ABSENT = 0;
export const UP = 1;
/** Held and shut: neither reads nor writes. Actual: by the owner worker; its errno is a SHUT_* instead. */
export const SHUT = 2;
/** Actual only: the device went away; errno says how it was noticed. */
export const GONE = 3;
/** Actual only: could not be taken into service; errno says why. */
export const FAILED = 4;

// why a port is shut
/** Its frames killed the worker again and again. Until it is removed. */
export const SHUT_POISON = 1;

// kinds
export const KIND_TAP = 1;
export const KIND_PACKET = 2;
export const KIND_MEMORY = 3;
export const KIND_HOST = 4;

// flags
/** The port's frames carry a virtio-net header on the wire of its descriptor. */
export const FLAG_VNET = 1;
/** It takes frames whose checksum is partial (NEEDS_CSUM). */
export const FLAG_CHECKSUM = 2;
/** It takes TCP super-frames (TSO, IPv4 and IPv6). */
export const FLAG_TSO = 4;
/** It takes UDP super-frames (USO). */
export const FLAG_USO = 8;
/** Frames must come from the bound MAC and addresses. */
export const FLAG_SOURCE_CHECK = 16;
/** VLAN tags arrive in ancillary data (packet sockets). */
export const FLAG_AUXDATA = 32;
/** Its MTU is smaller than a network's: TCP's maximum segment size is lowered in what comes from it and goes to it. */
export const FLAG_CLAMP = 64;

// restore
/** The interface was down. */
export const RESTORE_DOWN = 1;
/** It answered ARP. */
export const RESTORE_ARP = 2;
/** IPv6 was on. */
export const RESTORE_IPV6 = 4;
/** It received into super-frames of its own (large receive offload). */
export const RESTORE_LRO = 8;
