/** Entry of a worker thread. What ends it is in its record; an error ends the thread and is reported by its host. */
import { parentPort, workerData } from "node:worker_threads";
import { setThreadName } from "../native/process.ts";
import { KernelWorker } from "./kernel-worker.ts";
import type { WorkerSettings } from "./settings.ts";

const settings = workerData as WorkerSettings;
setThreadName(`portyard-w${settings.index}`);
const worker = new KernelWorker(settings);
parentPort?.postMessage("running");
worker.run();
