/* Short TCP connections: CONNECTIONS at once, each sends 64 bytes, gets 64 bytes and is closed by the client, again and again for SECONDS after a
 * warm-up of 0.3 s. One thread and one epoll descriptor on either side. ADDRESSES and SOURCES are lists with commas, of which each new
 * connection takes the next: several sources give more connections than one address has ports, and with several addresses the client spreads
 * them itself. A connection lasts from before connect() until its answer is there; every duration is kept, so the percentiles are exact.
 * One that fails is counted and its place taken by another.
 *   short-connections answer ADDRESS PORT SECONDS                                    {"connections"}
 *   short-connections open   ADDRESSES PORT SOURCES CONNECTIONS SECONDS
 *                                       {"connections","failed","seconds","perSecond","p50Us","p99Us","maxUs","machineBusySeconds"} */
#include "common.h"
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#define MESSAGE_BYTES 64
#define MAX_CONNECTIONS 1024
#define MAX_ADDRESSES 64
#define MAX_DESCRIPTORS 65536
#define MAX_CONNECTIONS_PER_SECOND 400000
#define MAX_FAILED 100000
#define EVENTS 256
#define BACKLOG 4096

/* One of the connections that stand at once; socket -1: the next one is to be begun. */
struct connection {
  int socket;
  uint32_t received;
  uint64_t begin;
};
struct list {
  struct sockaddr_in at[MAX_ADDRESSES];
  uint32_t count, next;
};

static struct connection connections[MAX_CONNECTIONS];
static struct list targets, sources;
static uint32_t *durations_ns;
static size_t capacity, done;
static uint64_t failed;
static int poller, is_measuring;
static char message[MESSAGE_BYTES];

static void read_list(struct list *list, char *text, const char *port) {
  for (char *word = strtok(text, ","); word; word = strtok(NULL, ",")) {
    if (list->count == MAX_ADDRESSES) usage("short-connections: at most 64 addresses");
    list->at[list->count++] = address_of(word, port);
  }
  if (list->count == 0) usage("short-connections: no address");
}

static const struct sockaddr_in *next_of(struct list *list) { return &list->at[list->next++ % list->count]; }

static void watch(int s, uint32_t events, uint64_t data) {
  struct epoll_event event = {.events = events, .data.u64 = data};
  check(epoll_ctl(poller, EPOLL_CTL_ADD, s, &event), "epoll_ctl");
}

static void allow_descriptors(void) {
  struct rlimit limit;
  check(getrlimit(RLIMIT_NOFILE, &limit), "RLIMIT_NOFILE");
  limit.rlim_cur = limit.rlim_max < MAX_DESCRIPTORS ? limit.rlim_max : MAX_DESCRIPTORS;
  check(setrlimit(RLIMIT_NOFILE, &limit), "RLIMIT_NOFILE");
}

/* ------------------------------------------------------------------------------------------------ answer */
static uint8_t received_of[MAX_DESCRIPTORS];

static void accept_all(int listener) {
  for (int s; (s = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
    received_of[s] = 0;
    watch(s, EPOLLIN, (uint64_t)s);
  }
}

/* True when a message was answered. */
static int serve(int s) {
  ssize_t n = recv(s, message, MESSAGE_BYTES - received_of[s], 0);
  if (n < 0 && errno == EAGAIN) return 0;
  if (n <= 0) {
    close(s);
    return 0;
  }
  received_of[s] = (uint8_t)(received_of[s] + n);
  if (received_of[s] < MESSAGE_BYTES) return 0;
  received_of[s] = 0;
  return send(s, message, MESSAGE_BYTES, MSG_NOSIGNAL) == MESSAGE_BYTES;
}

/* Longer than the client takes, which begins after it. */
static void answer(const struct sockaddr_in *address, double seconds) {
  struct epoll_event events[EVENTS];
  int listener = listening_socket(address, BACKLOG);
  check(fcntl(listener, F_SETFL, O_NONBLOCK), "O_NONBLOCK");
  watch(listener, EPOLLIN, (uint64_t)listener);
  say_ready();
  uint64_t answered = 0;
  for (uint64_t end = now_ns() + (uint64_t)((seconds + WARM_UP_SECONDS + 1) * 1e9); now_ns() < end;) {
    int count = epoll_wait(poller, events, EVENTS, 100);
    for (int i = 0; i < count; i++) {
      int s = (int)events[i].data.u64;
      if (s == listener) accept_all(listener);
      else answered += (uint64_t)serve(s);
    }
  }
  printf("{\"connections\":%llu}\n", (unsigned long long)answered);
}

/* ------------------------------------------------------------------------------------------------ open */
static void give_up(struct connection *connection) {
  if (connection->socket >= 0) close(connection->socket);
  connection->socket = -1;
  if (++failed > MAX_FAILED) fail("more than 100,000 connections have failed, the last one");
}

static void begin(struct connection *connection) {
  int one = 1, s = check(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), "socket");
  connection->begin = now_ns();
  connection->received = 0;
  connection->socket = s;
  check(setsockopt(s, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one), "IP_BIND_ADDRESS_NO_PORT");
  check(bind(s, (const struct sockaddr *)next_of(&sources), sizeof(struct sockaddr_in)), "bind");
  if (connect(s, (const struct sockaddr *)next_of(&targets), sizeof(struct sockaddr_in)) < 0 && errno != EINPROGRESS) return give_up(connection);
  watch(s, EPOLLIN | EPOLLOUT | EPOLLET, (uint64_t)(connection - connections));
}

