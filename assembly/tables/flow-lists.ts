/** Whose each entry of the flow table is, and in which order its flows may go.
 *
 *      chunks    | of worker 0 | of worker 1 | ... | whoever takes them first |       half of all belong to the workers from the
 *                                                                                     beginning, in equal parts; none is given back
 *      lists     free -> ... ; time-wait -> ... ; half-open -> ... ; established -> ...         a worker's own entries, by state
 *
 *  A flow is in the list of its worker alone, whoever else sees its frames, and only this worker touches its links: no lock. A
 *  list is in the order in which its flows were last seen by their worker, to the second. Another worker changes a flow's state, not its
 *  list: the sweep puts it where it belongs. A worker that starts anew begins a turn with empty lists and finds its entries chunk by
 *  chunk; until then they are found by frames as ever. */
import * as map from "../abi/memory-map";
import * as field from "../abi/flow";
import * as record from "../abi/worker";
import * as state from "../abi/worker-state";
import { FLOW_CHUNK, FLOW_CHUNK_LOOKS } from "../abi/limits";
import * as atomic from "../memory/atomic";
import { index, recordPointer } from "../memory/worker";
import { entryOf, numberOf, stateOf, wordOf } from "./flow-entry";

/** Chunks of the table. */
export function chunkCount(): u32 { return load<u32>(map.HEAD_FLOW_LIMIT) / FLOW_CHUNK; }
/** Chunks that belong to each worker from the beginning. */
function ownChunks(): u32 { return chunkCount() / 2 / load<u32>(map.HEAD_WORKER_COUNT); }

/** True when `chunk` is this worker's. */
export function isOwn(worker: usize, chunk: u32): bool {
  const each = ownChunks();
  if (chunk < each * load<u32>(map.HEAD_WORKER_COUNT)) return chunk / each == index(worker);
  return atomic.load32(load<u32>(map.HEAD_FLOW_CHUNKS) + chunk * 4) == index(worker) + 1;
}

/** The next chunk that nobody has, which is this worker's now; -1 when there is none. */
function takeChunk(worker: usize): i32 {
  const first = ownChunks() * load<u32>(map.HEAD_WORKER_COUNT);
  if (first + atomic.load32(map.HEAD_FLOW_CHUNKS_TAKEN) >= chunkCount()) return -1;
  const chunk = first + atomic.add32(map.HEAD_FLOW_CHUNKS_TAKEN, 1);
  if (chunk >= chunkCount()) return -1;
  atomic.store32(load<u32>(map.HEAD_FLOW_CHUNKS) + chunk * 4, index(worker) + 1);
  return <i32>chunk;
}

// ---------------------------------------------------------------- lists
function listAt(worker: usize, list: u32): usize { return worker + map.WORKER_STATE + state.FLOW_LISTS + list * 8; }
/** First entry of a list, or 0. */
export function firstOf(worker: usize, list: u32): usize {
  const number = load<u32>(listAt(worker, list));
  return number == 0 ? 0 : entryOf(number - 1);
}
function turnOf(worker: usize): u32 { return load<u32>(recordPointer(worker), record.FLOW_TURN); }
/** True when the entry stands in one of this worker's lists. */
export function isLinked(worker: usize, entry: usize): bool { return load<u32>(entry, field.LINK) >>> field.TURN_SHIFT == turnOf(worker); }
/** List in which a linked entry stands. */
export function listOf(entry: usize): u32 { return load<u32>(entry, field.LINK) & field.LIST_MASK; }

/** Puts an entry that is in no list at the end of one. */
export function append(worker: usize, entry: usize, list: u32): void {
  const at = listAt(worker, list);
  const number = numberOf(entry) + 1;
  const last = load<u32>(at, 4);
  store<u32>(entry, (turnOf(worker) << field.TURN_SHIFT) | list, field.LINK);
  store<u32>(entry, 0, field.NEXT);
  store<u32>(entry, last, field.PREVIOUS);
  if (last == 0) store<u32>(at, number);
  else store<u32>(entryOf(last - 1), number, field.NEXT);
  store<u32>(at, number, 4);
}

