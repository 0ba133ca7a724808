/** The descriptors that a worker has for itself: its record names them, so that they can be closed by whoever finds it dead. */
import { closeDescriptor } from "../native/io.ts";
import type { Tables } from "../tables/tables.ts";
import { takeHeld } from "../tables/worker-table.ts";

/** Closes what the worker holds, in the process that it ran in: by itself, or when its thread has ended. */
export function closeHeld(tables: Tables, worker: number): void {
  for (const descriptor of takeHeld(tables, worker)) {
    try {
      closeDescriptor(descriptor);
    } catch {
      // somebody has closed it: what matters is that it is closed
    }
  }
}
