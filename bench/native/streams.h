/* TCP streams, a thread each, which the programs that measure them share: what one moves, and what all moved between two looks at the clock. */
#ifndef PORTYARD_BENCH_STREAMS_H
#define PORTYARD_BENCH_STREAMS_H
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
  for (ssize_t n; (n = send(stream->socket, buffer, BUFFER_BYTES, MSG_NOSIGNAL)) > 0;)
    __atomic_fetch_add(&stream->bytes, (uint64_t)n, __ATOMIC_RELAXED);
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

/* After a warm-up: what all of them move in `seconds`, and the processor time of the whole machine meanwhile; then they end. */
static void measure(int count, double seconds) {
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
#endif
