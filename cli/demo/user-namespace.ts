/** Runs this very command once more inside namespaces of its own and hands its exit status on. The inner one's standard input is
 *  a pipe from here and carries nothing: its end tells it to clear up and go, whether this process was asked to stop or was
 *  killed outright. (Signals would have to find their way through `unshare`, and Ctrl-C must not kill that one first: hence
 *  the session of its own.) */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { Interrupted, listen } from "./interrupt.ts";

/** @param launch program and arguments that start it there. @param variables added to its environment: by them it knows where it is.
 *  @returns the exit status of the inner one. */
export async function runInside(launch: readonly string[], variables: Record<string, string>): Promise<number> {
  const args = [...launch.slice(1), process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const child = spawn(launch[0] as string, args, {
    detached: true,
    stdio: ["pipe", "inherit", "inherit"],
    env: { ...process.env, ...variables },
  });
  const interrupt = listen();
  interrupt.signal.addEventListener("abort", () => child.stdin?.end((interrupt.signal.reason as Interrupted).signalName));
  try {
    const [code] = (await once(child, "close")) as [number | null];
    return code ?? 1;
  } finally {
    interrupt.release();
  }
}

/** Does `work`, which a signal ends: that of Ctrl-C and its like, of whatever nobody awaited, and of the outer one.
 *  @param isInside whether this is the inner one. */
export async function interruptibly(isInside: boolean, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const interruption = listen();
  const release = isInside ? watchOuter((name) => interruption.abort(new Interrupted(name))) : () => {};
  try {
    await work(interruption.signal);
  } finally {
    release();
    interruption.release();
  }
}

/** Aborts when the outer one has gone or says so. @param abort called with the signal's name. */
function watchOuter(abort: (signalName: "SIGINT" | "SIGTERM" | "SIGHUP") => void): () => void {
  let name = "";
  process.stdin.setEncoding("utf8");
  process.stdin.on("data", (text: string) => {
    name += text;
  });
  process.stdin.on("end", () => abort(name === "SIGINT" || name === "SIGHUP" ? name : "SIGTERM"));
  return () => process.stdin.destroy();
}
