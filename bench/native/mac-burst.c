/* The engine's first stages in C, for bench/engine: parse, learn the source, look up the destination, with the same
 * algorithm over the same bytes. It maps a file that holds a Wasm memory as the bench laid it out (tables empty, frames in
 * place), learns every station by itself, and measures passes over all frames; the median pass counts. Whether it does the
 * same is not taken on trust: the sum of all value words found and a hash of the table and of the descriptors must equal
 * those of the Wasm.
 *
 * Sources, file by file: assembly/path/1-ingress/parse.ts and offload.ts, assembly/wire, assembly/tables/hash.ts and
 * mac-table.ts. The offsets (memory-map.h) are generated from assembly/abi. What a pass over known stations never does is
 * left out: moves, eviction, the ring of a port, events.
 *
 *   mac-burst IMAGE WORKER FIRST FRAMES NETWORK NOW_SECONDS SECONDS
 *   {"nsPerFrame","passes","sum","hash","entries"} */
#include "common.h"
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "memory-map.h"

#define BURST_FRAMES LIMITS_BURST_FRAMES

#define MAX_PASSES 1000000

static uint64_t pass_ns[MAX_PASSES];
static uint8_t *memory;
static uint32_t worker;

static inline uint16_t load16(const uint8_t *p) { uint16_t v; memcpy(&v, p, 2); return v; }
static inline uint32_t load32(const uint8_t *p) { uint32_t v; memcpy(&v, p, 4); return v; }
static inline uint64_t load64(const uint8_t *p) { uint64_t v; memcpy(&v, p, 8); return v; }
static inline void store32(uint8_t *p, uint32_t v) { memcpy(p, &v, 4); }
static inline void store64(uint8_t *p, uint64_t v) { memcpy(p, &v, 8); }
static inline uint32_t big16(const uint8_t *p) { return __builtin_bswap16(load16(p)); }
static inline uint64_t load_mac(const uint8_t *p) { return (uint64_t)load32(p) | (uint64_t)load16(p + 4) << 32; }
static inline uint32_t head32(uint32_t at) { return load32(memory + at); }

/* ------------------------------------------------------------------------------------------------ parse */
static inline bool drop(uint8_t *descriptor, uint32_t reason) {
  store32(descriptor + DESCRIPTOR_REASON, reason);
  return false;
}

static inline bool is_tag(uint32_t type) { return type == 0x8100 || type == 0x88a8 || type == 0x9100; }
static inline void add_flag(uint8_t *d, uint32_t flag) { store32(d + DESCRIPTOR_FLAGS, load32(d + DESCRIPTOR_FLAGS) | flag); }

static void parse_ipv4(uint8_t *d, const uint8_t *ip, uint32_t offset, uint32_t available) {
  if (available < 20 || ip[0] >> 4 != 4) return;
  uint32_t header = (uint32_t)(ip[0] & 15) << 2, total = big16(ip + 2);
  if (header < 20 || header > total || total > available) return;
  add_flag(d, DESCRIPTOR_FLAG_IPV4);
  store32(d + DESCRIPTOR_PACKET_BYTES, total);
  store32(d + DESCRIPTOR_PROTOCOL, ip[9]);
  uint32_t fragment = big16(ip + 6);
  if (fragment & 0x3fff) add_flag(d, DESCRIPTOR_FLAG_FRAGMENT);
  if ((fragment & 0x1fff) == 0 && total > header) store32(d + DESCRIPTOR_L4, offset + header);
}

static inline bool is_extension(uint32_t p) { return p == 0 || p == 43 || p == 44 || p == 51 || p == 60; }

static void parse_ipv6(uint8_t *d, const uint8_t *ip, uint32_t offset, uint32_t available) {
  if (available < 40 || ip[0] >> 4 != 6 || 40 + big16(ip + 4) > available) return;
  uint32_t end = 40 + big16(ip + 4), protocol = ip[6], at = 40;
  add_flag(d, DESCRIPTOR_FLAG_IPV6);
  store32(d + DESCRIPTOR_PACKET_BYTES, end);
  for (uint32_t count = 0; is_extension(protocol); count++) {
    if (count == LIMITS_MAX_EXTENSION_HEADERS || at + 8 > end) return add_flag(d, DESCRIPTOR_FLAG_CHAIN_CUT);
    const uint8_t *header = ip + at;
    uint32_t bytes = protocol == 44 ? 8 : protocol == 51 ? (header[1] + 2u) << 2 : (header[1] + 1u) << 3;
    if (at + bytes > 40 + LIMITS_MAX_EXTENSION_BYTES) return add_flag(d, DESCRIPTOR_FLAG_CHAIN_CUT);
    if (protocol == 44) add_flag(d, DESCRIPTOR_FLAG_FRAGMENT);
    if (protocol == 44 && big16(header + 2) & 0xfff8) return;
    protocol = header[0];
    at += bytes;
  }
  if (protocol == 59) return;
  if (at >= end && load32(d + DESCRIPTOR_FLAGS) & DESCRIPTOR_FLAG_FRAGMENT) return add_flag(d, DESCRIPTOR_FLAG_CHAIN_CUT);
  if (at >= end) return;
  store32(d + DESCRIPTOR_PROTOCOL, protocol);
  store32(d + DESCRIPTOR_L4, offset + at);
}

