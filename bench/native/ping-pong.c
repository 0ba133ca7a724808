/* TCP round trips: the client sends BYTES, the server sends them back, one at a time, without Nagle's delay. Both sides
 * sleep in recv, as a usual program does. Every round trip after a warm-up of 0.3 s is kept, so the percentiles are exact.
 *   ping-pong answer ADDRESS PORT BYTES SECONDS     {"exchanges"}
 *   ping-pong ask    ADDRESS PORT BYTES SECONDS     {"exchanges","seconds","minUs","p50Us","p90Us","p99Us","p999Us","maxUs","machineBusySeconds"} */
#include "common.h"

#define MAX_BYTES 1024
#define MAX_EXCHANGES_PER_SECOND 400000

static char buffer[MAX_BYTES];

static void send_whole(int s, size_t bytes) {
  if (send(s, buffer, bytes, MSG_NOSIGNAL) != (ssize_t)bytes) fail("send");
}

/* False when the other side has ended. */
static int receive_whole(int s, size_t bytes) {
  ssize_t n = recv(s, buffer, bytes, MSG_WAITALL);
  if (n == (ssize_t)bytes) return 1;
  if (n == 0 || errno == ECONNRESET) return 0;
  fail("recv");
}

static void no_delay(int s) {
  int one = 1;
  check(setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one), "TCP_NODELAY");
}

static void answer(const struct sockaddr_in *address, size_t bytes) {
  int listener = listening_socket(address, 1);
  say_ready();
  int s = check(accept(listener, NULL, NULL), "accept");
  no_delay(s);
  uint64_t exchanges = 0;
  for (; receive_whole(s, bytes); exchanges++) send_whole(s, bytes);
  printf("{\"exchanges\":%llu}\n", (unsigned long long)exchanges);
}

static uint64_t exchange(int s, size_t bytes) {
  uint64_t begin = now_ns();
  send_whole(s, bytes);
  if (!receive_whole(s, bytes)) fail("the server ended");
  return now_ns() - begin;
}

static double at(const uint32_t *sorted, size_t count, double share) { return sorted[(size_t)((double)(count - 1) * share)] / 1e3; }

static void report(uint32_t *ns, size_t count, double elapsed, double busy) {
  qsort(ns, count, sizeof *ns, by_u32);
  printf("{\"exchanges\":%zu,\"seconds\":%.6f,\"minUs\":%.2f,\"p50Us\":%.2f,\"p90Us\":%.2f,\"p99Us\":%.2f,\"p999Us\":%.2f,"
         "\"maxUs\":%.2f,\"machineBusySeconds\":%.3f}\n",
         count, elapsed, at(ns, count, 0), at(ns, count, 0.5), at(ns, count, 0.9), at(ns, count, 0.99), at(ns, count, 0.999),
         at(ns, count, 1), busy);
}

static void ask(const struct sockaddr_in *address, size_t bytes, double seconds) {
  int s = connected_socket(address);
  no_delay(s);
  size_t capacity = (size_t)(seconds * MAX_EXCHANGES_PER_SECOND) + 1, count = 0;
  uint32_t *ns = calloc(capacity, sizeof *ns);
  if (!ns) fail("calloc");
  for (uint64_t end = now_ns() + (uint64_t)(WARM_UP_SECONDS * 1e9); now_ns() < end;) exchange(s, bytes);
  double busy = machine_busy_seconds();
  uint64_t begin = now_ns(), end = begin + (uint64_t)(seconds * 1e9);
  while (now_ns() < end && count < capacity) ns[count++] = (uint32_t)exchange(s, bytes);
  report(ns, count, (double)(now_ns() - begin) / 1e9, machine_busy_seconds() - busy);
}

int main(int argc, char **argv) {
  if (argc != 6) usage("ping-pong answer|ask ADDRESS PORT BYTES SECONDS");
  struct sockaddr_in address = address_of(argv[2], argv[3]);
  long bytes = atol(argv[4]);
  double seconds = atof(argv[5]);
  if (bytes < 1 || bytes > MAX_BYTES || seconds <= 0) usage("ping-pong: 1-1024 bytes, more than 0 seconds");
  end_after(seconds);
  if (strcmp(argv[1], "answer") == 0) answer(&address, (size_t)bytes);
  else ask(&address, (size_t)bytes, seconds);
  return 0;
}
