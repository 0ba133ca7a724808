/** What a worker sleeps on: one epoll descriptor with every port, edge triggered, and an eventfd by which others wake it.
 *  Events are written to Wasm memory: events u32, then the u64 that the caller gave; packed to 12 bytes on x64 only. */
import { check, orNegativeErrno } from "./errno.ts";
import { lazily } from "./koffi.ts";

export const EPOLL_EVENT_BYTES = process.arch === "x64" ? 12 : 16;
export const EPOLLIN = 1;
export const EPOLLERR = 8;
export const EPOLLHUP = 16;
export const EPOLLET = 0x80000000;

const DATA_OFFSET = EPOLL_EVENT_BYTES - 8;
const EPOLL_CLOEXEC = 0x80000;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLL_CTL_MOD = 3;
const EFD_CLOEXEC_NONBLOCK = 0x80800;

const libc = lazily((define) => ({
  create: define<(flags: number) => number>("int epoll_create1(int)"),
  control: define<(epoll: number, operation: number, fd: number, event: Uint8Array) => number>("int epoll_ctl(int, int, int, void *)"),
  wait: define<(epoll: number, address: number, count: number, timeoutMs: number) => number>("int epoll_wait(int, int64, int, int)"),
  eventfd: define<(value: number, flags: number) => number>("int eventfd(uint, int)"),
  write: define<(fd: number, bytes: BigUint64Array, length: number) => number>("int write(int, void *, int)"),
  read: define<(fd: number, bytes: BigUint64Array, length: number) => number>("int read(int, void *, int)"),
}));

/** An epoll descriptor; it closes at exec. */
export function createEpoll(): number {
  return check(libc().create(EPOLL_CLOEXEC), "epoll_create1");
}

/** Adds a descriptor.
 *  @param events EPOLLIN and so on; with EPOLLET an edge is reported once, so read until EAGAIN. EPOLLERR and EPOLLHUP always come.
 *  @param data comes back with each event. */
export function addToEpoll(epoll: number, descriptor: number, events: number, data: bigint): void {
  control(epoll, EPOLL_CTL_ADD, "ADD", descriptor, events, data);
}

/** Changes what is reported; with EPOLLET it also looks at once, and reports a condition that holds already. */
export function modifyInEpoll(epoll: number, descriptor: number, events: number, data: bigint): void {
  control(epoll, EPOLL_CTL_MOD, "MOD", descriptor, events, data);
}

/** Takes a descriptor out. A close does it only when no other process or copy holds the same opening. */
export function removeFromEpoll(epoll: number, descriptor: number): void {
  control(epoll, EPOLL_CTL_DEL, "DEL", descriptor, 0, 0n);
}

function control(epoll: number, operation: number, name: string, descriptor: number, events: number, data: bigint): void {
  const event = new DataView(new ArrayBuffer(EPOLL_EVENT_BYTES));
  event.setUint32(0, events, true);
  event.setBigUint64(DATA_OFFSET, data, true);
  check(libc().control(epoll, operation, descriptor, new Uint8Array(event.buffer)), `epoll_ctl(${name})`);
}

/** Waits for events and writes at most `maxEvents` to `address` (host address + pointer).
 *  @param timeoutMs 0 only looks, -1 waits for ever.
 *  @returns count of events, or -errno (-EINTR is no fault). */
export function waitForEvents(epoll: number, address: number, maxEvents: number, timeoutMs: number): number {
  return orNegativeErrno(libc().wait(epoll, address, maxEvents, timeoutMs));
}

/** A non-blocking eventfd at 0; it closes at exec. */
export function createEventfd(): number {
  return check(libc().eventfd(0, EFD_CLOEXEC_NONBLOCK), "eventfd");
}

/** Adds one: whoever sleeps on it wakes. Returns 8, or -errno. Works on a copy of the descriptor in any process. */
export function signalEventfd(eventfd: number): number {
  return orNegativeErrno(libc().write(eventfd, BigUint64Array.of(1n), 8));
}

/** Sets it to 0 and returns how often it was signalled since. */
export function drainEventfd(eventfd: number): number {
  const count = new BigUint64Array(1);
  return libc().read(eventfd, count, 8) === 8 ? Number(count[0]) : 0;
}
