/* The service stage of bench/native/flow-serve.c: what the engine's does to TCP over IPv4, written as one would in C, not translated.
 *
 *   new flow   virtual address, rule, round robin over usable backends, entry, both references, list
 *   known one  list (once a second), counts, addresses, ports, checksums (RFC 1624), MACs, TCP state and sequence numbers */
#ifndef PORTYARD_BENCH_FLOW_SERVICE_H
#define PORTYARD_BENCH_FLOW_SERVICE_H
#include "flow-table.h"

#define ENDPOINTS 16
#define RESET_WINDOW 0x100000u
#define DROPPED 0
#define PASSED 1

enum { ANSWERED = 1, REQUESTED = 2, MEASURED = 4, CLIENT_FIN = 8, BACKEND_FIN = 16, BOTH_FIN = 24 };
enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };

struct endpoint { uint32_t address, is_virtual; };

static struct endpoint endpoints[ENDPOINTS];
static uint8_t served[32];
static uint32_t turn;

static inline uint16_t load16(const uint8_t *p) { uint16_t v; memcpy(&v, p, 2); return v; }
static inline uint32_t load32(const uint8_t *p) { uint32_t v; memcpy(&v, p, 4); return v; }
static inline uint64_t load64(const uint8_t *p) { uint64_t v; memcpy(&v, p, 8); return v; }
static inline void store16(uint8_t *p, uint32_t v) { uint16_t w = (uint16_t)v; memcpy(p, &w, 2); }
static inline void store32(uint8_t *p, uint32_t v) { memcpy(p, &v, 4); }
static inline void store64(uint8_t *p, uint64_t v) { memcpy(p, &v, 8); }
static inline uint32_t big16(const uint8_t *p) { return __builtin_bswap16(load16(p)); }
static inline uint32_t big32(const uint8_t *p) { return __builtin_bswap32(load32(p)); }
static inline void store_mac(uint8_t *p, uint64_t mac) { store32(p, (uint32_t)mac); store16(p + 4, (uint32_t)(mac >> 32)); }

/* ------------------------------------------------------------------------------------------------ services */
static inline uint32_t endpoint_place(uint32_t address) { return (uint32_t)(mix(address) >> 32) & (ENDPOINTS - 1); }

static void add_endpoint(uint32_t address, bool is_virtual) {
  uint32_t at = endpoint_place(address);
  while (endpoints[at].address != 0) at = (at + 1) & (ENDPOINTS - 1);
  endpoints[at] = (struct endpoint){address, is_virtual};
  served[(address >> 24) >> 3] |= (uint8_t)(1 << ((address >> 24) & 7));
}

static const struct endpoint *endpoint_of(uint32_t address) {
  for (uint32_t at = endpoint_place(address); endpoints[at].address != 0; at = (at + 1) & (ENDPOINTS - 1))
    if (endpoints[at].address == address) return &endpoints[at];
  return NULL;
}

static inline bool is_served(uint32_t last_byte) { return served[last_byte >> 3] >> (last_byte & 7) & 1; }

static int pick(void) {
  for (uint32_t tries = 0; tries < BACKENDS; tries++) {
    uint32_t at = turn;
    turn = turn + 1 == BACKENDS ? 0 : turn + 1;
    const struct backend *b = &backends[at];
    if (b->is_usable && (b->most_active == 0 || b->active < b->most_active)) return (int)at;
  }
  return -1;
}

/* ------------------------------------------------------------------------------------------------ checksums */
static inline uint32_t fold(uint32_t sum) {
  sum = (sum & 0xffff) + (sum >> 16);
  return (sum & 0xffff) + (sum >> 16);
}
static inline uint32_t sum32(uint32_t value) { return (value & 0xffff) + (value >> 16); }
/* RFC 1624, equation 3; words as they lie in memory. */
static inline uint32_t updated(uint32_t checksum, uint32_t before, uint32_t after) {
  return ~fold((~checksum & 0xffff) + (~fold(before) & 0xffff) + fold(after)) & 0xffff;
}

static inline void set_end(uint8_t *ip, uint8_t *tcp, int address_at, int port_at, uint32_t address, uint32_t port) {
  uint32_t before = sum32(load32(ip + address_at)), after = sum32(address), port_before = load16(tcp + port_at);
  store32(ip + address_at, address);
  store16(ip + 10, updated(load16(ip + 10), before, after));
  store16(tcp + port_at, port);
  store16(tcp + 16, updated(load16(tcp + 16), before + port_before, after + port));
}

