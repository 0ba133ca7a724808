/* TCP throughput: STREAMS connections, a thread each, as much as goes for SECONDS after a warm-up of 0.3 s.
 * The receiver's figures count: what arrived between two looks at the clock, and the processor time of the whole machine
 * between the same two looks.
 *   stream receive ADDRESS PORT STREAMS SECONDS     {"bytes","seconds","gbps","machineBusySeconds"}
 *   stream send    ADDRESS PORT STREAMS SECONDS     {"bytes"} */
#include "streams.h"

static void receive(const struct sockaddr_in *address, int count, double seconds) {
  int listener = listening_socket(address, count);
  say_ready();
  for (int i = 0; i < count; i++) streams[i].socket = check(accept(listener, NULL, NULL), "accept");
  start(count, receive_all);
  measure(count, seconds);
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
