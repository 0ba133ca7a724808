/* The least that a switch in user space can do: two TAPs, and every frame that is read from one is written to the other.
 * It looks at nothing and knows nothing, so no switch over TAPs with system calls of one frame each can be much faster.
 *   wire TAP TAP SPIN_US     until its standard input ends; SPIN_US: how long it looks for frames before it sleeps */
#include "common.h"
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sys/ioctl.h>

#define FRAME_BYTES (65550 + 10)
#define BURST 64
#define OFFLOADS (TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN | 0x20 | 0x40) /* USO4, USO6: Linux 6.2 */

static char frame[FRAME_BYTES];

static int tap(const char *name) {
  int fd = check(open("/dev/net/tun", O_RDWR | O_NONBLOCK), "/dev/net/tun");
  struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  check(ioctl(fd, TUNSETIFF, &request), "TUNSETIFF");
  check(ioctl(fd, TUNSETOFFLOAD, OFFLOADS), "TUNSETOFFLOAD");
  return fd;
}

/* Whether there was anything. A frame that the other side does not take is lost, as on any wire. */
static int carry(int from, int to) {
  int frames = 0;
  for (ssize_t n; frames < BURST && (n = read(from, frame, sizeof frame)) > 0; frames++)
    if (write(to, frame, (size_t)n) < 0 && errno != EAGAIN && errno != EIO && errno != ENOBUFS) fail("write");
  return frames > 0;
}

int main(int argc, char **argv) {
  if (argc != 4) usage("wire TAP TAP SPIN_US");
  int a = tap(argv[1]), b = tap(argv[2]);
  uint64_t spin = (uint64_t)atol(argv[3]) * 1000, last = 0;
  say_ready();
  for (struct pollfd ends[] = {{a, POLLIN, 0}, {b, POLLIN, 0}, {0, POLLIN, 0}};;) {
    int some = (ends[0].revents ? carry(a, b) : 0) | (ends[1].revents ? carry(b, a) : 0);
    if (ends[2].revents) return 0;
    if (some && spin) last = now_ns();
    check(poll(ends, 3, spin && now_ns() - last < spin ? 0 : -1), "poll");
  }
}
