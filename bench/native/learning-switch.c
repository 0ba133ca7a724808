/* A learning switch in C, for bench/embedding: the same work as bench/embedding/plain-switch.ts, over the same frames as its traffic.ts makes.
 * Frames are copied when they enter, sources learned in a hash table, destinations looked up, and what leaves a port is handed to a function
 * in bursts. The sum of what left is that of the other switches after one round.
 *
 *   learning-switch STATIONS SECONDS
 *   {"framesPerSecond","frames","sum"} */
#include "common.h"
#include <stdbool.h>

#define BURST 256
#define FRAMES 4096
#define FRAME_BYTES 64
#define MIN_BYTES 14
#define SLOT_BYTES 2048
#define PORTS 2
#define AGE_SECONDS 300
#define PLACES (1u << 17)

struct station { uint64_t mac; uint32_t port, seen_seconds; };
struct frame { const uint8_t *bytes; uint32_t length; };
typedef void (*listener)(uint32_t port, const struct frame *frames, uint32_t count);

static struct station table[PLACES];
static uint8_t slots[BURST][SLOT_BYTES];
static struct frame leaving[PORTS][BURST];
static uint32_t leaving_count[PORTS], now_seconds;
static uint64_t dropped, left_frames, left_sum;

static uint8_t made[FRAMES][FRAME_BYTES];

static uint64_t mac_at(const uint8_t *p) {
  uint64_t mac = 0;
  memcpy(&mac, p, 6);
  return mac;
}

/* The place of a station, or the free one where it would be. A place that was freed stays one to probe past (port PORTS). */
static struct station *place_of(uint64_t mac) {
  uint32_t at = (uint32_t)((mac * 0x9e3779b97f4a7c15ull) >> 47);
  while (table[at].mac != 0 && table[at].mac != mac) at = (at + 1) & (PLACES - 1);
  return &table[at];
}

static void tick(uint64_t now_ms) {
  uint32_t now = (uint32_t)(now_ms / 1000);
  if (now == now_seconds) return;
  now_seconds = now;
  for (uint32_t at = 0; at < PLACES; at++)
    if (table[at].mac != 0 && now - table[at].seen_seconds > AGE_SECONDS) table[at].port = PORTS;
}

static void leave(uint32_t port, const uint8_t *bytes, uint32_t length) {
  leaving[port][leaving_count[port]++] = (struct frame){bytes, length};
}

static void forward(uint32_t port, const uint8_t *frame, uint32_t length) {
  uint64_t source = length < MIN_BYTES ? 0 : mac_at(frame + 6);
  if (source == 0 || (frame[6] & 1) != 0) { dropped++; return; }
  *place_of(source) = (struct station){source, port, now_seconds};
  const struct station *station = (frame[0] & 1) == 0 ? place_of(mac_at(frame)) : NULL;
  bool known = station != NULL && station->mac != 0 && station->port != PORTS && now_seconds - station->seen_seconds <= AGE_SECONDS;
  if (known && station->port != port) leave(station->port, frame, length);
  else if (known) dropped++;
  else for (uint32_t to = 0; to < PORTS; to++) if (to != port) leave(to, frame, length);
}

static void send_burst(uint32_t port, const struct frame *frames, uint32_t count, listener hear) {
  for (uint32_t i = 0; i < count; i++) {
    memcpy(slots[i], frames[i].bytes, frames[i].length);
    forward(port, slots[i], frames[i].length);
  }
  for (uint32_t to = 0; to < PORTS; to++) {
    if (leaving_count[to] > 0) hear(to, leaving[to], leaving_count[to]);
    leaving_count[to] = 0;
  }
}

static void tally(uint32_t port, const struct frame *frames, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) left_sum += (uint64_t)(port + 1) * (frames[i].bytes[5] + 256u * frames[i].bytes[11]);
  left_frames += count;
}

static void write_mac(uint8_t *p, uint32_t station) {
  uint32_t spread = __builtin_bswap32(station * 2654435761u);
  p[0] = 2;
  memcpy(p + 2, &spread, 4);
}

static void make(uint32_t stations) {
  for (uint32_t number = 0; number < FRAMES; number++) {
    uint32_t index = number / BURST, port = index % 2;
    uint32_t source = (((index >> 1) * BURST + number % BURST) * 2 + port) % stations;
    uint32_t step = (source * 7 + 1) % 2 == source % 2 ? 2 : 1;
    write_mac(made[number], (source * 7 + step) % stations);
    write_mac(made[number] + 6, source);
    made[number][12] = 0x88;
    made[number][13] = 0xb5;
  }
}

int main(int argc, char **argv) {
  if (argc != 3) usage("learning-switch STATIONS SECONDS");
  uint32_t stations = (uint32_t)strtoul(argv[1], NULL, 10);
  double seconds = atof(argv[2]);
  if (stations < 2 || stations > 65536 || stations % 2 != 0 || seconds <= 0) usage("learning-switch: an even number of stations, more than 0 seconds");
  end_after(seconds * 4);
  make(stations);
  struct frame frames[FRAMES];
  for (uint32_t i = 0; i < FRAMES; i++) frames[i] = (struct frame){made[i], FRAME_BYTES};
  volatile listener hear = tally; // a caller's own function: nobody knows it at compile time
  uint64_t first_frames = 0, first_sum = 0, rounds = 0, begin = now_ns(), now = begin;
  for (; now - begin < (uint64_t)(seconds * 1e9); now = now_ns(), rounds++) {
    tick(rounds);
    for (uint32_t at = 0; at < FRAMES; at += BURST) send_burst((at / BURST) % 2, frames + at, BURST, hear);
    if (rounds == 0) first_frames = left_frames, first_sum = left_sum;
  }
  printf("{\"framesPerSecond\":%.0f,\"frames\":%llu,\"sum\":%llu}\n", (double)rounds * FRAMES * 1e9 / (double)(now - begin),
         (unsigned long long)first_frames, (unsigned long long)(first_sum & 0xffffffffu));
  return 0;
}
