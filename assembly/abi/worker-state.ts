/** What a worker knows of itself (WORKER_STATE_BYTES at WORKER_STATE of its region), and how it sees each port
 *  (WORKER_PORT_BYTES each at WORKER_PORTS). Private to the worker; u32 unless said otherwise.                          */
export const INDEX = 0;
/** Pointer of the worker's record and of its counters in the tables region. */
export const RECORD = 4;
export const COUNTERS = 8;
export const FREE_COUNT = 12;
/** Running counts; an index is the count modulo the ring's size. */
export const RX_HEAD = 16;
export const RX_TAIL = 20;
export const TX_HEAD = 24;
export const TX_TAIL = 28;
export const READY_COUNT = 32;
export const READY_NEXT = 36;
/** Epoch that the worker's views were made from. */
export const EPOCH = 40;
/** Next place of the sweep, and when it last went on (u64 ms). */
export const SWEEP_PLACE = 44;
export const SWEPT_MS = 48;
/** Time of this turn: u64 milliseconds, u32 seconds; monotonic. */
export const NOW_MS = 56;
export const NOW_SECONDS = 64;
/** Reads and writes that the kernel has. */
export const READS_PENDING = 68;
export const WRITES_PENDING = 72;
/** io_uring: absolute pointers into the rings, and masks. */
export const SQ_HEAD = 80;
export const SQ_TAIL = 84;
export const SQ_MASK = 88;
export const SQ_ENTRIES = 92;
export const CQ_HEAD = 96;
export const CQ_TAIL = 100;
export const CQ_MASK = 104;
export const CQ_ENTRIES_POINTER = 108;
/** Ports lost since the start (VIEW_ERRNO says why), so that the loop notices by one load. */
export const LOST = 112;
/** Drops since the start; drop N is entry N & DROP_LOG_MASK of the log: port 16 (bits 16-31) | reason 16. So whoever runs a worker by
 *  calls learns what became of the frame that it put in. */
export const DROPS = 116;
/** Pointer of the log, and its entries less 1: the one at DROP_LOG with DROP_LOG_ENTRIES, or a longer one that the worker was given. */
export const DROP_LOG_POINTER = 120;
export const DROP_LOG_MASK = 124;
/** Flows of this worker: next chunk that its lists do not know yet, next chunk and time (u64 ms) of the sweep, then first and last
 *  entry's number + 1 of each list (abi/flow.ts), u32 each. */
export const FLOW_LINK_CHUNK = 128;
export const FLOW_SWEEP_CHUNK = 132;
export const FLOW_SWEPT_MS = 136;
export const FLOW_LISTS = 192;
/** Microseconds of this turn's time, u32, wraps. */
export const NOW_US = 148;
/** Flows that wait for their resets: running counts, u32. */
export const RESET_HEAD = 152;
export const RESET_TAIL = 156;
/** Fragmented packets that were remembered: running count, u32. */
export const FRAGMENTED_COUNT = 160;
/** A flow that is about to be inserted, laid out as an entry of the table (FLOW_BYTES). */
export const FLOW_DRAFT = 256;
/** The log of drops that is here, DROP_LOG_ENTRIES long. */
export const DROP_LOG = 2048;

// a port as this worker sees it
/** File descriptor + 1 (for memory ports 1); 0: this worker neither reads nor writes it. */
export const VIEW_DESCRIPTOR = 0;
export const VIEW_GENERATION = 4;
export const VIEW_FLAGS = 8;
export const VIEW_MTU = 12;
/** Network of an access port, 0 of a trunk. */
export const VIEW_NETWORK = 16;
/** Trunk page + 1, 0 of an access port. */
export const VIEW_TRUNK = 20;
export const VIEW_BUDGET = 24;
/** 1 on the ready list. */
export const VIEW_READY = 28;
/** Reads of this turn: asked, answered with a frame, answered "nothing now". */
export const VIEW_PENDING = 32;
export const VIEW_ASKED = 36;
export const VIEW_GOT = 40;
export const VIEW_EMPTY = 44;
/** errno with which the port was lost, 0 none. */
export const VIEW_ERRNO = 48;
/** 1: this worker reads the port. */
export const VIEW_OWNED = 52;
/** 1: epoll reported the port since its reads were asked for. */
export const VIEW_EDGE = 56;
