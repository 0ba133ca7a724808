/* What the load generators share: the clock, sockets, the processor time of the whole machine and the way they end.
 * Every program prints one JSON object as the last line of its standard output, and ends by itself: its time is an
 * argument, and an alarm ends it ten seconds later if the other side never came or went away. */
#ifndef PORTYARD_BENCH_COMMON_H
#define PORTYARD_BENCH_COMMON_H
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define WARM_UP_SECONDS 0.3
#define GRACE_SECONDS 10

static inline uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

/* What this program had of the processor: others that share it do not count. */
static inline uint64_t processor_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

/* Orders for qsort. */
static inline int by_u64(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}
static inline int by_u32(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return x < y ? -1 : x > y;
}

static inline void wait_seconds(double seconds) {
  struct timespec t = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
  while (nanosleep(&t, &t) < 0 && errno == EINTR) {}
}

_Noreturn static inline void fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(1);
}

_Noreturn static inline void usage(const char *line) {
  fprintf(stderr, "usage: %s\n", line);
  exit(2);
}

static inline int check(int result, const char *what) {
  if (result < 0) fail(what);
  return result;
}

static inline void end_after(double seconds) { alarm((unsigned)seconds + 1 + GRACE_SECONDS); }

/* Seconds that all processors together were not idle (user, nice, system, irq, softirq; not steal), since boot. */
static inline double machine_busy_seconds(void) {
  unsigned long long user, nice, system, idle, iowait, irq, softirq;
  FILE *f = fopen("/proc/stat", "r");
  if (!f || fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &system, &idle, &iowait, &irq, &softirq) != 7)
    fail("/proc/stat");
  fclose(f);
  return (double)(user + nice + system + irq + softirq) / (double)sysconf(_SC_CLK_TCK);
}

static inline struct sockaddr_in address_of(const char *ip, const char *port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
  if (inet_pton(AF_INET, ip, &address.sin_addr) != 1) {
    fprintf(stderr, "%s is not an IPv4 address\n", ip);
    exit(2);
  }
  return address;
}

static inline int listening_socket(const struct sockaddr_in *address, int backlog) {
  int one = 1, s = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
  check(setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one), "SO_REUSEADDR");
  check(bind(s, (const struct sockaddr *)address, sizeof *address), "bind");
  check(listen(s, backlog), "listen");
  return s;
}

static inline int connected_socket(const struct sockaddr_in *address) {
  int s = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
  check(connect(s, (const struct sockaddr *)address, sizeof *address), "connect");
  return s;
}

/* The starter of the program waits for this line before it starts the other side. */
static inline void say_ready(void) {
  puts("ready");
  fflush(stdout);
}
#endif
