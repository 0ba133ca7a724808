/** Entry of a worker thread: it loads what it needs, waits for its order, and runs. What ends it is in its record. When the worker dies of
 *  an error the next incarnation begins in its place, in this thread and over the same memory; only one that cannot begin ends
 *  the thread. */
import { once } from "node:events";
import { parentPort, workerData } from "node:worker_threads";
import { closeDescriptor } from "../native/io.ts";
import { createEpoll } from "../native/epoll.ts";
import { setThreadName } from "../native/process.ts";
import { instantiateEngine } from "../wasm/module.ts";
import { deathBy, type Obituary } from "./burial.ts";
import { KernelWorker } from "./kernel-worker.ts";
import { WORKER_THREAD } from "./worker-name.ts";
import type { ThreadSettings, WorkerOrder, WorkerSettings } from "./settings.ts";

/** What it posts: that it is ready for its order; when an incarnation begins, with the obituary of the one before. */
export type ThreadNews = { kind: "waiting" } | { kind: "running"; obituary: Obituary | null };

function post(news: ThreadNews): void {
  parentPort?.postMessage(news);
}

/** Loads the library of system calls and an instance of the engine, so that this costs no time later. Writes nothing to the tables. */
function warmUp({ module, memory }: ThreadSettings): void {
  closeDescriptor(createEpoll());
  instantiateEngine(module, memory);
}

function run(settings: WorkerSettings): void {
  for (let death = settings.death, isDone = false; !isDone; ) {
    const worker = new KernelWorker(settings, death);
    post({ kind: "running", obituary: worker.obituary });
    try {
      worker.run();
      isDone = true;
    } catch (error) {
      death = deathBy(error);
    }
  }
}

const settings = workerData as ThreadSettings;
const ordered = once(parentPort as NonNullable<typeof parentPort>, "message");
warmUp(settings);
setThreadName(WORKER_THREAD);
post({ kind: "waiting" });
const [order] = (await ordered) as [WorkerOrder];
setThreadName(`${WORKER_THREAD}${order.index}`);
run({ ...settings, ...order });
