/** A record of an event ring (EVENT_BYTES each). The ring's head is a u64 count of records written; the newest
 *  EVENT_ENTRIES - 1 are there (the oldest place may just be written), older ones are overwritten: a reader that falls
 *  behind sees by how many.
 *  0 kind u32 | port u32 | network u32 | detail u32 | 16 MAC u64 | 24 time in milliseconds u64                          */
export const KIND = 0;
export const PORT = 4;
export const NETWORK = 8;
export const DETAIL = 12;
export const MAC = 16;
export const TIME = 24;

export const PORT_UP = 1;
/** detail: errno. */
export const PORT_GONE = 2;
/** detail: errno. */
export const PORT_FAILED = 3;
export const MAC_LEARNED = 4;
/** detail: the port that it was on. */
export const MAC_MOVED = 5;
export const MAC_AGED = 6;
export const MAC_EVICTED = 7;
/** The worker whose ring this is died and has a successor. port: whose frame was in work + 1, 0 none; network:
 *  number of the capture file that the frame was saved to, 0 none; detail: kind (abi/worker.ts, DEATH_*). */
export const WORKER_DOWN = 8;
/** detail: its incarnation. */
export const WORKER_UP = 9;
/** detail: why (abi/port.ts, SHUT_*). */
export const PORT_SHUT = 10;
