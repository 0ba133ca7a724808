/** Whether a worker runs without getting anywhere: its thread uses processor time, and its heartbeat, which it raises every
 *  turn, stands still. Time that merely passes does not count, so a machine that is overloaded, a process that is
 *  stopped and a worker that sleeps are no hang. Nor does a pause of the whole machine: it is one look, and a look counts for
 *  no more than LOOK_MS. A turn takes far below 10 ms, a collection of garbage or a compilation in the thread some. */

/** Between two looks, in milliseconds. */
export const LOOK_MS = 20;
/** Processor time without a heartbeat after which a worker counts as hung. */
export const HANG_MS = 60;

export class Heartbeat {
  private beats = -1;
  private usedMs = 0;
  /** Processor time since the last heartbeat. */
  private idleMs = 0;

  /** A look: true when the worker hangs.
   *  @param beats its running count.
   *  @param usedMs processor time of its thread so far. */
  look(beats: number, usedMs: number): boolean {
    const sinceMs = Math.min(Math.max(usedMs - this.usedMs, 0), LOOK_MS);
    this.idleMs = beats === this.beats ? this.idleMs + sinceMs : 0;
    this.beats = beats;
    this.usedMs = usedMs;
    return this.idleMs >= HANG_MS;
  }
}
