/* Flows of services in C, for bench/services: the same frames as the Wasm gets, made in the same way (flow-frames.h is generated from
 * bench/services), through the service stage of flow-service.h over the table of flow-table.h. Prints the time of the median pass over frames of
 * known flows, and over first frames of new ones, and hashes of frames as they left, which must be those of the Wasm.
 *
 *   flow-serve FLOWS CAPACITY ORDER-FILE SECONDS    {"knownNs","newNs","knownHash","newHash","flows"} */
#include "flow-service.h"
#include <fcntl.h>
#include <sys/mman.h>

#define MAX_PASSES 1000000
#define PASS_FRAMES 65536
#define NEW_FLOWS 4096
#define NEW_NUMBERS (1u << 23)
#define BURST 256

static uint8_t frames[BURST][128] __attribute__((aligned(64)));
static uint32_t *order, flow_count;

/* ------------------------------------------------------------------------------------------------ frames */
static inline uint8_t *lay(uint32_t at, uint32_t kind, uint32_t number) {
  uint8_t *frame = frames[at];
  memcpy(frame, templates[kind], TEMPLATE_BYTES);
  bool is_reply = kind >= KIND_SYN_ACK;
  store32(frame + 26 + (is_reply ? 4 : 0), __builtin_bswap32(CLIENTS | number >> PORT_BITS));
  store16(frame + 34 + (is_reply ? 2 : 0), __builtin_bswap16((uint16_t)(FIRST_PORT + (number & ((1u << PORT_BITS) - 1)))));
  return frame;
}

static inline uint32_t pass_one(uint32_t at, uint32_t kind, uint32_t number) {
  return (uint32_t)serve(lay(at, kind, number), TEMPLATE_BYTES, port_of_kind[kind]);
}

static __attribute__((noinline)) uint32_t known_burst(uint32_t position, uint32_t count) {
  uint32_t passed = 0;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t number = order[position + i];
    passed += pass_one(i, (position + i) & 1 ? KIND_REPLY + number % BACKENDS : KIND_DATA, number);
  }
  return passed;
}

static __attribute__((noinline)) uint32_t begin_burst(uint32_t first, uint32_t count) {
  uint32_t passed = 0;
  for (uint32_t i = 0; i < count; i++) passed += pass_one(i, KIND_SYN, first + i);
  return passed;
}

static void establish(uint32_t first, uint32_t count) {
  for (uint32_t number = first; number < first + count; number++) {
    pass_one(0, KIND_SYN_ACK + number % BACKENDS, number);
    pass_one(0, KIND_ACK, number);
  }
}

static uint32_t forget(uint32_t first, uint32_t count) {
  uint32_t ended = 0, direction;
  for (uint32_t number = first; number < first + count; number++) {
    const uint8_t *frame = lay(0, KIND_SYN, number);
    uint64_t head = NETWORK | 6u << 16 | 4u << 24 | (uint64_t)load32(frame + 34) << 32, addresses = load64(frame + 26);
    struct flow *f = find(hash(head, addresses), head, addresses, &direction);
    ended += f && end_flow(f, word_of(f));
  }
  return ended;
}

/* FNV-1a over 64-bit words of the frames that lie there; the bench does the same over the Wasm's. */
static uint64_t hash_frames(uint64_t h, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    for (uint32_t at = 0; at < TEMPLATE_BYTES; at += 8) h = (h ^ load64(frames[i] + at)) * 0x100000001b3ull;
  return h;
}

/* ------------------------------------------------------------------------------------------------ passes */
static uint64_t pass_ns[MAX_PASSES];

static double median_ns(size_t passes, uint32_t each) {
  qsort(pass_ns, passes, sizeof *pass_ns, by_u64);
  return (double)pass_ns[passes / 2] / each;
}

static double clock_us;
static void pass_time(uint32_t count) {
  clock_us += count * 1e6 / FRAMES_PER_SECOND;
  set_time((uint64_t)clock_us);
}

static uint32_t position;
static uint32_t known_pass(uint32_t count) {
  uint32_t passed = 0;
  for (uint32_t done = 0, each; done < count; done += each) {
    if (position == flow_count) position = 0;
    each = flow_count - position < BURST ? flow_count - position : BURST;
    pass_time(each);
    passed += known_burst(position, each);
    position += each;
  }
  return passed;
}

static uint32_t begin_pass(uint32_t first, uint32_t count) {
  uint32_t passed = 0;
  for (uint32_t done = 0; done < count; done += BURST) {
    pass_time(BURST);
    passed += begin_burst(first + done, BURST);
  }
  return passed;
}

