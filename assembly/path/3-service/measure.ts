/** Response times that the stage sees go by, for the balancers (tables/backend-table.ts). */
import { nowMs, nowUs } from "../../memory/worker";
import * as backends from "../../tables/backend-table";
import * as flows from "../../tables/flow-table";

/** The backend of the flow has answered what was sent at `sinceUs`. */
export function measureSince(worker: usize, entry: usize, sinceUs: u32): void { measure(worker, entry, nowUs(worker) - sinceUs); }

/** It took `us` microseconds. */
export function measure(worker: usize, entry: usize, us: u32): void {
  const backend = flows.backendOf(entry);
  if (backend != 0) backends.measure(backend, <f64>us / 1000, <f64>nowMs(worker));
}
