/* The flow table of bench/native/flow-serve.c, as one would write it in C for what the engine's is for: workers share it without locks, a flow is
 * under both of its tuples or not at all, and lists say which flow may go first.
 *
 *   index      buckets of a cache line, eight references to entries with 32 bits of the hash; a tuple has two buckets
 *   entry      two cache lines: what a frame is compared with and translated by; what is counted and followed
 *   lists      one for each state, in the order in which its flows were last seen, to the second */
#ifndef PORTYARD_BENCH_FLOW_TABLE_H
#define PORTYARD_BENCH_FLOW_TABLE_H
#include "common.h"
#include <stdbool.h>

#include "flow-frames.h"

#define BUCKET_SLOTS 8
#define SLOTS_PER_FLOW 4
#define EVICTION_TRIES 16

enum { FREE, TIME_WAIT, HALF_OPEN, CLOSING, ESTABLISHED, LISTS, CLAIMED = LISTS, ENDING };
enum { ORIGINAL, REPLY };

static const uint32_t timeouts[LISTS] = {0, 60, 30, 120, 7440};

struct flow {
  /* instance 32 | state 8 | flags 24; changed by CAS alone */
  uint64_t word;
  /* network 16 | protocol 8 | family 8 | source port 16 | destination port 16, and both addresses, as they lie in the packet; by direction */
  uint64_t head[2], addresses[2];
  uint64_t backend_mac;
  uint32_t backend, last_seen;
  uint32_t sequence[2], acknowledgment[2];
  uint64_t frames[2], bytes[2];
  uint32_t next, previous, list, request_us;
} __attribute__((aligned(64)));
_Static_assert(sizeof(struct flow) == 128, "two cache lines");

struct backend {
  _Alignas(64) uint64_t mac;
  uint32_t address, port, switch_port, is_usable, active, most_active;
  uint64_t picked, answered, failed;
  double response_ms, measured_ms;
};
struct list { uint32_t first, last; };

static struct flow *flows;
static uint64_t *index_places;
static uint32_t bucket_mask, capacity, fresh;
static struct list lists[LISTS];
static struct backend backends[BACKENDS];
static uint64_t now_us;
static uint32_t now_seconds;

/* ------------------------------------------------------------------------------------------------ index */
#define HASH_SEED 7ull

static inline uint64_t mix(uint64_t key) {
  uint64_t x = (key ^ HASH_SEED) * 0x9e3779b97f4a7c15ull;
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93ull;
  return x ^ (x >> 29);
}
static inline uint64_t hash(uint64_t head, uint64_t addresses) { return mix(mix(head) ^ addresses); }
static inline uint64_t *bucket_a(uint64_t h) { return index_places + ((uint32_t)h & bucket_mask) * BUCKET_SLOTS; }
static inline uint64_t *bucket_b(uint64_t h) {
  uint32_t other = (uint32_t)(h >> 32) * 0x9e3779b1u | 1;
  return index_places + (((uint32_t)h ^ other) & bucket_mask) * BUCKET_SLOTS;
}
static inline uint64_t reference_to(uint64_t h, uint32_t direction, uint32_t number) {
  return (h & 0xffffffff00000000ull) | direction << 31 | (number + 1);
}