static double measure_known(double seconds) {
  size_t passes = 0;
  uint64_t begin = processor_ns(), end = begin + (uint64_t)(seconds * 1e9);
  for (uint64_t now = begin; now < end && passes < MAX_PASSES; passes++) {
    if (known_pass(PASS_FRAMES) < PASS_FRAMES) fail("a frame of a known flow did not pass");
    uint64_t after = processor_ns();
    pass_ns[passes] = after - now;
    now = after;
  }
  return median_ns(passes, PASS_FRAMES);
}

/* Each time other clients: their places in the index are not in the caches. */
static double measure_new(double seconds) {
  size_t passes = 0;
  uint64_t spent = 0, end = (uint64_t)(seconds * 1e9);
  for (; spent < end && passes < MAX_PASSES; passes++) {
    uint32_t first = flow_count + NEW_FLOWS + (uint32_t)(passes * NEW_FLOWS) % NEW_NUMBERS;
    uint64_t begin = processor_ns();
    if (begin_pass(first, NEW_FLOWS) != NEW_FLOWS) fail("a new flow did not pass");
    spent += pass_ns[passes] = processor_ns() - begin;
    if (forget(first, NEW_FLOWS) != NEW_FLOWS) fail("a new flow was not there");
  }
  return median_ns(passes, NEW_FLOWS);
}

static void *room_for(size_t bytes) {
  void *room = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (room == MAP_FAILED) fail("mmap");
  return room;
}

static void lay_out(void) {
  uint32_t buckets = 1;
  while (buckets < capacity / BUCKET_SLOTS * SLOTS_PER_FLOW) buckets <<= 1;
  bucket_mask = buckets - 1;
  index_places = room_for((size_t)buckets * BUCKET_SLOTS * sizeof *index_places);
  flows = room_for((size_t)capacity * sizeof *flows);
  add_endpoint(VIRTUAL_ADDRESS, true);
  for (uint32_t i = 0; i < BACKENDS; i++) {
    backends[i] = (struct backend){.mac = backend_macs[i], .address = backend_addresses[i], .is_usable = 1};
    backends[i].port = __builtin_bswap16(TARGET_PORT);
    backends[i].switch_port = port_of_kind[KIND_REPLY + i];
    add_endpoint(backend_addresses[i], false);
  }
}

static void read_order(const char *path) {
  int file = check(open(path, O_RDONLY), path);
  order = mmap(NULL, (size_t)flow_count * sizeof *order, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
  if (order == MAP_FAILED) fail("mmap");
}

int main(int argc, char **argv) {
  if (argc != 5) usage("flow-serve FLOWS CAPACITY ORDER-FILE SECONDS");
  flow_count = (uint32_t)strtoul(argv[1], NULL, 10);
  capacity = (uint32_t)strtoul(argv[2], NULL, 10);
  double seconds = atof(argv[4]);
  if (flow_count == 0 || flow_count + NEW_FLOWS > capacity || seconds <= 0)
    usage("flow-serve: room for 4,096 more flows than there are, more than 0 seconds");
  end_after(seconds * 8 + 10);
  clock_us = 1e9;
  set_time((uint64_t)clock_us);
  lay_out();
  read_order(argv[3]);
  for (uint32_t first = 0, each; first < flow_count; first += each) {
    each = flow_count - first < BURST ? flow_count - first : BURST;
    if (begin_burst(first, each) != each) fail("a flow did not begin");
    establish(first, each);
  }
  uint64_t known_hash = 0xcbf29ce484222325ull, new_hash = known_hash;
  for (uint32_t at = 0; at + BURST <= flow_count && at < NEW_FLOWS; at += BURST) {
    known_burst(at, BURST);
    known_hash = hash_frames(known_hash, BURST);
  }
  for (uint32_t at = 0; at < NEW_FLOWS; at += BURST) {
    begin_burst(flow_count + at, BURST);
    new_hash = hash_frames(new_hash, BURST);
  }
  uint32_t ended = forget(flow_count, NEW_FLOWS);
  known_pass(flow_count); /* every flow was seen once */
  double known_ns = measure_known(seconds), new_ns = measure_new(seconds);
  printf("{\"knownNs\":%.4f,\"newNs\":%.4f,\"knownHash\":\"%llu\",\"newHash\":\"%llu\",\"flows\":%u}\n", known_ns, new_ns,
         (unsigned long long)known_hash, (unsigned long long)new_hash, fresh - NEW_FLOWS + (NEW_FLOWS - ended));
  return 0;
}
