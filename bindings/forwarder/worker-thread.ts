/** Entry of a worker thread. What ends it is in its record. When the worker dies of an error the next incarnation begins in
 *  its place, in this thread and over the same memory; only one that cannot begin ends the thread. */
import { parentPort, workerData } from "node:worker_threads";
import { setThreadName } from "../native/process.ts";
import { deathBy, type Obituary } from "./burial.ts";
import { KernelWorker } from "./kernel-worker.ts";
import type { WorkerSettings } from "./settings.ts";

/** Posted when an incarnation begins, with the obituary of the one before. */
export interface WorkerNews {
  obituary: Obituary | null;
}

const settings = workerData as WorkerSettings;
setThreadName(`portyard-w${settings.index}`);
for (let death = settings.death, isDone = false; !isDone; ) {
  const worker = new KernelWorker(settings, death);
  parentPort?.postMessage({ obituary: worker.obituary } satisfies WorkerNews);
  try {
    worker.run();
    isDone = true;
  } catch (error) {
    death = deathBy(error);
  }
}