static inline void rewrite(uint8_t *frame, uint8_t *ip, uint8_t *tcp, const struct flow *f, uint32_t direction) {
  if (direction == ORIGINAL) {
    set_end(ip, tcp, 16, 2, (uint32_t)f->addresses[REPLY], (uint16_t)(f->head[REPLY] >> 32));
    store_mac(frame, f->backend_mac);
  } else {
    set_end(ip, tcp, 12, 0, (uint32_t)(f->addresses[ORIGINAL] >> 32), (uint16_t)(f->head[ORIGINAL] >> 48));
  }
  store_mac(frame + 6, VIRTUAL_MAC);
}

/* ------------------------------------------------------------------------------------------------ TCP */
static void measure(struct backend *b, double ms) {
  double idle = (double)now_us / 1000 - b->measured_ms, kept = 1 / (1 + idle / 10000);
  b->response_ms = b->response_ms == 0 || ms > b->response_ms ? ms : ms + (b->response_ms - ms) * kept;
  b->measured_ms = (double)now_us / 1000;
}

static uint32_t flags_after(struct flow *f, uint32_t direction, uint32_t tcp_flags, uint32_t payload, uint32_t before) {
  uint32_t flags = before;
  if (tcp_flags & FIN) flags |= direction == ORIGINAL ? CLIENT_FIN : BACKEND_FIN;
  if (direction == ORIGINAL) {
    if (payload == 0 || (flags & (REQUESTED | MEASURED | ANSWERED)) != ANSWERED) return flags;
    f->request_us = (uint32_t)now_us;
    return flags | REQUESTED;
  }
  if (tcp_flags & SYN && !(flags & ANSWERED)) {
    f->request_us = (uint32_t)now_us - f->request_us;
    flags |= ANSWERED;
    backends[f->backend].answered++;
  }
  if ((payload == 0 && !(tcp_flags & FIN)) || (flags & (MEASURED | ANSWERED)) != ANSWERED) return flags;
  measure(&backends[f->backend], (flags & REQUESTED ? (uint32_t)now_us - f->request_us : f->request_us) / 1e3);
  return flags | MEASURED;
}

static uint32_t state_after(uint32_t state, uint32_t direction, uint32_t tcp_flags, uint32_t flags, uint32_t before) {
  if ((flags & BOTH_FIN) == BOTH_FIN) return (before & BOTH_FIN) == BOTH_FIN && tcp_flags & ACK ? TIME_WAIT : CLOSING;
  if (flags & BOTH_FIN) return CLOSING;
  return state == HALF_OPEN && direction == ORIGINAL && tcp_flags & ACK && flags & ANSWERED ? ESTABLISHED : state;
}

static void reset(struct flow *f, const uint8_t *tcp, uint32_t direction, uint64_t word) {
  bool is_refusal = direction == REPLY && !(flags_of(word) & ANSWERED);
  bool is_accepted = is_refusal ? tcp[13] & ACK && big32(tcp + 8) == f->sequence[ORIGINAL]
                                : big32(tcp + 4) - f->acknowledgment[1 - direction] < RESET_WINDOW || big32(tcp + 4) == f->sequence[direction];
  if (is_accepted && end_flow(f, word) && is_refusal) backends[f->backend].failed++;
}

static void follow(struct flow *f, const uint8_t *tcp, uint32_t direction, uint64_t word, uint32_t payload) {
  uint32_t tcp_flags = tcp[13];
  if (tcp_flags & RST) return reset(f, tcp, direction, word);
  uint32_t next = big32(tcp + 4) + payload + !!(tcp_flags & SYN) + (tcp_flags & FIN);
  if (tcp_flags & SYN || (int32_t)(next - f->sequence[direction]) > 0) f->sequence[direction] = next;
  if (tcp_flags & ACK) f->acknowledgment[direction] = big32(tcp + 8);
  uint32_t flags = flags_after(f, direction, tcp_flags, payload, flags_of(word));
  uint32_t state = state_after(state_of(word), direction, tcp_flags, flags, flags_of(word));
  if (state == state_of(word) && flags == flags_of(word)) return;
  if (!change_word(f, word, make_word((uint32_t)word, state, flags))) return;
  if (state == state_of(word)) return;
  if (state == TIME_WAIT) __atomic_fetch_sub(&backends[f->backend].active, 1, __ATOMIC_RELAXED);
  refile(f, state);
}

static inline bool is_syn(uint32_t tcp_flags) { return (tcp_flags & (SYN | ACK | RST)) == SYN; }

