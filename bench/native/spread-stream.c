/* TCP throughput to a receiver that may be one of several: STREAMS connections, a thread each, as much as goes for SECONDS after a warm-up of
 * 0.3 s. Whoever spreads connections decides how many each receiver gets, so the sender's figures count: what its sockets took between two looks
 * at the clock (what they hold is as much at both), and the processor time of the whole machine between the same two looks. Of
 * several ADDRESSES, with commas, each stream takes the next.
 *   spread-stream receive ADDRESS PORT SECONDS              {"bytes","streams"}
 *   spread-stream send    ADDRESSES PORT STREAMS SECONDS    {"bytes","seconds","gbps","machineBusySeconds"} */
#include "streams.h"

static int accepted;

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

static void connect_all(char *addresses, const char *port, int count) {
  struct sockaddr_in targets[MAX_STREAMS];
  int known = 0;
  for (char *word = strtok(addresses, ","); word && known < MAX_STREAMS; word = strtok(NULL, ",")) targets[known++] = address_of(word, port);
  if (known == 0) usage("spread-stream: no address");
  for (int i = 0; i < count; i++) streams[i].socket = connected_socket(&targets[i % known]);
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
  start(count, send_all);
  measure(count, seconds);
  return 0;
}
