/** The event rings (assembly/abi/event.ts), read by the agent: each reader has its own place in them. */
import { EVENT_ENTRIES } from "../../assembly/abi/limits.ts";
import * as field from "../../assembly/abi/event.ts";
import * as map from "../../assembly/abi/memory-map.ts";
import { joinMac } from "../mac.ts";
import type { Tables } from "./tables.ts";

/** Events that can be read: the oldest place of a ring may be under the writer's hand. */
export const KEPT_EVENTS = EVENT_ENTRIES - 1;

export interface EngineEvent {
  kind: number;
  port: number;
  network: number;
  detail: number;
  mac: string;
  timeMs: number;
}

export class EventReader {
  private readonly tables: Tables;
  private readonly ring: number;
  private next: number;
  /** Events that were overwritten before this reader came to them. */
  lost = 0;

  /** Reads what `worker` writes from now on. */
  constructor(tables: Tables, worker: number) {
    this.tables = tables;
    this.ring = map.EVENTS + worker * map.EVENT_RING_BYTES;
    this.next = tables.count(this.ring);
  }

  /** The events since the last call, oldest first. */
  read(): EngineEvent[] {
    const written = Number(this.tables.load64(this.ring));
    if (written - this.next > KEPT_EVENTS) this.skipTo(written - KEPT_EVENTS);
    const events: EngineEvent[] = [];
    for (; this.next < written; this.next++) events.push(this.at(this.next));
    const overwritten = Number(this.tables.load64(this.ring)) - KEPT_EVENTS - (written - events.length);
    if (overwritten <= 0) return events;
    this.lost += Math.min(overwritten, events.length);
    return events.slice(overwritten);
  }

  private skipTo(position: number): void {
    this.lost += position - this.next;
    this.next = position;
  }

  private at(position: number): EngineEvent {
    const event = this.ring + map.EVENT_RING_HEAD_BYTES + (position % EVENT_ENTRIES) * map.EVENT_BYTES;
    const word = (offset: number) => this.tables.load32(event + offset);
    return {
      kind: word(field.KIND),
      port: word(field.PORT),
      network: word(field.NETWORK),
      detail: word(field.DETAIL),
      mac: joinMac(word(field.MAC), word(field.MAC + 4) & 0xffff),
      timeMs: this.tables.count(event + field.TIME),
    };
  }
}