static void finish(struct connection *connection) {
  uint64_t ns = now_ns() - connection->begin;
  close(connection->socket);
  connection->socket = -1;
  if (is_measuring && done < capacity) durations_ns[done++] = ns > UINT32_MAX ? UINT32_MAX : (uint32_t)ns;
}

static void go_on(struct connection *connection, uint32_t events) {
  if ((events & EPOLLIN) == 0) {
    if (send(connection->socket, message, MESSAGE_BYTES, MSG_NOSIGNAL) != MESSAGE_BYTES) give_up(connection);
    return;
  }
  ssize_t n = recv(connection->socket, message, MESSAGE_BYTES, 0);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) return give_up(connection);
  connection->received += (uint32_t)n;
  if (connection->received >= MESSAGE_BYTES) finish(connection);
}

static void run(int count, uint64_t end) {
  struct epoll_event events[EVENTS];
  while (now_ns() < end) {
    for (int i = 0; i < count; i++)
      if (connections[i].socket < 0) begin(&connections[i]);
    int ready = epoll_wait(poller, events, EVENTS, 10);
    for (int i = 0; i < ready; i++) go_on(&connections[events[i].data.u64], events[i].events);
  }
}

static double us_at(double share) { return done == 0 ? 0 : durations_ns[(size_t)((double)(done - 1) * share)] / 1e3; }

static void open_all(int count, double seconds) {
  capacity = (size_t)(seconds * MAX_CONNECTIONS_PER_SECOND) + 1;
  durations_ns = malloc(capacity * sizeof *durations_ns);
  if (!durations_ns) fail("malloc");
  for (int i = 0; i < count; i++) connections[i].socket = -1;
  run(count, now_ns() + (uint64_t)(WARM_UP_SECONDS * 1e9));
  is_measuring = 1;
  uint64_t failed_before = failed, start = now_ns();
  double busy = machine_busy_seconds();
  run(count, start + (uint64_t)(seconds * 1e9));
  double elapsed = (double)(now_ns() - start) / 1e9;
  busy = machine_busy_seconds() - busy;
  qsort(durations_ns, done, sizeof *durations_ns, by_u32);
  printf("{\"connections\":%zu,\"failed\":%llu,\"seconds\":%.6f,\"perSecond\":%.3f,\"p50Us\":%.2f,\"p99Us\":%.2f,\"maxUs\":%.2f,"
         "\"machineBusySeconds\":%.3f}\n",
         done, (unsigned long long)(failed - failed_before), elapsed, (double)done / elapsed, us_at(0.5), us_at(0.99), us_at(1), busy);
}

int main(int argc, char **argv) {
  const char *line = "short-connections answer ADDRESS PORT SECONDS | open ADDRESSES PORT SOURCES CONNECTIONS SECONDS";
  int is_answering = argc == 5 && strcmp(argv[1], "answer") == 0;
  if (!is_answering && (argc != 7 || strcmp(argv[1], "open") != 0)) usage(line);
  double seconds = atof(argv[argc - 1]);
  if (seconds <= 0) usage(line);
  allow_descriptors();
  poller = check(epoll_create1(0), "epoll_create1");
  end_after(seconds);
  if (is_answering) {
    struct sockaddr_in address = address_of(argv[2], argv[3]);
    answer(&address, seconds);
    return 0;
  }
  int count = atoi(argv[5]);
  if (count < 1 || count > MAX_CONNECTIONS) usage("short-connections: 1-1024 connections");
  read_list(&targets, argv[2], argv[3]);
  read_list(&sources, argv[4], "0");
  open_all(count, seconds);
  return 0;
}
