/* TCP connections: THREADS clients, each opens a connection, sends a byte, gets a byte and resets it, again and again for
 * SECONDS after a warm-up of 0.3 s. The reset leaves no TIME_WAIT behind, so the client's ports never run out.
 *   connections answer ADDRESS PORT THREADS SECONDS     {"connections"}
 *   connections open   ADDRESS PORT THREADS SECONDS     {"connections","seconds","perSecond","machineBusySeconds"} */
#include "common.h"

#define MAX_THREADS 64

/* One client or server; the count stands on a cache line of its own. */
struct side {
  _Alignas(64) uint64_t connections;
  pthread_t thread;
};
static struct side sides[MAX_THREADS];
static struct sockaddr_in address;
static int listener;
static int ended;

static void close_at_once(int s) {
  struct linger at_once = {1, 0};
  setsockopt(s, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(s);
}

static void *answer_all(void *argument) {
  struct side *side = argument;
  for (int s; (s = accept(listener, NULL, NULL)) >= 0;) {
    char byte;
    if (recv(s, &byte, 1, 0) == 1 && send(s, &byte, 1, MSG_NOSIGNAL) == 1 && recv(s, &byte, 1, 0) <= 0)
      __atomic_fetch_add(&side->connections, 1, __ATOMIC_RELAXED);
    close_at_once(s);
  }
  return NULL;
}

static void *open_all(void *argument) {
  struct side *side = argument;
  while (!__atomic_load_n(&ended, __ATOMIC_RELAXED)) {
    char byte = 'p';
    int s = connected_socket(&address);
    if (send(s, &byte, 1, MSG_NOSIGNAL) != 1) fail("send");
    if (recv(s, &byte, 1, 0) != 1) fail("recv");
    close_at_once(s);
    __atomic_fetch_add(&side->connections, 1, __ATOMIC_RELAXED);
  }
  return NULL;
}

static uint64_t connections_of(int count) {
  uint64_t sum = 0;
  for (int i = 0; i < count; i++) sum += __atomic_load_n(&sides[i].connections, __ATOMIC_RELAXED);
  return sum;
}

static void start(int count, void *(*body)(void *)) {
  for (int i = 0; i < count; i++)
    if (pthread_create(&sides[i].thread, NULL, body, &sides[i]) != 0) fail("pthread_create");
}

/* Longer than the clients take, which begin after it. */
static void answer(int count, double seconds) {
  listener = listening_socket(&address, SOMAXCONN);
  start(count, answer_all);
  say_ready();
  wait_seconds(seconds + WARM_UP_SECONDS + 1);
  printf("{\"connections\":%llu}\n", (unsigned long long)connections_of(count));
  fflush(stdout);
  _exit(0); /* its threads wait for connections that will not come */
}

static void ask(int count, double seconds) {
  start(count, open_all);
  wait_seconds(WARM_UP_SECONDS);
  uint64_t connections = connections_of(count), begin = now_ns();
  double busy = machine_busy_seconds();
  wait_seconds(seconds);
  connections = connections_of(count) - connections;
  double elapsed = (double)(now_ns() - begin) / 1e9;
  busy = machine_busy_seconds() - busy;
  __atomic_store_n(&ended, 1, __ATOMIC_RELAXED);
  for (int i = 0; i < count; i++) pthread_join(sides[i].thread, NULL);
  printf("{\"connections\":%llu,\"seconds\":%.6f,\"perSecond\":%.3f,\"machineBusySeconds\":%.3f}\n", (unsigned long long)connections,
         elapsed, (double)connections / elapsed, busy);
}

int main(int argc, char **argv) {
  if (argc != 6) usage("connections answer|open ADDRESS PORT THREADS SECONDS");
  address = address_of(argv[2], argv[3]);
  int count = atoi(argv[4]);
  double seconds = atof(argv[5]);
  if (count < 1 || count > MAX_THREADS || seconds <= 0) usage("connections: 1-64 threads, more than 0 seconds");
  end_after(seconds);
  if (strcmp(argv[1], "answer") == 0) answer(count, seconds);
  else ask(count, seconds);
  return 0;
}
