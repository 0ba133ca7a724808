/** What the sizes that a user sets cost in memory. */
import { DEFAULT_MACS, WORKER_SLOTS } from "../../assembly/abi/limits.ts";
import { WORKER_BYTES } from "../../assembly/abi/memory-map.ts";
import { layOut, memoryPages } from "../../bindings/tables/layout.ts";
import { bytes, mebibytes, table } from "./table.ts";

const WASM_PAGE_BYTES = 65536;
const MACS = [DEFAULT_MACS / 16, DEFAULT_MACS / 4, DEFAULT_MACS, DEFAULT_MACS * 4];
const WORKERS = [1, 2, 4, 16];

/** Two tables: the tables file by `tables.macs`, and all of the memory by `workers`. */
export function costTables(): string[] {
  const fileRows = MACS.map((macs) => {
    const layout = layOut({ macs, flows: 0, workers: 1 });
    return [bytes(macs), bytes(layout.tablesBytes), mebibytes(layout.tablesBytes)];
  });
  const memoryRows = WORKERS.map((workers) => {
    const layout = layOut({ macs: DEFAULT_MACS, flows: 0, workers });
    const total = memoryPages(layout, workers) * WASM_PAGE_BYTES;
    return [String(workers), mebibytes(layout.tablesBytes), mebibytes(total - layout.tablesBytes), mebibytes(total)];
  });
  return [
    "## What sizes cost",
    "The tables file, which is reserved on the tmpfs at start, by the number of MAC addresses (`tables.macs`), with one worker:",
    table(["`tables.macs`", "bytes", ""], fileRows),
    `All of the memory by the number of workers, with ${bytes(DEFAULT_MACS)} MAC addresses. A worker's own region has` +
      ` ${bytes(WORKER_BYTES)} bytes, most of them its ${bytes(WORKER_SLOTS)} frame slots; slots are used last in first out, so that` +
      " the kernel gives pages only to as many as a worker has had in use at once.",
    table(["`workers`", "tables (shared file)", "private", "address space"], memoryRows),
  ];
}
