/** A record of the service table (SERVICE_BYTES each), and its slate: what its balancer chooses from. Slates are written by the agent as a
 *  whole and published by their pointer; the place of an old one is used again after the grace period of its epoch.
 *
 *  0   state u32 (1: there is one) | algorithm u32 | network u32 | slate u32 (pointer, atomic; 0: no backend)
 *  16  virtual MAC u64 | family u32 (4, 6; 0: no virtual address) | affinity in seconds u32 (0: none)
 *  32  virtual address, 16 bytes, IPv4 in the first four | 48 rules u32 (count)
 *  64  of each worker, and of the agent (MAX_WORKERS + 1): turns of the schedule u32, 0: none was had | next turn u32 | backend that had the last one, index
 *      + 1, u32 | numbers drawn u32
 *  336 rules (MAX_SERVICE_RULES): protocol u16 | first port u16 | last port u16 | port of the backend that the first one becomes u16, all
 *      in host order
 *  592 name (NAME_BYTES)
 *
 *  A slate: count u32 | turns u32 | places u32 | - | backend u32 each (index in the backend table), then for each turn of the schedule and
 *  for each place of the ring u16, the position of a backend in the slate.                                                 */
export const STATE = 0;
export const ALGORITHM = 4;
export const NETWORK = 8;
export const SLATE = 12;
export const VIRTUAL_MAC = 16;
export const FAMILY = 24;
export const AFFINITY_SECONDS = 28;
export const VIRTUAL_ADDRESS = 32;
export const RULE_COUNT = 48;
export const PROGRESS = 64;
export const RULES = 336;
export const NAME = 592;

// rule
export const RULE_PROTOCOL = 0;
export const RULE_FIRST = 2;
export const RULE_LAST = 4;
export const RULE_TARGET = 6;
export const RULE_BYTES = 8;

// progress of one worker
export const PROGRESS_TURNS = 0;
export const PROGRESS_TURN = 4;
export const PROGRESS_LAST = 8;
export const PROGRESS_DRAWN = 12;
export const PROGRESS_BYTES = 16;

// slate
export const SLATE_COUNT = 0;
export const SLATE_TURNS = 4;
export const SLATE_PLACES = 8;
export const SLATE_BACKENDS = 16;

// algorithms
export const ROUND_ROBIN = 1;
export const WEIGHTED_ROUND_ROBIN = 2;
export const LEAST_RESPONSE_TIME = 3;
export const LEAST_LOAD = 4;
export const POWER_OF_TWO = 5;
export const SOURCE_HASH = 6;
export const MAGLEV = 7;
export const RANDOM = 8;
