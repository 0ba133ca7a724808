/** A record of the worker table (WORKER_RECORD_BYTES each; index AGENT_WORKER is the agent's). Written by its worker.
 *
 *  0   epoch seen u32 (atomic) | incarnation u32 | state u32 | heartbeat u32
 *  16  pid u32 | tid u32 | slot in work + 1 u32 | port in work u32
 *  32  claim: place + 1 u32 (atomic) | - | key u64
 *  64  backend u32 (BACKEND_*) | sleeping u32 (atomic) | stop u32 (written by whoever ends the worker)
 *  76  ring u32 | epoll u32: file descriptors + 1 in the forwarder, 0 none, so that they can be closed when the thread is dead
 *  128 conservation and pool counters, u64 each
 *  288 deaths: WORKER_RESTARTS times 16 bytes: time in milliseconds u64 (0 none) | whose frame u32 (DEATH_*) | kind u32    */
export const EPOCH_SEEN = 0;
export const INCARNATION = 4;
export const STATE = 8;
export const HEARTBEAT = 12;
export const PID = 16;
export const TID = 20;
export const SLOT_IN_WORK = 24;
export const PORT_IN_WORK = 28;
export const CLAIM_PLACE = 32;
export const CLAIM_KEY = 40;
export const BACKEND = 64;
export const SLEEPING = 68;
export const STOP = 72;
export const RING_DESCRIPTOR = 76;
export const EPOLL_DESCRIPTOR = 80;

/** Times that the worker's lists of flows were begun anew: a link of another turn is none. */
export const FLOW_TURN = 84;
/** One more than the highest chunk of flow entries that the worker ever had. */
export const FLOW_CHUNK_END = 88;

/** received + originated + copies + segments = sent + dropped + consumed + lost, in frames, when nothing is in flight. */
export const RECEIVED = 128;
export const ORIGINATED = 136;
/** Extra outputs of a frame beyond its first: flooding counts members - 1. */
export const COPIES = 144;
/** Extra frames that segmentation made: segments - 1. */
export const SEGMENTS = 152;
export const SENT = 160;
export const DROPPED = 168;
export const CONSUMED = 176;
/** Slots: taken = released + in flight. */
export const TAKEN = 184;
export const RELEASED = 192;
export const TURNS = 200;
/** Frames whose source was not learned: table full, bucket full, or lost a race. */
export const NOT_LEARNED = 208;
export const LEARNED = 216;
export const MOVED = 224;
export const EVICTED = 232;
export const AGED = 240;
export const FLOODED = 248;
export const ANSWERED = 256;
/** Frames that were under way when an incarnation of this worker died. */
export const LOST = 264;
export const COUNTERS_END = 272;

/** The last deaths, in no order. */
export const DEATHS = 288;
export const DEATH_BYTES = 16;
export const DEATH_TIME = 0;
/** Port + 1 and, from bit 16 on, its generation; 0: no frame was in work. */
export const DEATH_PORT = 8;
export const DEATH_GENERATION_SHIFT = 16;
export const DEATH_KIND = 12;

/** Flows, u64 each: inserted; not inserted because no entry could be spared, or for a rival; ended by their ends; then for each state
 *  (abi/flow.ts), by its number, those whose time was out, and those that went because the table was full. */
export const FLOWS_INSERTED = 416;
export const FLOWS_REFUSED = 424;
export const FLOWS_RIVAL = 432;
export const FLOWS_ENDED = 440;
export const FLOWS_EXPIRED = 448;
export const FLOWS_EVICTED = 512;

// what a worker died of
/** A Wasm trap, or a failed check of the debug build. */
export const DEATH_TRAP = 1;
/** An exception around Wasm: the ring refused its work. */
export const DEATH_ERROR = 2;
/** It ran on without a heartbeat. */
export const DEATH_HANG = 3;
/** Its thread ended unasked. */
export const DEATH_EXIT = 4;

// states
export const STATE_ABSENT = 0;
export const STATE_RUNNING = 1;
export const STATE_ENDED = 2;

// back ends
export const BACKEND_NONE = 0;
export const BACKEND_URING = 1;
export const BACKEND_SYSCALL = 2;
export const BACKEND_MEMORY = 3;
