/** Threads of an engine: the workers, and those that wait on a socket. */
import { Worker } from "node:worker_threads";

/** Starts the thread whose entry is `NAME.ts` of this folder.
 *  @param data what it finds as `workerData`. */
export function startThread(name: "worker-thread" | "socket-thread", data: object): Worker {
  // Node's own options are for the program that embeds the engine: a thread refuses some of them (--input-type)
  return new Worker(new URL(`./${name}.js`, import.meta.url), { workerData: data, execArgv: [] });
}
