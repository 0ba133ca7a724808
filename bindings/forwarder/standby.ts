/** The forwarder that stands by: a process with its module compiled, its memory reserved and its worker threads started, which has no tables,
 *  no descriptor and nothing to do. When the one that forwards dies it takes its place, so that what costs time in a start was done
 *  before. It ends with its agent. */
import { renameSync, rmSync } from "node:fs";
import type { ForwarderConnection } from "./forwarder-connection.ts";
import { standbySocketIn } from "./forwarder-process.ts";
import type { ForwarderSource } from "./forwarder-source.ts";
import type { LinkListener } from "./link.ts";
import type { ForwarderSettings } from "./settings.ts";

/** After a start the processor belongs to those who wait for it. */
const PREPARE_AFTER_MS = 1000;
/** After one that could not be prepared, or died by itself. */
const PREPARE_AGAIN_MS = 10_000;

export class Standby {
  private readonly settings: ForwarderSettings;
  private readonly directory: string;
  private readonly listener: LinkListener;
  private readonly source: ForwarderSource;
  private readonly ending = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  /** The one that stands by or is being prepared; null when that fails. */
  private preparing: Promise<ForwarderConnection | null> | null = null;
  private ready: ForwarderConnection | null = null;

  /** @param directory where its socket and forwarder.log lie. */
  constructor(settings: ForwarderSettings, directory: string, listener: LinkListener, source: ForwarderSource) {
    this.settings = settings;
    this.directory = directory;
    this.listener = listener;
    this.source = source;
  }

  /** Of one that is ready. */
  get pid(): number | null {
    return this.ready?.pid ?? null;
  }

  /** Prepares one a little later, unless there is one. */
  prepareSoon(afterMs = PREPARE_AFTER_MS): void {
    if (this.preparing !== null || this.ending.signal.aborted) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.preparing = this.prepare();
    }, afterMs).unref();
  }

  private async prepare(): Promise<ForwarderConnection | null> {
    const path = standbySocketIn(this.directory);
    try {
      const one = await this.source.open("portyard-standby", path, this.ending.signal);
      await one.ask({ kind: "prepare", settings: this.settings }, []);
      this.ready = one;
      void one.ended.then(() => this.lost(one));
      this.listener.standby(one.pid ?? 0);
      return one;
    } catch (error) {
      this.preparing = null;
      if (this.ending.signal.aborted) return null;
      this.listener.log("warn", "no forwarder stands by: a restart will take longer", { reason: (error as Error).message });
      this.prepareSoon(PREPARE_AGAIN_MS);
      return null;
    }
  }

  /** It died while it stood by. */
  private lost(one: ForwarderConnection): void {
    if (this.ready !== one) return;
    this.ready = null;
    this.preparing = null;
    this.prepareSoon(PREPARE_AGAIN_MS);
  }

  /** Gives it away, reachable at `socketPath`; one that is nearly ready is waited for. Null when there is none. */
  async take(socketPath: string): Promise<ForwarderConnection | null> {
    clearTimeout(this.timer);
    const one = await this.preparing;
    this.preparing = null;
    if (one === null || this.ready !== one) return null;
    this.ready = null;
    renameSync(standbySocketIn(this.directory), socketPath);
    return one;
  }

  /** Ends it, and waits for that. */
  async end(): Promise<void> {
    this.ending.abort();
    clearTimeout(this.timer);
    const one = await this.preparing;
    this.ready = null;
    await one?.stop();
    rmSync(standbySocketIn(this.directory), { force: true });
  }
}
