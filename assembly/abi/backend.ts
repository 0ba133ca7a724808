/** A record of the backend table (BACKEND_BYTES each): an instance of a service. Written by the agent, but for the second cache line,
 *  which workers write: no lock, atomics where it says so.
 *
 *  0   state u32 | weight u32 (in 1/256: a slow start has less than one)
 *  8   greatest number of flows u32 (0: any) | reported load u32 (in 1/1000) | until when it counts u32 (seconds, monotonic)
 *  20  service u32 | own port u32 (host order; 0: the one that a rule of the service says) | family u32 | 32 address, 16 bytes, IPv4 in the first four
 *  48  MAC u64 (atomic; 0: not known; workers enter what they learn) | next u32 (of the backends with this address in this network: index + 1) | asked
 *      u32 (when a worker asked for its MAC last: seconds)
 *  64  active u32 (atomic) | picks of the agent among them u32 | response time f64 (ms; 0: never measured) | measured at f64 (ms)
 *  88  picked u64 (atomic) | failed u64 (atomic) | answered u64 (atomic) | fingerprint of its name u64                    */
export const STATE = 0;
export const WEIGHT = 4;
export const MAX_ACTIVE = 8;
export const LOAD = 12;
export const LOAD_UNTIL = 16;
export const SERVICE = 20;
export const PORT = 24;
export const FAMILY = 28;
export const ADDRESS = 32;
export const MAC = 48;
export const NEXT = 56;
export const ASKED = 60;
export const ACTIVE = 64;
export const PICKS = 68;
export const RESPONSE_MS = 72;
export const MEASURED_MS = 80;
export const PICKED = 88;
export const FAILED = 96;
export const ANSWERED = 104;
export const NAME_FINGERPRINT = 112;

/** Load 1. */
export const LOAD_ONE = 1000;
/** Weight 1 of the configuration. */
export const WEIGHT_ONE = 256;

// states
export const ABSENT = 0;
/** New flows may go to it, as long as its weight is not 0. */
export const USABLE = 1;
/** None may: its health, its ejection or its drain forbids it. */
export const UNUSABLE = 2;
