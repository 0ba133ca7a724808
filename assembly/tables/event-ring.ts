/** The ring of events of a worker (abi/event.ts): fixed records, newest overwrite oldest. The count of records written is
 *  stored after the record, so a reader that takes count, record, count knows whether it was overwritten meanwhile. */
import * as map from "../abi/memory-map";
import * as field from "../abi/event";
import { EVENT_ENTRIES } from "../abi/limits";
import * as atomic from "../memory/atomic";
import { index, nowMs } from "../memory/worker";

/** Writes one event; `port`, `network`, `detail` and `mac` as its kind says. */
export function emit(worker: usize, kind: u32, port: u32, network: u32, mac: u64, detail: u32): void {
  const ring: usize = map.EVENTS + index(worker) * map.EVENT_RING_BYTES;
  const written = load<u64>(ring);
  const event = ring + map.EVENT_RING_HEAD_BYTES + (<u32>written & (EVENT_ENTRIES - 1)) * map.EVENT_BYTES;
  store<u32>(event, kind, field.KIND);
  store<u32>(event, port, field.PORT);
  store<u32>(event, network, field.NETWORK);
  store<u32>(event, detail, field.DETAIL);
  store<u64>(event, mac, field.MAC);
  store<u64>(event, nowMs(worker), field.TIME);
  atomic.store64(ring, written + 1);
}
