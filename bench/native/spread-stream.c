/* TCP throughput to a receiver that may be one of several: STREAMS connections, a thread each, as much as goes for SECONDS after a warm-up of
 * 0.3 s. Whoever spreads connections decides how many each receiver gets, so the sender's figures count: what its sockets took between two looks
 * at the clock (what they hold is as much at both), and the processor time of the whole machine between the same two looks. Of
 * several ADDRESSES, with commas, each stream takes the next.
 *   spread-stream receive ADDRESS PORT SECONDS              {"bytes","streams"}
 *   spread-stream send    ADDRESSES PORT STREAMS SECONDS    {"bytes","seconds","gbps","machineBusySeconds"} */
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
static int accepted;

static void *receive_all(void *argument) {
  struct stream *stream = argument;
  char *buffer = malloc(BUFFER_BYTES);
  for (ssize_t n; (n = recv(stream->socket, buffer, BUFFER_BYTES, 0)) > 0;)
    __atomic_fetch_add(&stream->bytes, (uint64_t)n, __ATOMIC_RELAXED);
  free(buffer);
  close(stream->socket);
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

static void *accept_all(void *argument) {
  int listener = *(int *)argument;
  for (int s; accepted < MAX_STREAMS && (s = accept(listener, NULL, NULL)) >= 0;) {
    struct stream *stream = &streams[accepted];
    stream->socket = s;
    if (pthread_create(&stream->thread, NULL, receive_all, stream) != 0) fail("pthread_create");
    __atomic_fetch_add(&accepted, 1, __ATOMIC_RELEASE);
  }
  return NULL;
}

static uint64_t bytes_of(int count) {
  uint64_t sum = 0;
  for (int i = 0; i < count; i++) sum += __atomic_load_n(&streams[i].bytes, __ATOMIC_RELAXED);
  return sum;
}

/* Longer than the sender takes, which begins after it. */
static void receive(const struct sockaddr_in *address, double seconds) {
  static int listener;
  pthread_t thread;
  listener = listening_socket(address, MAX_STREAMS);
  if (pthread_create(&thread, NULL, accept_all, &listener) != 0) fail("pthread_create");
  say_ready();
  wait_seconds(seconds + WARM_UP_SECONDS + 1);
  int count = __atomic_load_n(&accepted, __ATOMIC_ACQUIRE);
  printf("{\"bytes\":%llu,\"streams\":%d}\n", (unsigned long long)bytes_of(count), count);
  fflush(stdout);
  _exit(0); /* a thread waits for connections that will not come */
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

static void connect_all(char *addresses, const char *port, int count) {
  struct sockaddr_in targets[MAX_STREAMS];
  int known = 0;
  for (char *word = strtok(addresses, ","); word && known < MAX_STREAMS; word = strtok(NULL, ",")) targets[known++] = address_of(word, port);
  if (known == 0) usage("spread-stream: no address");
  for (int i = 0; i < count; i++) streams[i].socket = connected_socket(&targets[i % known]);
}

static void transmit(int count, double seconds) {
  for (int i = 0; i < count; i++)
    if (pthread_create(&streams[i].thread, NULL, send_all, &streams[i]) != 0) fail("pthread_create");
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

int main(int argc, char **argv) {
  const char *line = "spread-stream receive ADDRESS PORT SECONDS | send ADDRESSES PORT STREAMS SECONDS";
  int is_receiving = argc == 5 && strcmp(argv[1], "receive") == 0;
  if (!is_receiving && (argc != 6 || strcmp(argv[1], "send") != 0)) usage(line);
  double seconds = atof(argv[argc - 1]);
  if (seconds <= 0) usage(line);
  end_after(seconds);
  if (is_receiving) {
    struct sockaddr_in address = address_of(argv[2], argv[3]);
    receive(&address, seconds);
    return 0;
  }
  int count = atoi(argv[4]);
  if (count < 1 || count > MAX_STREAMS) usage("spread-stream: 1-64 streams");
  connect_all(argv[2], argv[3], count);
  transmit(count, seconds);
  return 0;
}
