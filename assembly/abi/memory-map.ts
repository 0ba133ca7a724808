/** The memory of an engine, region after region: each begins where the one before ends, and no numeric address stands
 *  anywhere else. `docs/memory-map.md` is generated from the same lists.
 *
 *  0                 static constants of the module (asc --memoryBase) - written again by every instantiation
 *  CONFIGURATION     private to a process: where its memory lies, where the workers' regions begin
 *  TABLES            shared with other processes: a file on tmpfs, mapped here. Fixed part, then counters, MACs and flows,
 *                    whose sizes are set at start and whose places the head names
 *  workers           private to a process: WORKER_BYTES each, at the place that the configuration block names
 */
import {
  ADDRESS_PROBES,
  EVENT_ENTRIES,
  LONG_DROP_LOG_ENTRIES,
  MAX_ADDRESSES,
  MAX_DROP_REASONS,
  MAX_FRAGMENTED,
  MAX_MACS_PER_PORT,
  MAX_NETWORKS,
  MAX_PORTS,
  MAX_TRUNKS,
  MAX_WORKERS,
  RESET_ENTRIES,
  RX_ENTRIES,
  TX_ENTRIES,
  URING_CQ_ENTRIES,
  URING_ENTRIES,
  VLAN_IDS,
  WORKER_SLOTS,
} from "./limits.ts";

/** A page of Wasm, and of the map: regions that are mapped or sized at run time begin at a multiple of it. */
export const WASM_PAGE_BYTES = 65536;

// ---------------------------------------------------------------- configuration block (private to the process)
export const CONFIGURATION = WASM_PAGE_BYTES;
export const CONFIGURATION_BYTES = WASM_PAGE_BYTES;
/** u64: what must be added to a pointer to get the address that the kernel knows. */
export const CONFIG_HOST_BASE = CONFIGURATION;
/** u32: where the region of worker 0 begins. */
export const CONFIG_WORKERS = CONFIG_HOST_BASE + 8;
/** u32: 1 lets frames of abi/fault.ts do what they say. Only the debug build looks at it. */
export const CONFIG_FAULTS = CONFIG_WORKERS + 4;
/** Where the bindings put an address or a frame that they hand to a function: 4,096 bytes. */
export const CONFIG_SCRATCH = CONFIGURATION + 4096;
export const CONFIG_SCRATCH_BYTES = 4096;

// ---------------------------------------------------------------- tables region
export const TABLES = CONFIGURATION + CONFIGURATION_BYTES;

// head: 4,096 bytes
export const HEAD = TABLES;
export const HEAD_BYTES = 4096;
/** u32 "PYRD", little endian. Its place, that of the layout's number and that of the forwarder's pid are the same in every layout:
 *  whoever knows nothing else of a file finds these. */
export const HEAD_MAGIC = HEAD;
export const MAGIC = 0x44525950;
export const HEAD_LAYOUT = HEAD_MAGIC + 4;
/** u32: bytes of the tables region, a multiple of WASM_PAGE_BYTES. */
export const HEAD_TABLES_BYTES = HEAD_LAYOUT + 4;
/** u32: entries that the MAC table may hold; its places are MAC_SLOTS_PER_ENTRY times as many. */
export const HEAD_MAC_LIMIT = HEAD_TABLES_BYTES + 4;
/** u32: workers that have counters. */
export const HEAD_WORKER_COUNT = HEAD_MAC_LIMIT + 4;
/** u32 pointers: where the parts of variable size begin. */
export const HEAD_COUNTERS = HEAD_WORKER_COUNT + 4;
export const HEAD_MACS = HEAD_COUNTERS + 4;
export const HEAD_MAC_PLACES = HEAD_MACS + 4;
/** u32: buckets of the MAC table less one; their number is a power of two. */
export const HEAD_MAC_BUCKET_MASK = HEAD_MAC_PLACES + 4;
/** u64: secret that keys the hash of the MAC, address and flow tables. */
export const HEAD_HASH_SEED = HEAD_MAC_BUCKET_MASK + 8;
/** u32: entries of the flow table, a multiple of FLOW_CHUNK. */
export const HEAD_FLOW_LIMIT = HEAD_HASH_SEED + 8;
/** u32 pointers: flow entries, whose each chunk is, index. */
export const HEAD_FLOWS = HEAD_FLOW_LIMIT + 4;
export const HEAD_FLOW_CHUNKS = HEAD_FLOWS + 4;
export const HEAD_FLOW_INDEX = HEAD_FLOW_CHUNKS + 4;
/** u32: buckets of the flow index less one; their number is a power of two. */
export const HEAD_FLOW_BUCKET_MASK = HEAD_FLOW_INDEX + 4;
/** u32 pointers: services, backends, and where slates are (abi/service.ts) and end; endpoints. No room for any of them where there is no flow table. */
export const HEAD_SERVICES = HEAD_FLOW_BUCKET_MASK + 4;
export const HEAD_BACKENDS = HEAD_SERVICES + 4;
export const HEAD_SLATES = HEAD_BACKENDS + 4;
export const HEAD_SLATES_END = HEAD_SLATES + 4;
export const HEAD_ENDPOINTS = HEAD_SLATES_END + 4;
/** u32: entries in the MAC table now, learned and static; atomic. On a cache line of its own. */
export const HEAD_MAC_COUNT = HEAD + 128;
/** u32: configuration epoch; every change of a table by the agent ends by raising it. On a cache line of its own. */
export const HEAD_EPOCH = HEAD + 192;
/** u32: highest port index ever used + 1, so that loops over ports end early. */
export const HEAD_PORT_END = HEAD + 256;
/** u32: pid of the agent and of the forwarder. */
export const HEAD_AGENT_PID = HEAD + 260;
export const HEAD_FORWARDER_PID = HEAD + 264;
/** u32: flows now; atomic. On a cache line of its own. */
export const HEAD_FLOW_COUNT = HEAD + 320;
/** u32: chunks of flow entries that workers took beyond those that are theirs from the beginning; atomic. */
export const HEAD_FLOW_CHUNKS_TAKEN = HEAD + 384;
/** u32 seconds: time-out of each state of a flow (abi/flow.ts), by its number. */
export const HEAD_FLOW_TIMEOUTS = HEAD + 448;

