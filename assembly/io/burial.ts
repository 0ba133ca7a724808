/** What a dead worker had under way, counted before its successor formats the region: the frame that it died of is the drop
 *  POISON, frames that waited to be processed or to be written are WORKER_DIED. Whatever the kernel had been given is lost
 *  (`format` counts it): nobody knows how it ended. Nothing found here is trusted to be what it should be: a number that is out
 *  of range is passed over. */
import * as map from "../abi/memory-map";
import * as field from "../abi/port";
import * as reason from "../abi/drop-reason";
import * as record from "../abi/worker";
import * as state from "../abi/worker-state";
import { MAX_PORTS, RX_ENTRIES, TX_ENTRIES, WORKER_SLOTS } from "../abi/limits";
import * as atomic from "../memory/atomic";
import * as desc from "../memory/descriptor";
import { recordOf, region, rxCount, shiftRx, txCount } from "../memory/worker";
import * as counter from "../tables/counter";
import * as macs from "../tables/mac-table";
import * as ports from "../tables/port-table";
import { shiftTx } from "./exchange";

/** Counts the remains of worker `index` in region `regionIndex` and clears its claim. Only after its death is proved. */
export function bury(regionIndex: u32, index: u32): void {
  const worker = region(regionIndex);
  // where counts go must be right whatever else is not
  store<u32>(worker + map.WORKER_STATE, <u32>recordOf(index), state.RECORD);
  store<u32>(worker + map.WORKER_STATE, load<u32>(map.HEAD_COUNTERS) + index * map.WORKER_COUNTERS_BYTES, state.COUNTERS);
  macs.clearClaim(recordOf(index));
  distrustRings(index);
  dropFrameInWork(worker, index);
  dropWaitingFrames(worker);
  dropWaitingWrites(worker);
}

/** The rings of its ports may be half written: they are compacted before they are believed. */
function distrustRings(index: u32): void {
  const end = min<u32>(load<u32>(map.HEAD_PORT_END), MAX_PORTS);
  for (let port: u32 = 0; port < end; port++) {
    if (ports.owner(port) == index) atomic.add32(ports.recordOf(port) + field.RING_STALE, 1);
  }
}

/** It was counted as received when its processing began. */
function dropFrameInWork(worker: usize, index: u32): void {
  const own = recordOf(index);
  const port = load<u32>(own, record.PORT_IN_WORK);
  if (load<u32>(own, record.SLOT_IN_WORK) != 0 && port < <u32>MAX_PORTS) counter.dropped(worker, port, reason.POISON);
  store<u32>(own, 0, record.SLOT_IN_WORK);
}

function dropWaitingFrames(worker: usize): void {
  for (let left = min<u32>(rxCount(worker), RX_ENTRIES); left > 0; left--) {
    const descriptor = shiftRx(worker);
    if (!isDescriptor(worker, descriptor) || desc.port(descriptor) >= <u32>MAX_PORTS) continue;
    counter.received(worker, desc.port(descriptor), desc.bytes(descriptor));
    counter.dropped(worker, desc.port(descriptor), reason.WORKER_DIED);
  }
}

function dropWaitingWrites(worker: usize): void {
  for (let left = min<u32>(txCount(worker), TX_ENTRIES); left > 0; left--) {
    const output = load<u32>(shiftTx(worker), 4);
    if (output < <u32>MAX_PORTS) counter.dropped(worker, output, reason.WORKER_DIED);
  }
}

function isDescriptor(worker: usize, descriptor: usize): bool {
  const offset = descriptor - (worker + map.DESCRIPTORS);
  return offset < <usize>WORKER_SLOTS * map.DESCRIPTOR_BYTES && offset % map.DESCRIPTOR_BYTES == 0;
}
