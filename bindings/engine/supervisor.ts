/** Keeps a forwarder alive: when it ends unasked, what it left half done in the tables is cleared, and after a pause it is
 *  started again with every descriptor. The pause doubles from death to death and begins anew after a quiet time. MACs,
 *  counters and bindings are in the tables and stay. */
import { setTimeout as delay } from "node:timers/promises";
import * as field from "../../assembly/abi/port.ts";
import type { Attachment, ForwarderLink } from "../forwarder/link.ts";
import * as table from "../tables/port-table.ts";
import * as workers from "../tables/worker-table.ts";
import type { Ports } from "./ports.ts";
import type { EngineStore } from "./store.ts";

const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 5000;
/** A forwarder that lived this long was well. */
const QUIET_MS = 10_000;

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
  private pauseMs = FIRST_PAUSE_MS;
  private startedAt = 0;
  private isEnded = false;
  private restarting: Promise<void> = Promise.resolve();

  constructor(store: EngineStore, link: ForwarderLink, ports: () => Ports, listener: SupervisorListener) {
    this.store = store;
    this.link = link;
    this.ports = ports;
    this.listener = listener;
  }

  async start(): Promise<void> {
    await this.link.start(this.attachments());
    this.startedAt = performance.now();
  }

  /** The forwarder ended; called by the link. */
  ended(reason: string): void {
    if (this.isEnded) return;
    if (performance.now() - this.startedAt > QUIET_MS) this.pauseMs = FIRST_PAUSE_MS;
    const pauseMs = this.pauseMs;
    this.pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
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
    for (const { index } of this.ports().all()) {
      if (table.actual(tables, index) === field.UP) table.setActual(tables, index, field.ABSENT, 0);
      table.attach(tables, index, -1);
      table.distrustRing(tables, index);
    }
  }

  private async restart(pauseMs: number): Promise<void> {
    await delay(pauseMs);
    if (this.isEnded) return;
    try {
      await this.start();
      this.listener.up(this.link.pid);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.listener.log("the forwarder could not be started again", { reason });
      this.ended(reason);
    }
  }

  private attachments(): Attachment[] {
    return this.ports()
      .all()
      .flatMap(({ index, device }) => (device === null ? [] : [{ port: index, descriptor: device.descriptor }]));
  }

  async stop(): Promise<void> {
    this.isEnded = true;
    await this.restarting;
    await this.link.stop();
  }
}