static void parse_layers(uint8_t *d, const uint8_t *frame, uint32_t bytes, uint64_t destination) {
  uint32_t offset = 14, type = big16(frame + 12), flags = 0;
  for (int tags = 0; tags < LIMITS_MAX_VLAN_TAGS && is_tag(type) && bytes >= offset + 4; tags++) {
    type = big16(frame + offset + 2);
    offset += 4;
    flags = DESCRIPTOR_FLAG_TAGGED;
  }
  if (is_tag(big16(frame + 12))) flags = DESCRIPTOR_FLAG_TAGGED;
  store32(d + DESCRIPTOR_ETHER_TYPE, type);
  store32(d + DESCRIPTOR_L3, offset);
  store32(d + DESCRIPTOR_L4, 0);
  store32(d + DESCRIPTOR_PROTOCOL, 0);
  if (destination & 1) flags |= DESCRIPTOR_FLAG_GROUP;
  store32(d + DESCRIPTOR_FLAGS, flags);
  const uint8_t *l3 = frame + offset;
  uint32_t available = bytes - offset;
  if (type == 0x0800) parse_ipv4(d, l3, offset, available);
  else if (type == 0x86dd) parse_ipv6(d, l3, offset, available);
  else if (type == 0x0806 && available >= 28 && memcmp(l3, "\0\1\10\0\6\4", 6) == 0) add_flag(d, DESCRIPTOR_FLAG_ARP);
}

static bool is_checksum_in_place(const uint8_t *d, const uint8_t *header) {
  uint32_t start = load16(header + 6), field = load16(header + 8), type = load32(d + DESCRIPTOR_ETHER_TYPE);
  if (!(load32(d + DESCRIPTOR_FLAGS) & (DESCRIPTOR_FLAG_IPV4 | DESCRIPTOR_FLAG_IPV6)))
    return type != 0x0800 && type != 0x86dd && type != 0x0806 && !is_tag(type) && start >= load32(d + DESCRIPTOR_L3);
  uint32_t l4 = load32(d + DESCRIPTOR_L4), protocol = load32(d + DESCRIPTOR_PROTOCOL);
  if (l4 == 0) return false;
  if (start != l4) return protocol != 6 && protocol != 58 && start >= l4 + 8;
  return protocol == 6 ? field == 16 : protocol == 17 ? field == 6 : protocol != 58 || field == 2;
}

static inline bool is_offload_valid(const uint8_t *d, const uint8_t *header, uint32_t bytes) {
  uint32_t flags = header[0], type = header[1] & 0x7f;
  bool needs_checksum = flags & 1;
  if (load16(header + 2) > bytes) return false;
  if (needs_checksum && (uint32_t)load16(header + 6) + load16(header + 8) + 2 > bytes) return false;
  if (type == 0) return !(header[1] & 0x80) && (!needs_checksum || is_checksum_in_place(d, header));
  return load16(header + 4) > 0 && (type == 1 || type == 4 || type == 5) && needs_checksum && is_checksum_in_place(d, header);
}

static bool parse(uint8_t *d) {
  const uint8_t *frame = memory + load32(d + DESCRIPTOR_FRAME);
  uint32_t bytes = load32(d + DESCRIPTOR_BYTES);
  if (bytes < LIMITS_MIN_FRAME_BYTES) return drop(d, REASON_RUNT);
  if (bytes > LIMITS_MAX_FRAME_BYTES) return drop(d, REASON_OVERSIZE);
  uint64_t source = load_mac(frame + 6), destination = load_mac(frame);
  store64(d + DESCRIPTOR_SOURCE, source);
  store64(d + DESCRIPTOR_DESTINATION, destination);
  if (source & 1) return drop(d, REASON_MULTICAST_SOURCE);
  if (source == 0) return drop(d, REASON_ZERO_SOURCE);
  if ((destination & 0xf0ffffffffffull) == 0xc28001) return drop(d, REASON_RESERVED_GROUP);
  parse_layers(d, frame, bytes, destination);
  return is_offload_valid(d, frame - 10, bytes) || drop(d, REASON_BAD_OFFLOAD_HEADER);
}