/** Takes a linked entry out of its list. */
export function unlink(worker: usize, entry: usize): void {
  const at = listAt(worker, listOf(entry));
  const next = load<u32>(entry, field.NEXT);
  const previous = load<u32>(entry, field.PREVIOUS);
  if (previous == 0) store<u32>(at, next);
  else store<u32>(entryOf(previous - 1), next, field.NEXT);
  if (next == 0) store<u32>(at, previous, 4);
  else store<u32>(entryOf(next - 1), previous, field.PREVIOUS);
  store<u32>(entry, 0, field.LINK);
}

/** Puts a linked entry at the end of a list, its own or another. */
export function refile(worker: usize, entry: usize, list: u32): void {
  unlink(worker, entry);
  append(worker, entry, list);
}

// ---------------------------------------------------------------- entries without a flow
/** Begins a turn: every list is empty, and the worker's chunks are to be gone through. */
export function beginTurn(worker: usize): void {
  const own = recordPointer(worker);
  store<u32>(own, (load<u32>(own, record.FLOW_TURN) + 1) & 0x0fffffff | <u32>(load<u32>(own, record.FLOW_TURN) == 0x0fffffff), record.FLOW_TURN);
  const lists = worker + map.WORKER_STATE;
  memory.fill(lists + state.FLOW_LISTS, 0, field.LISTS * 8);
  store<u32>(lists, 0, state.FLOW_LINK_CHUNK);
}

/** An entry of this worker's that has no flow, taken out of its list; 0 when all have one, or none was found yet. */
export function takeFree(worker: usize): usize {
  if (firstOf(worker, field.STATE_FREE) == 0 && !linkNext(worker)) {
    const chunk = takeChunk(worker);
    if (chunk >= 0) linkChunk(worker, <u32>chunk);
  }
  const entry = firstOf(worker, field.STATE_FREE);
  if (entry != 0) unlink(worker, entry);
  return entry;
}

/** Goes on with the worker's chunks of former turns until there is a free entry; false when none was found in a bounded number of steps. */
export function linkNext(worker: usize): bool {
  const own = worker + map.WORKER_STATE;
  const end = min<u32>(chunkCount(), load<u32>(own, state.FLOW_LINK_CHUNK) + FLOW_CHUNK_LOOKS);
  while (load<u32>(own, state.FLOW_LINK_CHUNK) < end) {
    const chunk = load<u32>(own, state.FLOW_LINK_CHUNK);
    store<u32>(own, chunk + 1, state.FLOW_LINK_CHUNK);
    if (!isOwn(worker, chunk)) continue;
    linkChunk(worker, chunk);
    if (firstOf(worker, field.STATE_FREE) != 0) return true;
  }
  return false;
}

/** Enters the entries of a chunk that are in no list. What a dead worker had claimed or let go of is free. */
function linkChunk(worker: usize, chunk: u32): void {
  const end = recordPointer(worker) + record.FLOW_CHUNK_END;
  if (chunk >= load<u32>(end)) store<u32>(end, chunk + 1);
  for (let number = chunk * FLOW_CHUNK; number < (chunk + 1) * FLOW_CHUNK; number++) link(worker, entryOf(number));
}

/** Enters an entry of this worker's if it is in no list. */
export function link(worker: usize, entry: usize): void {
  if (isLinked(worker, entry)) return;
  const found = stateOf(wordOf(entry));
  if (found == field.STATE_CLAIMED || found == field.STATE_DEAD) free(worker, entry);
  else append(worker, entry, listFor(found));
}

/** List of an entry in `found`; whoever is ending one will be done soon. */
export function listFor(found: u32): u32 { return found == field.STATE_ENDING ? field.STATE_TIME_WAIT : found; }

/** Chunks that the sweep goes over: those of this worker are among them, except such as it never had a flow in. */
export function sweptChunks(worker: usize): u32 { return load<u32>(recordPointer(worker), record.FLOW_CHUNK_END); }

/** Ends what an entry, in no list, was: from now on it is another instance. */
export function free(worker: usize, entry: usize): void {
  atomic.store64(entry + field.WORD, <u64>(<u32>wordOf(entry) + 1));
  append(worker, entry, field.STATE_FREE);
}
