/** Where a Wasm memory lies in this process, and files laid under it. A shared memory whose size never changes keeps one
 *  address for ever, the same in every thread; `memory.grow` would re-protect the range and lose what is mapped there.
 *
 *  A page mapped here is the file's own: stores outlive kill -9, and every process that maps the file sees them at once
 *  (Wasm atomics work across them; `Atomics.wait` and `notify` do not). */
import { PortyardError } from "../error.ts";
import { check } from "./errno.ts";
import { lazily } from "./koffi.ts";

const PAGE_BYTES = 4096;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_PRIVATE = 2;
const MAP_FIXED = 16;
const MAP_ANONYMOUS = 32;

const libc = lazily((define) => ({
  memmove: define<(to: Uint8Array, from: Uint8Array, bytes: number) => number | bigint>("long memmove(void *, void *, long)"),
  mmap: define<(address: bigint, bytes: number, protection: number, flags: number, fd: number, offset: number) => number>(
    "int64 mmap(int64, int64, int, int, int, int64)",
  ),
}));

/** The address of byte 0 of a Wasm memory: what must be added to a pointer to get what the kernel is told.
 *  @param memory initial == maximum, never grown. */
export function hostAddress(memory: WebAssembly.Memory): bigint {
  return addressOf(memory.buffer);
}

/** The address of a buffer's first byte; it holds while the buffer is referenced, and is not resized or transferred. */
export function addressOf(buffer: ArrayBuffer): bigint {
  const view = new Uint8Array(buffer);
  return BigInt(libc().memmove(view, view, 0));
}

/** Lays the first `bytes` of a file over the memory at `address`; what was there is lost. It stays until the memory goes.
 *  @param address a multiple of 4,096, inside a Wasm memory: anything else corrupts this process.
 *  @param bytes at most the file's reserved size: a touch beyond it is SIGBUS.
 *  @param options.private see the file's live values, keep own stores to oneself (the descriptor may be read-only).
 *  @throws PortyardError `mapping-misaligned`, `system-call-failed`. */
export function mapShared(address: bigint, descriptor: number, bytes: number, options: { private?: boolean } = {}): void {
  if (bytes % PAGE_BYTES !== 0) throw misaligned(address, bytes);
  map(address, bytes, options.private === true ? MAP_PRIVATE : MAP_SHARED, descriptor);
}

/** Puts new pages, all zeros, in the place of those that hold `bytes` from `address` on. The kernel may keep the old ones for as
 *  long as it likes: what it writes there is seen by nobody.
 *  @param address a multiple of 4,096, inside a Wasm memory: anything else corrupts this process.
 *  @throws PortyardError `mapping-misaligned`, `system-call-failed`. */
export function renewPages(address: bigint, bytes: number): void {
  map(address, Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

function map(address: bigint, bytes: number, kind: number, descriptor: number): void {
  if (address % BigInt(PAGE_BYTES) !== 0n || bytes <= 0) throw misaligned(address, bytes);
  check(libc().mmap(address, bytes, PROT_READ_WRITE, MAP_FIXED | kind, descriptor, 0), "mmap");
}

function misaligned(address: bigint, bytes: number): PortyardError {
  return new PortyardError("mapping-misaligned", `Cannot map ${bytes} bytes at 0x${address.toString(16)}: both must be pages.`, {
    value: bytes,
    remedy: `Use multiples of ${PAGE_BYTES}.`,
  });
}