/* ------------------------------------------------------------------------------------------------ MAC table */
#define BUCKET_BYTES ((uint32_t)LIMITS_MAC_BUCKET_SLOTS * MAP_MAC_ENTRY_BYTES)
#define PORT_GENERATION_MASK 0xffffffull

static inline uint64_t read_word(const uint8_t *p) { return __atomic_load_n((const uint64_t *)p, __ATOMIC_SEQ_CST); }
static inline bool exchange_word(uint8_t *p, uint64_t expected, uint64_t value) {
  return __atomic_compare_exchange_n((uint64_t *)p, &expected, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static inline uint64_t hash(uint64_t key) {
  uint64_t x = (key ^ load64(memory + MAP_HEAD_HASH_SEED)) * 0x9e3779b97f4a7c15ull;
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93ull;
  return x ^ (x >> 29);
}

static inline uint8_t *bucket_a(uint64_t mixed) { return memory + head32(MAP_HEAD_MACS) + ((uint32_t)mixed & head32(MAP_HEAD_MAC_BUCKET_MASK)) * BUCKET_BYTES; }
static inline uint8_t *bucket_b(uint64_t mixed) { return memory + head32(MAP_HEAD_MACS) + ((uint32_t)(mixed >> 29) & head32(MAP_HEAD_MAC_BUCKET_MASK)) * BUCKET_BYTES; }
static inline uint32_t first_place(uint64_t mixed) { return (uint32_t)(mixed >> 61) * MAP_MAC_ENTRY_BYTES; }

static inline uint8_t *search(uint8_t *bucket, uint32_t first, uint64_t key) {
  for (uint32_t step = 0; step < BUCKET_BYTES; step += MAP_MAC_ENTRY_BYTES) {
    uint8_t *entry = bucket + ((first + step) & (BUCKET_BYTES - 1));
    if (read_word(entry) == key) return entry;
  }
  return NULL;
}

static inline uint8_t *locate(uint64_t key, uint64_t mixed) {
  uint8_t *entry = search(bucket_a(mixed), first_place(mixed), key);
  return entry ? entry : search(bucket_b(mixed), first_place(mixed), key);
}

static inline uint64_t find(uint32_t network, uint64_t mac) {
  uint64_t key = (uint64_t)network << 48 | mac;
  uint8_t *entry = locate(key, hash(key));
  if (!entry) return 0;
  uint64_t value = read_word(entry + 8);
  return read_word(entry) == key ? value : 0;
}

static inline uint32_t now_seconds(void) { return load32(memory + worker + MAP_WORKER_STATE + STATE_NOW_SECONDS); }
static inline uint64_t stamp(uint64_t home, uint64_t flags) {
  return home | (flags | MAC_FLAG_VALID) << MAC_FLAGS_SHIFT | (uint64_t)now_seconds() << MAC_SEEN_SHIFT;
}

static uint32_t free_places(const uint8_t *bucket) {
  uint32_t free = 0;
  for (uint32_t at = 0; at < BUCKET_BYTES; at += MAP_MAC_ENTRY_BYTES) free += read_word(bucket + at) == 0;
  return free;
}

static uint8_t *free_entry(uint64_t mixed) {
  uint8_t *a = bucket_a(mixed), *b = bucket_b(mixed);
  uint32_t free_a = free_places(a);
  return search(free_a >= 3 || free_a >= free_places(b) ? a : b, first_place(mixed), 0);
}

static __attribute__((noinline)) void insert(uint64_t key, uint64_t mixed, uint64_t home) {
  uint32_t *count = (uint32_t *)(memory + MAP_HEAD_MAC_COUNT);
  if (__atomic_load_n(count, __ATOMIC_SEQ_CST) >= head32(MAP_HEAD_MAC_LIMIT)) return;
  uint8_t *entry = free_entry(mixed);
  if (!entry || !exchange_word(entry, 0, key)) return;
  exchange_word(entry + 8, 0, stamp(home, 0));
  __atomic_fetch_add(count, 1, __ATOMIC_SEQ_CST);
}

static inline void learn(uint32_t network, uint64_t mac, uint32_t port, uint32_t generation) {
  uint64_t key = (uint64_t)network << 48 | mac, mixed = hash(key);
  uint8_t *entry = locate(key, mixed);
  uint64_t home = (uint64_t)port | (uint64_t)generation << MAC_GENERATION_SHIFT;
  if (!entry) {
    insert(key, mixed, home);
    return;
  }
  uint64_t value = read_word(entry + 8);
  if ((value & PORT_GENERATION_MASK) != home) {
    fprintf(stderr, "a station moved: the frames are not those of this benchmark\n");
    exit(1);
  }
  if ((uint32_t)(value >> MAC_SEEN_SHIFT) != now_seconds())
    exchange_word(entry + 8, value, stamp(value & PORT_GENERATION_MASK, ((value >> MAC_FLAGS_SHIFT) & 0xff) | MAC_FLAG_SEEN_AGAIN));
}

/* ------------------------------------------------------------------------------------------------ passes */
static __attribute__((noinline)) uint64_t burst(uint32_t first, uint32_t frames, uint32_t network) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < frames; i++) {
    uint8_t *d = memory + worker + MAP_DESCRIPTORS + i * MAP_DESCRIPTOR_BYTES;
    uint32_t place = first + i * FRAME_STRIDE;
    store32(d + DESCRIPTOR_FRAME, place + FRAME_PLACE);
    store32(d + DESCRIPTOR_BYTES, load32(memory + place + FRAME_BYTES));
    store32(d + DESCRIPTOR_PORT, load32(memory + place + FRAME_PORT));
    if (!parse(d)) continue;
    uint32_t port = load32(d + DESCRIPTOR_PORT);
    const uint8_t *view = memory + worker + MAP_WORKER_PORTS + port * MAP_WORKER_PORT_BYTES;
    learn(network, load64(d + DESCRIPTOR_SOURCE), port, load32(view + STATE_VIEW_GENERATION));
    sum += find(network, load64(d + DESCRIPTOR_DESTINATION));
  }
  return sum;
}

