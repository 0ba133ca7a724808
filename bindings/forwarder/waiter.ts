/** How a worker waits: one edge-triggered epoll descriptor holds its ports and its eventfd. After a bounded spin it says
 *  that it sleeps, looks at the epoch again, and sleeps; whoever changes the tables writes the eventfd. */
import * as map from "../../assembly/abi/memory-map.ts";
import * as record from "../../assembly/abi/worker.ts";
import { addToEpoll, createEpoll, EPOLL_EVENT_BYTES, EPOLLET, EPOLLIN, removeFromEpoll, waitForEvents } from "../native/epoll.ts";
import { PortyardError } from "../error.ts";
import type { Tables } from "../tables/tables.ts";
import { hold, recordOf } from "../tables/worker-table.ts";
import type { EngineExports } from "../wasm/module.ts";

/** In the data of an event: no port, the eventfd. */
const WAKE = 0xffffffffn;
/** A worker whose spins found nothing spins at every so many waits only, until one finds something again. */
const PROBE_WAITS = 16;
/** So many spins in vain end a series of lucky ones. */
const MOST_TRUST = 8;
/** A sleeping worker looks after ageing this often. */
const SLEEP_MS = 1000;

export class Waiter {
  private readonly wasm: EngineExports;
  private readonly tables: Tables;
  private readonly worker: number;
  private readonly sleeping: number;
  private readonly epoll: number;
  private readonly events: number;
  private readonly spinMs: number;
  /** Spins that found something, less those that did not. */
  private trust = 0;
  private waits = 0;

  /** @param eventsAddress host address of EPOLL_EVENTS in the worker's region. */
  constructor(
    wasm: EngineExports,
    tables: Tables,
    worker: number,
    index: number,
    eventsAddress: number,
    eventfd: number,
    spinMicroseconds: number,
  ) {
    this.wasm = wasm;
    this.tables = tables;
    this.worker = worker;
    this.sleeping = recordOf(index) + record.SLEEPING;
    this.events = eventsAddress;
    this.spinMs = spinMicroseconds / 1000;
    this.epoll = createEpoll();
    hold(tables, index, record.EPOLL_DESCRIPTOR, this.epoll);
    addToEpoll(this.epoll, eventfd, EPOLLIN | EPOLLET, WAKE);
  }

  /** Watches a port's descriptor; 0, or the errno because of which it cannot be watched. */
  add(port: number, descriptor: number): number {
    try {
      addToEpoll(this.epoll, descriptor, EPOLLIN | EPOLLET, BigInt(port));
      return 0;
    } catch (error) {
      return error instanceof PortyardError && typeof error.value === "number" ? error.value : -1;
    }
  }

  /** Stops watching; a descriptor that was closed meanwhile is no longer watched anyway. */
  remove(descriptor: number): void {
    try {
      removeFromEpoll(this.epoll, descriptor);
    } catch {
      // closed: the kernel has forgotten it
    }
  }

  /** Takes what has come without waiting; true when a port has become ready. */
  poll(): boolean {
    return this.take(0);
  }

  /** Waits until a port is ready or somebody wakes this worker. */
  wait(): void {
    if (this.spin()) return;
    this.tables.store32(this.sleeping, 1);
    if (!this.wasm.isEpochNew(this.worker)) this.take(SLEEP_MS);
    this.tables.store32(this.sleeping, 0);
  }

  /** Looks again and again for a bounded time, while looking has been worth it lately; true when a port became ready. */
  private spin(): boolean {
    if (this.spinMs === 0) return false;
    if (this.trust === 0 && ++this.waits % PROBE_WAITS !== 0) return false;
    for (const end = performance.now() + this.spinMs; performance.now() < end; ) {
      if (!this.take(0)) continue;
      this.trust = Math.min(this.trust + 1, MOST_TRUST);
      return true;
    }
    this.trust = Math.max(this.trust - 1, 0);
    return false;
  }

  private take(timeoutMs: number): boolean {
    const count = waitForEvents(this.epoll, this.events, map.EPOLL_EVENT_COUNT, timeoutMs);
    if (count > 0) this.wasm.markEvents(this.worker, count, EPOLL_EVENT_BYTES);
    return count > 0;
  }
}
