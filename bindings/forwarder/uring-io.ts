/** The io_uring back end of a worker: the driver is assembly/io/uring.ts, here is the one system call of a turn. */
import { URING_CQ_ENTRIES, URING_ENTRIES } from "../../assembly/abi/limits.ts";
import * as map from "../../assembly/abi/memory-map.ts";
import { RING_DESCRIPTOR } from "../../assembly/abi/worker.ts";
import * as state from "../../assembly/abi/worker-state.ts";
import { EAGAIN, EBUSY, EINTR, errnoName } from "../native/errno.ts";
import { createUring, enter, IORING_ENTER_GETEVENTS } from "../native/uring.ts";
import { PortyardError } from "../error.ts";
import type { Tables } from "../tables/tables.ts";
import { hold } from "../tables/worker-table.ts";
import type { EngineExports } from "../wasm/module.ts";
import type { WorkerIo } from "./kernel-worker.ts";

/** A frame that comes alone takes two rounds, its read and its write; the third finds nothing more. So a frame waits for no
 *  look at the time and the tables in between, which took a tenth of a ping-pong (bench/switches). */
const ROUNDS = 4;

export class UringIo implements WorkerIo {
  private readonly wasm: EngineExports;
  private readonly worker: number;
  private readonly ring: number;

  /** Creates the ring in the region of worker `index`, whose record names it; in the thread that will use it.
   *  @throws PortyardError `uring-unavailable`. */
  constructor(wasm: EngineExports, tables: Tables, worker: number, hostBase: bigint, index: number) {
    this.wasm = wasm;
    this.worker = worker;
    const rings = worker + map.URING_RINGS;
    const ring = createUring(hostBase, rings, worker + map.URING_SQES, URING_ENTRIES, URING_CQ_ENTRIES);
    this.ring = ring.descriptor;
    hold(tables, index, RING_DESCRIPTOR, this.ring);
    const own = worker + map.WORKER_STATE;
    tables.store32(own + state.SQ_HEAD, rings + ring.sq.head);
    tables.store32(own + state.SQ_TAIL, rings + ring.sq.tail);
    tables.store32(own + state.SQ_MASK, ring.entries - 1);
    tables.store32(own + state.SQ_ENTRIES, ring.entries);
    tables.store32(own + state.CQ_HEAD, rings + ring.cq.head);
    tables.store32(own + state.CQ_TAIL, rings + ring.cq.tail);
    tables.store32(own + state.CQ_MASK, ring.cqEntries - 1);
    tables.store32(own + state.CQ_ENTRIES_POINTER, rings + ring.cq.entries);
  }

  step(hold: boolean): boolean {
    for (let round = 0; round < ROUNDS; round++) {
      const requests = this.wasm.turn(this.worker, hold);
      if (requests === 0) return false;
      this.enter(requests);
    }
    return true;
  }

  private enter(requests: number): void {
    const result = enter(this.ring, requests, 0, IORING_ENTER_GETEVENTS);
    if (result >= 0 || result === -EINTR || result === -EAGAIN || result === -EBUSY) return;
    throw new PortyardError("uring-failed", `io_uring_enter failed: ${errnoName(-result)}.`, { value: requests });
  }
}