static uint64_t pass(uint32_t first, uint32_t frames, uint32_t network) {
  uint64_t sum = 0;
  for (uint32_t done = 0; done < frames; done += BURST_FRAMES) sum += burst(first + done * FRAME_STRIDE, BURST_FRAMES, network);
  return sum;
}

/* FNV-1a over 64-bit words; the bench does the same over the Wasm's. */
static uint64_t hash_words(uint64_t h, const uint8_t *from, uint64_t bytes) {
  for (uint64_t at = 0; at < bytes; at += 8) h = (h ^ load64(from + at)) * 0x100000001b3ull;
  return h;
}

/* The table, and the descriptors of the last burst. */
static uint64_t hash_results(void) {
  uint64_t table = hash_words(0xcbf29ce484222325ull, memory + head32(MAP_HEAD_MACS), (uint64_t)(head32(MAP_HEAD_MAC_BUCKET_MASK) + 1) * BUCKET_BYTES);
  return hash_words(table, memory + worker + MAP_DESCRIPTORS, (uint64_t)BURST_FRAMES * MAP_DESCRIPTOR_BYTES);
}

static void map_image(const char *path) {
  int image = check(open(path, O_RDWR), path);
  struct stat status;
  check(fstat(image, &status), path);
  memory = mmap(NULL, (size_t)status.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_POPULATE, image, 0);
  if (memory == MAP_FAILED) fail("mmap");
}

int main(int argc, char **argv) {
  if (argc != 8) usage("mac-burst IMAGE WORKER FIRST FRAMES NETWORK NOW_SECONDS SECONDS");
  map_image(argv[1]);
  worker = (uint32_t)strtoul(argv[2], NULL, 10);
  uint32_t first = (uint32_t)strtoul(argv[3], NULL, 10), frames = (uint32_t)strtoul(argv[4], NULL, 10);
  uint32_t network = (uint32_t)strtoul(argv[5], NULL, 10);
  double seconds = atof(argv[7]);
  if (frames == 0 || frames % BURST_FRAMES != 0 || seconds <= 0) usage("mac-burst: whole bursts of frames, more than 0 seconds");
  end_after(seconds * 4);
  store32(memory + worker + MAP_WORKER_STATE + STATE_NOW_SECONDS, (uint32_t)strtoul(argv[6], NULL, 10));
  pass(first, frames, network);
  uint64_t sum = 0, begin = processor_ns(), end = begin + (uint64_t)(seconds * 1e9);
  size_t passes = 0;
  for (uint64_t now = begin; now < end && passes < MAX_PASSES; passes++) {
    sum = pass(first, frames, network);
    uint64_t after = processor_ns();
    pass_ns[passes] = after - now;
    now = after;
  }
  qsort(pass_ns, passes, sizeof *pass_ns, by_u64);
  printf("{\"nsPerFrame\":%.4f,\"passes\":%zu,\"sum\":\"%llu\",\"hash\":\"%llu\",\"entries\":%u}\n", (double)pass_ns[passes / 2] / frames,
         passes, (unsigned long long)sum, (unsigned long long)hash_results(), head32(MAP_HEAD_MAC_COUNT));
  return 0;
}
