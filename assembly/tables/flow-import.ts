/** Flows of other tables come into these, as long as no worker has an entry of them in its lists: each into an entry of the worker that is to have
 *  it, which finds it there as it finds those of its former turns (flow-lists.ts). */
import * as field from "../abi/flow";
import * as map from "../abi/memory-map";
import * as atomic from "../memory/atomic";
import * as backends from "./backend-table";
import { areSame, entryOf, instanceOf, isLive, stateOf, word, wordOf } from "./flow-entry";
import { draftOf, enter, findDraft, leaveBackend, leaveIndex } from "./flow-table";

/** Makes the draft the flow of entry `number`, in `state` with `flags`, last seen at `lastSeen`; false when the entry has one, a tuple is taken,
 *  or its addresses are none: nothing of other tables is believed. */
export function importFlow(worker: usize, number: u32, state: u32, flags: u32, lastSeen: u32): bool {
  const draft = draftOf(worker);
  const entry = entryOf(number);
  if (stateOf(wordOf(entry)) != field.STATE_FREE || !areAddresses(draft) || areSame(draft, field.ORIGINAL, draft, field.REPLY)) return false;
  if (findDraft(worker, field.ORIGINAL) != 0 || findDraft(worker, field.REPLY) != 0) return false;
  const own = instanceOf(wordOf(entry)) + 1;
  memory.copy(entry + field.NETWORK, draft + field.NETWORK, field.LINK - field.NETWORK);
  memory.copy(entry + field.CLIENT_SEQUENCE, draft + field.CLIENT_SEQUENCE, map.FLOW_BYTES - field.CLIENT_SEQUENCE);
  atomic.store32(entry + field.LAST_SEEN, lastSeen);
  atomic.store64(entry + field.WORD, word(own, field.STATE_CLAIMED, 0));
  if (enter(entry) != field.REFUSED_END) {
    leaveIndex(entry);
    atomic.store64(entry + field.WORD, word(own, field.STATE_FREE, 0));
    return false;
  }
  haveBackend(entry, state);
  atomic.store64(entry + field.WORD, word(own, state, flags));
  atomic.add32(map.HEAD_FLOW_COUNT, 1);
  return true;
}

/** The four addresses are IPv6, or IPv4 with nothing behind. */
function areAddresses(draft: usize): bool {
  const family = load<u8>(draft, field.FAMILY);
  if (family != 4) return family == 6;
  let behind: u64 = 0;
  for (let at = draft + field.CLIENT_ADDRESS; at < draft + field.CLIENT_MAC; at += 16) behind |= <u64>load<u32>(at, 4) | load<u64>(at, 8);
  return behind == 0;
}

/** What importFlow has made of entry `number` is not there any more. */
export function takeBack(number: u32): void {
  const entry = entryOf(number);
  const found = wordOf(entry);
  if (!isLive(found)) return;
  if (stateOf(found) != field.STATE_TIME_WAIT) leaveBackend(entry);
  leaveIndex(entry);
  atomic.store64(entry + field.WORD, word(instanceOf(found) + 1, field.STATE_FREE, 0));
  atomic.add32(map.HEAD_FLOW_COUNT, -1);
}

/** Its backend has one flow more, that is none of its picks here. */
function haveBackend(entry: usize, state: u32): void {
  const backend = load<u32>(entry, field.BACKEND);
  if (backend != 0 && state != field.STATE_TIME_WAIT && load<u8>(entry, field.PROTOCOL) != field.AFFINITY) backends.hold(backends.recordOf(backend - 1));
}
