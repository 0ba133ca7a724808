/** Keeps a forwarder alive: when it ends unasked, what it left half done in the tables is cleared, and after a pause it is
 *  started again with every descriptor: at once, or after a pause that doubles from death to death when it did not live long.
 *  MACs, counters and bindings are in the tables and stay. */
import { setTimeout as delay } from "node:timers/promises";
import { AGENT_WORKER } from "../../assembly/abi/limits.ts";
import * as field from "../../assembly/abi/port.ts";
import type { Attachment, ForwarderLink, HeldAttachment } from "../forwarder/link.ts";
import * as table from "../tables/port-table.ts";
import * as workers from "../tables/worker-table.ts";
import { givePrecedence } from "./precedence.ts";
import type { Ports } from "./ports.ts";
import type { EngineStore } from "./store.ts";

/** After a second death that followed quickly; before the first there is none. */
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 5000;
/** A forwarder that lived this long was well. */
const QUIET_MS = 2000;

export interface SupervisorListener {
  down(reason: string, delayMs: number): void;
  up(pid: number | null): void;
  log(message: string, details: Record<string, unknown>): void;
}

export class Supervisor {
  private readonly store: EngineStore;
  private readonly link: ForwarderLink;
  private readonly ports: () => Ports;
  private readonly listener: SupervisorListener;
  private pauseMs = 0;
  /** When it was up; null while it is not. */
  private upSince: number | null = null;
  private isEnded = false;
  private restarting: Promise<void> = Promise.resolve();
  private readonly stopping = new AbortController();

  constructor(store: EngineStore, link: ForwarderLink, ports: () => Ports, listener: SupervisorListener) {
    this.store = store;
    this.link = link;
    this.ports = ports;
    this.listener = listener;
  }

  async start(): Promise<void> {
    await this.link.start(() => this.attachments());
    this.isUp();
  }

  private isUp(): void {
    this.upSince = performance.now();
    givePrecedence(this.link.pid);
  }

  /** Takes over the forwarder that outlived the last agent; one that cannot be taken over is replaced. Resolves with what it holds. */
  async adopt(): Promise<HeldAttachment[]> {
    const { wasm } = this.store;
    wasm.clearClaim(AGENT_WORKER);
    wasm.recountMacs();
    try {
      const held = await this.link.adopt();
      this.isUp();
      return held;
    } catch (error) {
      this.listener.log("the forwarder could not be taken over: it is replaced", { reason: (error as Error).message });
      return this.revive();
    }
  }

  /** Starts a forwarder over the tables of one that is dead. It holds nothing yet. */
  async revive(): Promise<HeldAttachment[]> {
    this.clearAfterDeath();
    this.store.wasm.clearClaim(AGENT_WORKER);
    await this.start();
    return [];
  }

  /** The forwarder ended, or could not be started; called by the link when it was up. */
  ended(reason: string): void {
    if (this.isEnded) return;
    if (this.upSince !== null && performance.now() - this.upSince > QUIET_MS) this.pauseMs = 0;
    this.upSince = null;
    const pauseMs = this.pauseMs;
    this.pauseMs = Math.min(Math.max(pauseMs * 2, FIRST_PAUSE_MS), LONGEST_PAUSE_MS);
    this.clearAfterDeath();
    this.listener.down(reason, pauseMs);
    this.restarting = this.restart(pauseMs);
  }

  /** Claims of the dead go, no worker counts as running, no port as up. */
  private clearAfterDeath(): void {
    const { tables, wasm, layout } = this.store;
    for (let worker = 0; worker < layout.workers; worker++) {
      workers.end(tables, worker);
      wasm.clearClaim(worker);
    }
    wasm.recountMacs();
    for (let index = 0; index < table.end(tables); index++) {
      if (table.actual(tables, index) === field.UP) table.setActual(tables, index, field.ABSENT, 0);
      table.attach(tables, index, -1);
      table.distrustRing(tables, index);
    }
  }

  private async restart(pauseMs: number): Promise<void> {
    try {
      await delay(pauseMs, undefined, { signal: this.stopping.signal });
      await this.start();
      this.listener.up(this.link.pid);
    } catch (error) {
      if (this.isEnded) return;
      const reason = error instanceof Error ? error.message : String(error);
      this.listener.log("the forwarder could not be started again", { reason });
      this.ended(reason);
    }
  }

  /** Not of ports that are on their way out: their descriptors may be closed any moment. */
  private attachments(): Attachment[] {
    const { tables } = this.store;
    return this.ports()
      .all()
      .filter(({ index }) => table.desired(tables, index) !== field.ABSENT)
      .flatMap(({ index, device }) => (device === null ? [] : [{ port: index, descriptor: device.descriptor }]));
  }

  /** Lets the forwarder go on without this engine. */
  leave(): void {
    this.isEnded = true;
    this.stopping.abort();
    this.link.leave();
  }

  async stop(): Promise<void> {
    this.isEnded = true;
    this.stopping.abort();
    await this.link.stop();
    await this.restarting;
  }
}