// worker records: one for each worker and one for the agent
export const WORKERS = HEAD + HEAD_BYTES;
export const WORKER_RECORD_BYTES = 1024;
export const WORKER_RECORDS_END = WORKERS + (MAX_WORKERS + 1) * WORKER_RECORD_BYTES;

// networks: one record each, index 0 unused
export const NETWORKS = WORKER_RECORDS_END;
export const NETWORK_BYTES = 128;
export const NETWORKS_END = NETWORKS + MAX_NETWORKS * NETWORK_BYTES;

// members of networks: one bit a port
export const MEMBERS = NETWORKS_END;
export const MEMBERS_BYTES = MAX_PORTS / 8;
export const MEMBERS_END = MEMBERS + MAX_NETWORKS * MEMBERS_BYTES;

// ports
export const PORTS = MEMBERS_END;
export const PORT_BYTES = 256;
export const PORTS_END = PORTS + MAX_PORTS * PORT_BYTES;

// trunks: network of each VLAN (u16), then VLAN of each network (u16, 0xffff none, 0 native)
export const TRUNKS = PORTS_END;
export const TRUNK_NETWORKS_BYTES = VLAN_IDS * 2;
export const TRUNK_VLANS_BYTES = MAX_NETWORKS * 2;
export const TRUNK_BYTES = TRUNK_NETWORKS_BYTES + TRUNK_VLANS_BYTES;
export const TRUNKS_END = TRUNKS + MAX_TRUNKS * TRUNK_BYTES;

// address bindings: open addressing; the table is twice the limit, and probing runs past its end by one window
export const ADDRESSES = TRUNKS_END;
export const ADDRESS_BYTES = 64;
export const ADDRESS_SLOTS = MAX_ADDRESSES * 2;
export const ADDRESSES_END = ADDRESSES + (ADDRESS_SLOTS + ADDRESS_PROBES) * ADDRESS_BYTES;

// events: a ring for each worker and the agent: u64 written count, padding, then the records
export const EVENTS = ADDRESSES_END;
export const EVENT_BYTES = 32;
export const EVENT_RING_HEAD_BYTES = 64;
export const EVENT_RING_BYTES = EVENT_RING_HEAD_BYTES + EVENT_ENTRIES * EVENT_BYTES;
export const EVENTS_END = EVENTS + (MAX_WORKERS + 1) * EVENT_RING_BYTES;

// rings of learned places: one for each port, u32 place + 1
export const MAC_RINGS = EVENTS_END;
export const MAC_RING_BYTES = MAX_MACS_PER_PORT * 4;
export const MAC_RINGS_END = MAC_RINGS + MAX_PORTS * MAC_RING_BYTES;

/** The fixed part of the tables region ends here; counters follow. */
export const TABLES_FIXED_END = MAC_RINGS_END;

// counters: for each worker, for each port (variable: HEAD_COUNTERS)
export const PORT_COUNTERS_BYTES = 64;
export const COUNTER_BYTES = PORT_COUNTERS_BYTES + MAX_DROP_REASONS * 8;
export const WORKER_COUNTERS_BYTES = MAX_PORTS * COUNTER_BYTES;

// MAC table (variable: HEAD_MACS): key and value words, u64 each; then for each place the ring position (HEAD_MAC_PLACES)
export const MAC_ENTRY_BYTES = 16;

