/** What the names of worker threads begin with, as `ps -L` shows them; the worker's number follows once it has work. */
export const WORKER_THREAD = "portyard-w";
