/** Everything that is bounded, with its bound and what happens there. Both dialects compile this file, so it holds
 *  un-annotated integer constants up to 0x7fffffff only; each number is written here and nowhere else. */

/** Written at the head of the tables file: raised whenever a layout or the meaning of a field changes, or the keys of a network's or
 *  port's configuration, from which its fingerprint is made (bindings/tables/layouts/tables-layout.ts says what else is to be done). */
export const LAYOUT_VERSION = 4;
/** Compared when a module is instantiated: raised whenever an exported function changes. */
export const ABI_VERSION = 10;

/** Of the name of a port or network in its record: an RFC 1123 label has at most 63 bytes, zeros follow. */
export const NAME_BYTES = 64;

/** Worker threads of a forwarder. One more worker record belongs to the agent (index AGENT_WORKER). */
export const MAX_WORKERS = 16;
export const AGENT_WORKER = MAX_WORKERS;
/** Ports of an engine; one more is refused by `addPort` (`ports-exhausted`). Index 0 is a port like any other. */
export const MAX_PORTS = 2048;
/** Networks of an engine; one more is refused (`networks-exhausted`). Index 0 means "none" and is never given out. */
export const MAX_NETWORKS = 1024;
/** Trunk ports of an engine, each with a VLAN page of its own; one more is refused (`trunks-exhausted`). */
export const MAX_TRUNKS = 64;
/** VLAN identifiers 0-4095 (IEEE 802.1Q); 0 is a priority tag and 4095 is reserved. */
export const VLAN_IDS = 4096;
/** Address bindings (IP bound to MAC and port) of an engine; one more is refused (`addresses-exhausted`). */
export const MAX_ADDRESSES = 16384;
/** Places of the address table that a look-up visits at most. */
export const ADDRESS_PROBES = 64;
/** Link-local IPv6 addresses that a source-checked port may announce by itself; a fifth is the drop `spoofed-source`. */
export const MAX_LINK_LOCALS = 4;

/** Learned MAC addresses by default; at the limit a new station is not learned (its frames flood) and counted. */
export const DEFAULT_MACS = 65536;
/** Places of the MAC table for each entry allowed: half of them stay empty, so that a bucket practically never fills up. */
export const MAC_SLOTS_PER_ENTRY = 2;
/** Places of a MAC bucket; a key has two buckets. */
export const MAC_BUCKET_SLOTS = 8;
/** Learned MAC addresses of one port; at the limit the port loses its own oldest entry. Power of two. */
export const MAX_MACS_PER_PORT = 1024;
/** Entries that an eviction passes over because they were seen again since they were learned (second chance). */
export const EVICTION_CHANCES = 4;
/** Places of the MAC table that the sweep visits in one turn of a worker. */
export const SWEEP_SLOTS = 256;
/** Age in seconds after which a learned entry goes, by default and its range. */
export const DEFAULT_MAC_AGE_SECONDS = 300;
export const MIN_MAC_AGE_SECONDS = 15;
export const MAX_MAC_AGE_SECONDS = 3600;

/** Entries of the flow table that a worker takes at once. Power of two. */
export const FLOW_CHUNK = 64;
/** References in the flow index for each flow allowed: it has two, and half of all stay empty. */
export const FLOW_REFERENCES = 4;
/** References of a bucket of the flow index, one cache line; a tuple has two buckets. */
export const FLOW_BUCKET_SLOTS = 8;
/** Entries that a new flow looks at for one whose state still is that of the list in which it stands; then it is not inserted. */
export const FLOW_EVICTION_TRIES = 16;
/** Owners of chunks that a new flow looks at for its worker's own, after a restart. */
export const FLOW_CHUNK_LOOKS = 64;
/** Services of an engine; one more is refused. Index 0 means "none". */
export const MAX_SERVICES = 1024;
/** Backends of all services together; one more is refused. */
export const MAX_BACKENDS = 16384;
/** Ports and ranges of ports of one service; one more is refused. */
export const MAX_SERVICE_RULES = 32;
/** Places of the endpoint table: virtual addresses and addresses of backends fill it to about a half. Power of two. */
export const ENDPOINT_SLOTS = 32768;
/** Flows by default (`tables.flows`), and their range: at the limit one goes that can best be spared. */
export const DEFAULT_FLOWS = 262144;
export const MIN_FLOWS = 1024;
export const MAX_FLOWS = 1048576;
/** Fragmented packets that a worker follows at once; one more takes the place of the oldest. */
export const MAX_FRAGMENTED = 64;
/** Pieces of one fragmented packet that are told apart; a packet in more of them is not followed on. */
export const MAX_FRAGMENT_PIECES = 48;
/** Seconds after which a fragmented packet is forgotten (RFC 791: 15; Linux waits 30). */
export const FRAGMENT_SECONDS = 30;
/** Source ports that are tried when that of a client is taken; then the flow is refused. */
export const SOURCE_PORT_TRIES = 64;
/** Established flows whose time is out that wait for their resets, of one worker; further ones wait in the table. Power of two. */
export const RESET_ENTRIES = 64;
/** Bytes of all slates, published ones and such as wait for their grace period: 32 services with rings, or 4,000 with 200 backends each. */
export const SLATES_BYTES = 8388608;

