/* TCP throughput: STREAMS connections, a thread each, as much as goes for SECONDS after a warm-up of 0.3 s.
 * The receiver's figures count: what arrived between two looks at the clock, and the processor time of the whole machine
 * between the same two looks.
 *   stream receive ADDRESS PORT STREAMS SECONDS     {"bytes","seconds","gbps","machineBusySeconds"}
 *   stream send    ADDRESS PORT STREAMS SECONDS     {"bytes"} */
#include "common.h"

#define MAX_STREAMS 64
#define BUFFER_BYTES (256 * 1024)

/* One connection; the count stands on a cache line of its own. */
struct stream {
  _Alignas(64) uint64_t bytes;
  int socket;
  pthread_t thread;
};
static struct stream streams[MAX_STREAMS];

static void *receive_all(void *argument) {
  struct stream *stream = argument;
  char *buffer = malloc(BUFFER_BYTES);
  for (ssize_t n; (n = recv(stream->socket, buffer, BUFFER_BYTES, 0)) > 0;)
    __atomic_fetch_add(&stream->bytes, (uint64_t)n, __ATOMIC_RELAXED);
  free(buffer);
  return NULL;
}

static void *send_all(void *argument) {
  struct stream *stream = argument;
  char *buffer = calloc(1, BUFFER_BYTES);
  for (ssize_t n; (n = send(stream->socket, buffer, BUFFER_BYTES, MSG_NOSIGNAL)) > 0;) stream->bytes += (uint64_t)n;
  free(buffer);
  return NULL;
}

static uint64_t bytes_of(int count) {
  uint64_t sum = 0;
  for (int i = 0; i < count; i++) sum += __atomic_load_n(&streams[i].bytes, __ATOMIC_RELAXED);
  return sum;
}

static void start(int count, void *(*body)(void *)) {
  for (int i = 0; i < count; i++)
    if (pthread_create(&streams[i].thread, NULL, body, &streams[i]) != 0) fail("pthread_create");
}

/* Ends every connection at once, so that the threads that wait in them return. */
static void finish(int count) {
  struct linger at_once = {1, 0};
  for (int i = 0; i < count; i++) {
    setsockopt(streams[i].socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    shutdown(streams[i].socket, SHUT_RDWR);
    pthread_join(streams[i].thread, NULL);
    close(streams[i].socket);
  }
}

static void receive(const struct sockaddr_in *address, int count, double seconds) {
  int listener = listening_socket(address, count);
  say_ready();
  for (int i = 0; i < count; i++) streams[i].socket = check(accept(listener, NULL, NULL), "accept");
  start(count, receive_all);
  wait_seconds(WARM_UP_SECONDS);
  uint64_t bytes = bytes_of(count), begin = now_ns();
  double busy = machine_busy_seconds();
  wait_seconds(seconds);
  bytes = bytes_of(count) - bytes;
  double elapsed = (double)(now_ns() - begin) / 1e9;
  busy = machine_busy_seconds() - busy;
  finish(count);
  printf("{\"bytes\":%llu,\"seconds\":%.6f,\"gbps\":%.6f,\"machineBusySeconds\":%.3f}\n", (unsigned long long)bytes, elapsed,
         (double)bytes * 8 / elapsed / 1e9, busy);
}

static void transmit(const struct sockaddr_in *address, int count) {
  for (int i = 0; i < count; i++) streams[i].socket = connected_socket(address);
  start(count, send_all);
  for (int i = 0; i < count; i++) pthread_join(streams[i].thread, NULL);
  printf("{\"bytes\":%llu}\n", (unsigned long long)bytes_of(count));
}

int main(int argc, char **argv) {
  if (argc != 6) usage("stream receive|send ADDRESS PORT STREAMS SECONDS");
  struct sockaddr_in address = address_of(argv[2], argv[3]);
  int count = atoi(argv[4]);
  double seconds = atof(argv[5]);
  if (count < 1 || count > MAX_STREAMS || seconds <= 0) usage("stream: 1-64 streams, more than 0 seconds");
  end_after(seconds);
  if (strcmp(argv[1], "receive") == 0) receive(&address, count, seconds);
  else transmit(&address, count);
  return 0;
}