static inline uint64_t word_of(const struct flow *f) { return __atomic_load_n(&f->word, __ATOMIC_ACQUIRE); }
static inline uint32_t state_of(uint64_t word) { return (uint8_t)(word >> 32); }
static inline uint32_t flags_of(uint64_t word) { return (uint32_t)(word >> 40); }
static inline uint64_t make_word(uint32_t instance, uint32_t state, uint32_t flags) {
  return instance | (uint64_t)state << 32 | (uint64_t)flags << 40;
}
static inline bool change_word(struct flow *f, uint64_t from, uint64_t to) {
  return __atomic_compare_exchange_n(&f->word, &from, to, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}
static inline bool is_live(uint64_t word) { return state_of(word) != FREE && state_of(word) < CLAIMED; }

static inline struct flow *find_in(const uint64_t *bucket, uint64_t h, uint64_t head, uint64_t addresses, uint32_t *direction) {
  for (int i = 0; i < BUCKET_SLOTS; i++) {
    uint64_t reference = __atomic_load_n(&bucket[i], __ATOMIC_ACQUIRE);
    if (reference >> 32 != h >> 32 || reference == 0) continue;
    struct flow *f = &flows[((uint32_t)reference & 0x7fffffff) - 1];
    uint32_t d = (uint32_t)reference >> 31;
    uint64_t word = word_of(f);
    if (!is_live(word) || f->head[d] != head || f->addresses[d] != addresses) continue;
    if ((uint32_t)word_of(f) != (uint32_t)word) continue;
    *direction = d;
    return f;
  }
  return NULL;
}

static inline struct flow *find(uint64_t h, uint64_t head, uint64_t addresses, uint32_t *direction) {
  struct flow *f = find_in(bucket_a(h), h, head, addresses, direction);
  return f ? f : find_in(bucket_b(h), h, head, addresses, direction);
}

static inline int free_places(const uint64_t *bucket) {
  int free = 0;
  for (int i = 0; i < BUCKET_SLOTS; i++) free += __atomic_load_n(&bucket[i], __ATOMIC_RELAXED) == 0;
  return free;
}

static bool place_in(uint64_t *bucket, uint64_t reference) {
  for (int i = 0; i < BUCKET_SLOTS; i++) {
    uint64_t empty = 0;
    if (__atomic_compare_exchange_n(&bucket[i], &empty, reference, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) return true;
  }
  return false;
}

static bool place(uint64_t h, uint32_t direction, uint32_t number) {
  uint64_t reference = reference_to(h, direction, number), *a = bucket_a(h), *b = bucket_b(h);
  bool is_a_first = free_places(a) >= free_places(b);
  return place_in(is_a_first ? a : b, reference) || place_in(is_a_first ? b : a, reference);
}

static void take(uint64_t h, uint32_t direction, uint32_t number) {
  uint64_t reference = reference_to(h, direction, number), *buckets[2] = {bucket_a(h), bucket_b(h)};
  for (int b = 0; b < 2; b++)
    for (int i = 0; i < BUCKET_SLOTS; i++)
      if (buckets[b][i] == reference) {
        __atomic_store_n(&buckets[b][i], 0, __ATOMIC_RELEASE);
        return;
      }
}

/* Whether another one has, or is just taking, the same tuple. */
static bool has_rival(uint64_t h, const struct flow *own, uint32_t direction) {
  const uint64_t *buckets[2] = {bucket_a(h), bucket_b(h)};
  for (int b = 0; b < 2; b++)
    for (int i = 0; i < BUCKET_SLOTS; i++) {
      uint64_t reference = __atomic_load_n(&buckets[b][i], __ATOMIC_SEQ_CST);
      if (reference == 0 || reference >> 32 != h >> 32) continue;
      const struct flow *f = &flows[((uint32_t)reference & 0x7fffffff) - 1];
      uint32_t d = (uint32_t)reference >> 31, state = state_of(word_of(f));
      if ((f == own && d == direction) || state == FREE || state >= ENDING) continue;
      if (f->head[d] == own->head[direction] && f->addresses[d] == own->addresses[direction]) return true;
    }
  return false;
}

/* ------------------------------------------------------------------------------------------------ lists */
static void append(struct flow *f, uint32_t list) {
  uint32_t number = (uint32_t)(f - flows) + 1, last = lists[list].last;
  f->list = list, f->next = 0, f->previous = last;
  if (last == 0) lists[list].first = number;
  else flows[last - 1].next = number;
  lists[list].last = number;
}

static void unlink_flow(struct flow *f) {
  struct list *list = &lists[f->list];
  if (f->previous == 0) list->first = f->next;
  else flows[f->previous - 1].next = f->next;
  if (f->next == 0) list->last = f->previous;
  else flows[f->next - 1].previous = f->previous;
}

static inline void refile(struct flow *f, uint32_t list) {
  unlink_flow(f);
  append(f, list);
}

static bool end_flow(struct flow *f, uint64_t word) {
  if (!is_live(word) || !change_word(f, word, make_word((uint32_t)word, ENDING, 0))) return false;
  if (state_of(word) != TIME_WAIT) __atomic_fetch_sub(&backends[f->backend].active, 1, __ATOMIC_RELAXED);
  for (uint32_t d = ORIGINAL; d <= REPLY; d++) take(hash(f->head[d], f->addresses[d]), d, (uint32_t)(f - flows));
  unlink_flow(f);
  __atomic_store_n(&f->word, make_word((uint32_t)word + 1, FREE, 0), __ATOMIC_RELEASE);
  append(f, FREE);
  return true;
}

static struct flow *claim(void) {
  if (lists[FREE].first == 0 && fresh < capacity) append(&flows[fresh++], FREE);
  for (uint32_t list = TIME_WAIT; lists[FREE].first == 0 && list < LISTS; list++)
    for (int tries = 0; lists[list].first != 0 && lists[FREE].first == 0 && tries < EVICTION_TRIES; tries++) {
      struct flow *oldest = &flows[lists[list].first - 1];
      end_flow(oldest, word_of(oldest));
    }
  if (lists[FREE].first == 0) return NULL;
  struct flow *f = &flows[lists[FREE].first - 1];
  unlink_flow(f);
  return f;
}

/* The first of each list has been silent for the longest. */
static void set_time(uint64_t us) {
  uint32_t seconds = (uint32_t)(us / 1000000);
  now_us = us;
  if (seconds == now_seconds) return;
  now_seconds = seconds;
  for (uint32_t list = TIME_WAIT; list < LISTS; list++)
    while (lists[list].first != 0 && now_seconds - flows[lists[list].first - 1].last_seen >= timeouts[list]) {
      struct flow *oldest = &flows[lists[list].first - 1];
      if (!end_flow(oldest, word_of(oldest))) break;
    }
}
#endif