// flow entries (variable: HEAD_FLOWS); owner + 1 of each chunk, u32 (HEAD_FLOW_CHUNKS); index, buckets of u64 (HEAD_FLOW_INDEX)
export const FLOW_BYTES = 192;

// services, index 0 unused (variable: HEAD_SERVICES), backends (HEAD_BACKENDS), slates (HEAD_SLATES), endpoints (HEAD_ENDPOINTS; open addressing,
// probing runs past the end by one window)
export const SERVICE_BYTES = 704;
export const BACKEND_BYTES = 128;
export const ENDPOINT_BYTES = 64;

// ---------------------------------------------------------------- region of one worker, offsets from its beginning
// io_uring: both rings in one area, the submission entries in another, each on pages of its own
export const URING_RINGS = 0;
export const URING_RINGS_BYTES = 4096 + URING_CQ_ENTRIES * 16;
export const URING_SQES = URING_RINGS + URING_RINGS_BYTES;
export const URING_SQE_BYTES = 64;
export const URING_CQE_BYTES = 16;

// what the worker knows of itself: counts, indices, epoch seen
export const WORKER_STATE = URING_SQES + URING_ENTRIES * URING_SQE_BYTES;
export const WORKER_STATE_BYTES = 4096;

// ports as this worker sees them: descriptor, budget of reads, place in the ready list
export const WORKER_PORTS = WORKER_STATE + WORKER_STATE_BYTES;
export const WORKER_PORT_BYTES = 64;
export const WORKER_PORTS_END = WORKER_PORTS + MAX_PORTS * WORKER_PORT_BYTES;

// ready list: u16 port indices
export const READY = WORKER_PORTS_END;
export const READY_BYTES = MAX_PORTS * 2;

// events of epoll_wait: 12 bytes each, packed
export const EPOLL_EVENTS = READY + READY_BYTES;
export const EPOLL_EVENT_COUNT = 256;
export const EPOLL_EVENTS_BYTES = EPOLL_EVENT_COUNT * 16;

// fragmented packets that the worker follows (path/3-service/fragments.ts), and flows that wait for their resets: u32 entry's number + 1
export const FRAGMENTED = EPOLL_EVENTS + EPOLL_EVENTS_BYTES;
export const FRAGMENTED_BYTES = 256;
export const FRAGMENTED_END = FRAGMENTED + MAX_FRAGMENTED * FRAGMENTED_BYTES;
export const RESETS = FRAGMENTED_END;
export const RESETS_BYTES = RESET_ENTRIES * 4;

// free slots: u32 indices, last in first out
export const FREE_SLOTS = RESETS + RESETS_BYTES;
export const FREE_SLOTS_BYTES = WORKER_SLOTS * 4;

// received frames that wait for processing: u32 slots
export const RX = FREE_SLOTS + FREE_SLOTS_BYTES;
export const RX_BYTES = RX_ENTRIES * 4;

// writes that wait for submission
export const TX = RX + RX_BYTES;
export const TX_ENTRY_BYTES = 16;
export const TX_BYTES = TX_ENTRIES * TX_ENTRY_BYTES;

// writes that the kernel has, by the index in user_data
export const IN_FLIGHT = TX + TX_BYTES;
export const IN_FLIGHT_BYTES = URING_ENTRIES * 16;

// descriptors, one for each slot
export const DESCRIPTORS = IN_FLIGHT + IN_FLIGHT_BYTES;
export const DESCRIPTOR_BYTES = 128;
export const DESCRIPTORS_END = DESCRIPTORS + WORKER_SLOTS * DESCRIPTOR_BYTES;

// slots: message header for recvmsg, headroom (virtio-net header and tags grow downwards from the frame), frame
export const SLOTS = DESCRIPTORS_END;
/** msghdr 56, iovec 16, control buffer 48. */
export const SLOT_MESSAGE_BYTES = 128;
/** Before the frame: the 10 bytes of virtio-net header lie right below it, tags push both down. */
export const SLOT_HEADROOM_BYTES = 128;
export const SLOT_FRAME = SLOT_MESSAGE_BYTES + SLOT_HEADROOM_BYTES;
/** 256 + 65,568 bytes rounded up to an odd number of cache lines: slots do not fall on the same sets of the cache. */
export const SLOT_BYTES = 65856;
export const SLOTS_END = SLOTS + WORKER_SLOTS * SLOT_BYTES;

/** In the agent's region, which has slots and no frame in them: the long log of drops of a worker that is run in the agent's thread. */
export const AGENT_DROP_LOG = SLOTS_END - LONG_DROP_LOG_ENTRIES * 4;

/** Bytes of one worker's region. */
export const WORKER_BYTES = (SLOTS_END + WASM_PAGE_BYTES - 1) & ~(WASM_PAGE_BYTES - 1);
