/** Whether a file can lie under a Wasm memory on the running Node: it is mapped, stored to through the memory and read from
 *  the file, and the other way round. No promise of V8's stands behind that, so it is tried, not assumed. */
import { closeSync, existsSync, readSync, unlinkSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PortyardError } from "../error.ts";
import { hostAddress, mapShared } from "../native/memory.ts";
import { openTablesFile, type TablesFile } from "../native/tables-file.ts";

const PAGE_BYTES = 65536;
const PATTERN = 0x44525950;

/** What was proved, in a phrase. @throws PortyardError `mapping-broken`, `tmpfs-full`, `koffi-missing`, `system-call-failed`. */
export function probeMapping(): string {
  const folder = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  const file = openTablesFile(join(folder, `portyard-probe-${process.pid}`), PAGE_BYTES);
  try {
    unlinkSync(file.path);
    compare(file);
    return `a file under a Wasm memory is shared both ways (Node ${process.versions.node})`;
  } finally {
    closeSync(file.descriptor);
  }
}

function compare(file: TablesFile): void {
  const memory = new WebAssembly.Memory({ initial: 3, maximum: 3, shared: true });
  mapShared(hostAddress(memory) + BigInt(PAGE_BYTES), file.descriptor, PAGE_BYTES);
  const words = new Uint32Array(memory.buffer);
  const mapped = words.subarray(PAGE_BYTES / 4, (2 * PAGE_BYTES) / 4);
  Atomics.store(mapped, 0, PATTERN);
  const stored = new Uint32Array(1);
  readSync(file.descriptor, stored, 0, 4, 0);
  writeSync(file.descriptor, Uint32Array.of(PATTERN), 0, 4, PAGE_BYTES - 4);
  const last = Atomics.load(mapped, PAGE_BYTES / 4 - 1);
  const beside = words.findIndex((word, index) => word !== 0 && (index < PAGE_BYTES / 4 || index >= (2 * PAGE_BYTES) / 4));
  if (stored[0] === PATTERN && last === PATTERN && beside === -1) return;
  throw new PortyardError("mapping-broken", "What is stored in a Wasm memory does not reach the file that is mapped over it.", {
    value: { stored: stored[0], last, beside },
    remedy: 'Use another Node release, or `isolation: "thread"`, whose memory is not backed by a file.',
  });
}
