/* UDP packet rate: datagrams of BYTES of payload (64: 106 bytes of Ethernet frame) sent as fast as sendmmsg goes, from one
 * socket to one socket. The sender is not held back, so a switch that is slower than it has to drop; what counts is what
 * arrives at the socket between two looks at the clock, after a warm-up of 0.3 s.
 *   udp-rate receive ADDRESS PORT BYTES SECONDS     {"packets","seconds","packetsPerSecond","machineBusySeconds"}
 *   udp-rate send    ADDRESS PORT BYTES SECONDS     {"packets","seconds"} */
#include "common.h"

#define BATCH 64
#define MAX_BYTES 2048
#define RECEIVE_BUFFER_BYTES (4 * 1024 * 1024)

static char payload[BATCH][MAX_BYTES];
static struct iovec vectors[BATCH];
static struct mmsghdr messages[BATCH];
static uint64_t received;

static void lay_out_messages(size_t bytes) {
  for (int i = 0; i < BATCH; i++) {
    vectors[i] = (struct iovec){payload[i], bytes};
    messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
  }
}

static void *count_arrivals(void *argument) {
  int s = *(int *)argument;
  for (int n;;)
    if ((n = recvmmsg(s, messages, BATCH, MSG_WAITFORONE, NULL)) > 0) __atomic_fetch_add(&received, (uint64_t)n, __ATOMIC_RELAXED);
  return NULL;
}

static void receive(const struct sockaddr_in *address, double seconds) {
  int s = check(socket(AF_INET, SOCK_DGRAM, 0), "socket"), bytes = RECEIVE_BUFFER_BYTES;
  check(setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes), "SO_RCVBUFFORCE");
  check(bind(s, (const struct sockaddr *)address, sizeof *address), "bind");
  say_ready();
  if (recv(s, payload[0], MAX_BYTES, 0) < 0) fail("recv");
  pthread_t thread;
  if (pthread_create(&thread, NULL, count_arrivals, &s) != 0) fail("pthread_create");
  wait_seconds(WARM_UP_SECONDS);
  uint64_t packets = __atomic_load_n(&received, __ATOMIC_RELAXED), begin = now_ns();
  double busy = machine_busy_seconds();
  wait_seconds(seconds);
  packets = __atomic_load_n(&received, __ATOMIC_RELAXED) - packets;
  double elapsed = (double)(now_ns() - begin) / 1e9;
  busy = machine_busy_seconds() - busy;
  printf("{\"packets\":%llu,\"seconds\":%.6f,\"packetsPerSecond\":%.0f,\"machineBusySeconds\":%.3f}\n", (unsigned long long)packets,
         elapsed, (double)packets / elapsed, busy);
}

/* A full queue of the device, and the refusal of a receiver that has ended, are no end: the rate is the receiver's. */
static int send_batch(int s) {
  int n = sendmmsg(s, messages, BATCH, 0);
  if (n < 0 && errno != ENOBUFS && errno != EAGAIN && errno != ECONNREFUSED) fail("sendmmsg");
  return n > 0 ? n : 0;
}

static void transmit(const struct sockaddr_in *address, double seconds) {
  int s = check(socket(AF_INET, SOCK_DGRAM, 0), "socket");
  check(connect(s, (const struct sockaddr *)address, sizeof *address), "connect");
  uint64_t packets = 0, begin = now_ns(), end = begin + (uint64_t)((WARM_UP_SECONDS * 2 + seconds) * 1e9);
  while (now_ns() < end) packets += (uint64_t)send_batch(s);
  printf("{\"packets\":%llu,\"seconds\":%.6f}\n", (unsigned long long)packets, (double)(now_ns() - begin) / 1e9);
}

int main(int argc, char **argv) {
  if (argc != 6) usage("udp-rate receive|send ADDRESS PORT BYTES SECONDS");
  struct sockaddr_in address = address_of(argv[2], argv[3]);
  long bytes = atol(argv[4]);
  double seconds = atof(argv[5]);
  if (bytes < 1 || bytes > MAX_BYTES || seconds <= 0) usage("udp-rate: 1-2048 bytes, more than 0 seconds");
  lay_out_messages((size_t)bytes);
  end_after(seconds);
  if (strcmp(argv[1], "receive") == 0) receive(&address, seconds);
  else transmit(&address, seconds);
  return 0;
}
