/** What workers count of flows (assembly/abi/worker.ts), and how many there are. */
import * as field from "../../assembly/abi/flow.ts";
import * as map from "../../assembly/abi/memory-map.ts";
import * as record from "../../assembly/abi/worker.ts";
import type { FlowTimeouts } from "../config/types.ts";
import type { FlowCounts, FlowStateCounts } from "../engine/types.ts";
import type { Tables } from "./tables.ts";

/** STATE_* of abi/flow.ts by the name of its time-out. */
export const FLOW_STATES: Record<keyof FlowTimeouts, number> = {
  halfOpen: field.STATE_HALF_OPEN,
  established: field.STATE_ESTABLISHED,
  closing: field.STATE_CLOSING,
  timeWait: field.STATE_TIME_WAIT,
  udpUnanswered: field.STATE_UDP_UNANSWERED,
  udp: field.STATE_UDP,
  icmp: field.STATE_ICMP,
};

/** Flows now. */
export function count(tables: Tables): number {
  return tables.load32(map.HEAD_FLOW_COUNT);
}

/** What the worker whose record is at `at` has counted. */
export function read(tables: Tables, at: number): FlowCounts {
  const counted = (offset: number) => tables.count(at + offset);
  const byState = (first: number) =>
    Object.fromEntries(
      Object.entries(FLOW_STATES).map(([name, state]) => [name, counted(first + state * 8)]),
    ) as unknown as FlowStateCounts;
  return {
    inserted: counted(record.FLOWS_INSERTED),
    refused: counted(record.FLOWS_REFUSED),
    rivals: counted(record.FLOWS_RIVAL),
    ended: counted(record.FLOWS_ENDED),
    expired: byState(record.FLOWS_EXPIRED),
    evicted: byState(record.FLOWS_EVICTED),
  };
}
