/** Notices that rules may have changed: `nft monitor` tells at once, and where it cannot be had, or does not see all, a look now and
 *  then does. The monitor runs below a shell that ends it when this process is gone, however that ended. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { environment } from "../../bindings/native/program.ts";

/** Also with a monitor: it loses events when there are too many. */
const WATCHED_LOOK_MS = 10_000;
const UNWATCHED_LOOK_MS = 1_000;
/** Between the end of a monitor and the start of the next. */
const AGAIN_MS = 1_000;
/** Between two looks, whatever happens meanwhile; twice as long each time that something had to be put back again, so that two who want
 *  different rules do not keep each other busy. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1_000;

/** The shell's own output is closed, so that the end of ours is the end of nft. It waits for what it ended: not every init would. */
const MONITOR = "nft monitor <&- & exec >&-; read -r _; kill $! 2>&-; wait";

export interface WatchOptions {
  /** Called after a change, and now and then; never twice at once. Tells whether something had to be put back. */
  look: () => Promise<boolean>;
  /** False where rules stand in a back end that `nft monitor` does not see. */
  seesAll: () => boolean;
}

export class RuleWatch {
  readonly #options: WatchOptions;
  #monitor: ChildProcess | null = null;
  #timer: NodeJS.Timeout | null = null;
  #again: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;
  #isDue = false;
  #isStopped = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#startMonitor();
    this.#arm();
  }

  /** Resolves when no look is under way any more, and none will be. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    if (this.#timer) clearTimeout(this.#timer);
    if (this.#again) clearTimeout(this.#again);
    await Promise.all([this.#looking, this.#endMonitor()]);
  }

  async #endMonitor(): Promise<void> {
    const child = this.#monitor;
    if (!child?.pid) return;
    child.ref();
    const gone = once(child, "exit");
    child.stdin?.end();
    await gone;
  }

  #startMonitor(): void {
    this.#again = null;
    const child = spawn("sh", ["-c", MONITOR], { stdio: ["pipe", "pipe", "ignore"], env: environment() });
    this.#monitor = child;
    child.stdin.on("error", () => {}); // the shell has ended already
    child.stdout.on("data", () => this.#poke());
    child.stdout.once("close", () => this.#monitorEnded(child));
    child.once("error", () => this.#monitorEnded(child));
    child.unref();
    for (const stream of [child.stdin, child.stdout]) (stream as unknown as { unref(): void }).unref();
  }

  #monitorEnded(child: ChildProcess): void {
    if (this.#monitor !== child) return;
    this.#monitor = null;
    child.stdin?.end();
    if (this.#isStopped) return;
    this.#arm();
    this.#again = setTimeout(() => this.#startMonitor(), AGAIN_MS);
    this.#again.unref();
  }

  #arm(): void {
    if (this.#timer) clearTimeout(this.#timer);
    const isWatched = this.#monitor !== null && this.#options.seesAll();
    this.#timer = setTimeout(() => this.#poke(), isWatched ? WATCHED_LOOK_MS : UNWATCHED_LOOK_MS);
    this.#timer.unref();
  }

  #poke(): void {
    this.#isDue = true;
    if (this.#looking === null && !this.#isStopped) this.#looking = this.#lookWhileDue();
  }

  async #lookWhileDue(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    while (this.#isDue && !this.#isStopped) {
      this.#isDue = false;
      const isPutBack = await this.#options.look().catch(() => true); // it says by itself what was wrong
      pauseMs = isPutBack ? Math.min(pauseMs * 2, LONGEST_PAUSE_MS) : FIRST_PAUSE_MS;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    this.#looking = null;
    if (!this.#isStopped) this.#arm();
  }
}