/** Frame slots of a worker. When fewer than SLOT_RESERVE are free a worker reads nothing: it never drops what it has read. */
export const WORKER_SLOTS = 512;
export const SLOT_RESERVE = 160;
/** Bytes of the longest frame: 65,535 of IP packet, Ethernet header, two tags, rounded up. */
export const MAX_FRAME_BYTES = 65568;
/** Ethernet header without tags (IEEE 802.3); a shorter frame is the drop `runt`. */
export const MIN_FRAME_BYTES = 14;
/** MTU of a port: 576 (RFC 791 reassembly minimum) to 65,521 (65,535 less an Ethernet header). */
export const MIN_MTU = 576;
export const MAX_MTU = 65521;
/** Least MTU of a network with an IPv6 subnet (RFC 8200 section 5). */
export const MIN_IPV6_MTU = 1280;
/** Segments that one super-frame may become; more is the drop `too-many-segments`. */
export const MAX_SEGMENTS = 128;
/** Writes queued by a worker; when fewer than MAX_PORTS places are free it processes no further frame. */
export const TX_ENTRIES = 8192;
/** Frames received and not yet processed, of one worker. Power of two, at least WORKER_SLOTS. */
export const RX_ENTRIES = 512;
/** Reads in flight for one port in one turn: doubled when all came back full, halved when under half did. */
export const MIN_READS = 2;
export const MAX_READS = 64;
/** Frames that one turn processes at most before the writes are handed over. */
export const BURST_FRAMES = 256;

/** Stacked VLAN tags that the parser walks; deeper ones are payload (the frame has no L3 for us). */
export const MAX_VLAN_TAGS = 2;
/** Extension headers and their bytes that the parser walks (RFC 8200, RFC 7112); beyond that a packet has no L4 for us. */
export const MAX_EXTENSION_HEADERS = 8;
export const MAX_EXTENSION_BYTES = 256;
/** Options of a neighbour discovery message (RFC 4861) that are walked; a message with more is not acted on. */
export const MAX_DISCOVERY_OPTIONS = 16;

/** Drops that a worker remembers one by one, the last ones. Power of two. */
export const DROP_LOG_ENTRIES = 512;
/** The same of a worker that is run by calls: more than one frame can become, MAX_SEGMENTS segments at each of MAX_PORTS - 1 ports, so that
 *  whoever reads the log after each frame misses no drop. Power of two. */
export const LONG_DROP_LOG_ENTRIES = 262144;

/** Events kept for each worker; older ones are overwritten and counted. Power of two. */
export const EVENT_ENTRIES = 1024;
/** Drop reasons that have a counter. */
export const MAX_DROP_REASONS = 64;

/** Deaths of one worker within WORKER_RESTART_SECONDS after which it is simply started again. At one more the port is shut
 *  whose frames killed it most often; when none of them was in a frame the forwarder ends, which its agent starts again
 *  after a pause. */
export const WORKER_RESTARTS = 8;
export const WORKER_RESTART_SECONDS = 60;
/** Frames of which workers died that are kept in the run folder; one more takes the place of the oldest. */
export const POISON_FILES = 16;

/** Ring sizes of io_uring: each ring fits one page, so that kernels that want it so take it too. */
export const URING_ENTRIES = 256;
export const URING_CQ_ENTRIES = 1024;
