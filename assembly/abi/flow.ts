/** An entry of the flow table (FLOW_BYTES each): a connection, found from either side, as four ends.
 *
 *      client -> virtual     original direction, as the client sends it
 *      backend -> source     reply direction, as the backend sends it
 *
 *  Where nothing is translated virtual is backend and source is client. Addresses have 16 bytes as they lie in the packet, IPv4 in
 *  the first four, zeros behind; ports are as they lie in the packet too (network order), for ICMP echo both are the identifier.
 *
 *  0   word u64 (atomic): instance 32 | state 8 | flags 24, from the lowest bit up
 *  8   network u16 | protocol u8 | family u8 | client port u16 | virtual port u16
 *  16  backend port u16 | source port u16 | last seen u32 (seconds, monotonic)
 *  24  service u32 | backend u32 (index + 1; 0: none)
 *  32  client address | virtual address | backend address | source address, 16 bytes each
 *  96  client MAC u64 | backend MAC u64 | client's port u32 | backend's port u32
 *  120 link: list 4, turn 28 (u32) | next u32 | previous u32, of the owner's lists: entry's number + 1
 *  132 next sequence number of the client u32 | of the backend u32 | time of the request u32 (microseconds, wraps; before there is one how long the
 *      handshake took)
 *  144 frames and bytes of the client, frames and bytes of the backend: u64 each
 *  176 last acknowledgment of the client u32 | of the backend u32                                                        */
export const WORD = 0;
export const NETWORK = 8;
export const PROTOCOL = 10;
export const FAMILY = 11;
export const CLIENT_PORT = 12;
export const VIRTUAL_PORT = 14;
export const BACKEND_PORT = 16;
export const SOURCE_PORT = 18;
export const LAST_SEEN = 20;
export const SERVICE = 24;
export const BACKEND = 28;
export const CLIENT_ADDRESS = 32;
export const VIRTUAL_ADDRESS = 48;
export const BACKEND_ADDRESS = 64;
export const SOURCE_ADDRESS = 80;
export const CLIENT_MAC = 96;
export const BACKEND_MAC = 104;
export const CLIENT_INDEX = 112;
export const BACKEND_INDEX = 116;
export const LINK = 120;
export const NEXT = 124;
export const PREVIOUS = 128;
export const CLIENT_SEQUENCE = 132;
export const BACKEND_SEQUENCE = 136;
export const REQUEST_US = 140;
export const CLIENT_FRAMES = 144;
export const CLIENT_BYTES = 152;
export const BACKEND_FRAMES = 160;
export const BACKEND_BYTES = 168;
export const CLIENT_ACKNOWLEDGMENT = 176;
export const BACKEND_ACKNOWLEDGMENT = 180;

// bits of the word, and of the link
export const FLAGS_SHIFT = 40;
export const STATE_SHIFT = 32;
export const LIST_MASK = 15;
export const TURN_SHIFT = 4;

// flags of the word
/** The backend has answered the SYN, or the request. */
export const FLAG_ANSWERED = 1;
/** The client has sent data, at the time of the request. */
export const FLAG_REQUESTED = 2;
/** The response time was taken. */
export const FLAG_MEASURED = 4;
export const FLAG_CLIENT_FIN = 8;
export const FLAG_BACKEND_FIN = 16;
/** Its packets do not go through a virtual address: they are followed, and not changed. */
export const FLAG_DIRECT = 32;
/** The source is translated too: to the virtual address. */
export const FLAG_SOURCE = 64;

/** States, each of which has a list and a time-out. When the table is full the first of the first list that has any goes: the one that
 *  was last seen longest ago. */
export const STATE_FREE = 0;
export const STATE_TIME_WAIT = 1;
/** A SYN was seen, and no answer to its answer. */
export const STATE_HALF_OPEN = 2;
export const STATE_UDP_UNANSWERED = 3;
export const STATE_ICMP = 4;
export const STATE_UDP = 5;
/** A FIN was seen. */
export const STATE_CLOSING = 6;
export const STATE_ESTABLISHED = 7;
/** No flow yet, or none any more: claimed by its owner; being taken out of the index, by whoever ended it; left to its owner. */
export const STATE_CLAIMED = 8;
export const STATE_ENDING = 9;
export const STATE_DEAD = 10;
/** Lists: the free entries, then one for each state that a flow can be in. */
export const LISTS = 8;

/** A reference in the index: tag 32 (high half of the hash) | direction 1 (bit 31) | entry's number + 1. */
export const DIRECTION_SHIFT = 31;
export const REFERENCE_BYTES = 8;

/** Instead of a protocol: no connection, but which backend a client has (session affinity). Its tuples are client -> virtual address with port
 *  0, and the reverse with AFFINITY_PORT. */
export const AFFINITY = 0;
export const AFFINITY_PORT = 0xffff;

// directions
export const ORIGINAL = 0;
export const REPLY = 1;

/** Why a flow was not inserted, instead of its place. */
export const FULL = 0;
/** Another worker inserts one with the same ends just now: look for it again. */
export const RIVAL = 1;
/** One of its two tuples is that of another flow, or both are the same. */
export const TAKEN = 2;
/** Above all of these. */
export const REFUSED_END = 3;