/* ------------------------------------------------------------------------------------------------ a frame */
static int begin(uint8_t *frame, uint8_t *ip, uint8_t *tcp, uint64_t h, uint64_t head, uint64_t addresses, uint32_t port) {
  const struct endpoint *endpoint = endpoint_of((uint32_t)(addresses >> 32));
  if (!endpoint) return PASSED;
  if (!endpoint->is_virtual) return PASSED;
  if (big16(tcp + 2) != SERVICE_PORT || !is_syn(tcp[13])) return DROPPED;
  int picked = pick();
  if (picked < 0) return DROPPED;
  struct backend *b = &backends[picked];
  if (b->switch_port == port) return DROPPED; /* its answers would pass us by */
  uint64_t reply_head = (head & 0xffffffffull) | (uint64_t)b->port << 32 | (uint64_t)(uint16_t)(head >> 32) << 48;
  uint64_t reply_addresses = b->address | addresses << 32, reply_hash = hash(reply_head, reply_addresses);
  uint32_t direction;
  if (find(reply_hash, reply_head, reply_addresses, &direction)) return DROPPED;
  struct flow *f = claim();
  if (!f) return DROPPED;
  uint32_t instance = (uint32_t)f->word, number = (uint32_t)(f - flows);
  *f = (struct flow){.word = make_word(instance, CLAIMED, 0), .head = {head, reply_head}, .addresses = {addresses, reply_addresses}};
  f->backend_mac = b->mac, f->backend = (uint32_t)picked, f->last_seen = now_seconds, f->request_us = (uint32_t)now_us;
  f->sequence[ORIGINAL] = big32(tcp + 4) + 1, f->frames[ORIGINAL] = 1, f->bytes[ORIGINAL] = TEMPLATE_BYTES;
  __atomic_store_n(&f->word, make_word(instance, CLAIMED, 0), __ATOMIC_RELEASE);
  if (!place(h, ORIGINAL, number) || !place(reply_hash, REPLY, number) || has_rival(h, f, ORIGINAL) || has_rival(reply_hash, f, REPLY)) {
    take(h, ORIGINAL, number);
    take(reply_hash, REPLY, number);
    append(f, FREE);
    return DROPPED;
  }
  __atomic_store_n(&f->word, make_word(instance, HALF_OPEN, 0), __ATOMIC_SEQ_CST);
  append(f, HALF_OPEN);
  __atomic_fetch_add(&b->active, 1, __ATOMIC_RELAXED);
  __atomic_fetch_add(&b->picked, 1, __ATOMIC_RELAXED);
  rewrite(frame, ip, tcp, f, ORIGINAL);
  return PASSED;
}

/* Frames that are no TCP over IPv4 pass: what the other protocols would cost is not measured. */
static int serve(uint8_t *frame, uint32_t bytes, uint32_t port) {
  if (bytes < 34 || big16(frame + 12) != 0x0800 || frame[0] & 1) return PASSED;
  uint8_t *ip = frame + 14;
  uint32_t header = (uint32_t)(ip[0] & 15) << 2, total = big16(ip + 2);
  if (ip[0] >> 4 != 4 || header < 20 || header > total || total > bytes - 14) return PASSED;
  if (!is_served(ip[19]) && !is_served(ip[15])) return PASSED;
  if (ip[9] != 6 || big16(ip + 6) & 0x3fff || total < header + 20) return PASSED;
  uint8_t *tcp = ip + header;
  uint32_t tcp_header = (uint32_t)(tcp[12] >> 4) << 2;
  if (tcp_header < 20 || tcp_header > total - header) return PASSED;
  uint64_t head = NETWORK | 6u << 16 | 4u << 24 | (uint64_t)load32(tcp) << 32, addresses = load64(ip + 12), h = hash(head, addresses);
  uint32_t direction;
  struct flow *f = find(h, head, addresses, &direction);
  if (!f) return begin(frame, ip, tcp, h, head, addresses, port);
  uint64_t word = word_of(f);
  if (direction == ORIGINAL && is_syn(tcp[13]) && state_of(word) == TIME_WAIT && (int32_t)(big32(tcp + 4) - f->sequence[ORIGINAL]) >= 0) {
    end_flow(f, word);
    return begin(frame, ip, tcp, h, head, addresses, port);
  }
  if (f->last_seen != now_seconds) {
    f->last_seen = now_seconds;
    refile(f, f->list);
  }
  f->frames[direction]++;
  f->bytes[direction] += bytes;
  rewrite(frame, ip, tcp, f, direction);
  follow(f, tcp, direction, word, total - header - tcp_header);
  return PASSED;
}
#endif
