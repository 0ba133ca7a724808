/** Connections that the engine follows, each with its two tuples in one entry (abi/flow.ts), found from either side
 *  (flow-index.ts), shared by all workers without locks.
 *
 *      draft -> claimed -> under both tuples -> live: half-open, established, ...  -> dead -> free
 *                  |            |
 *                  +---- a tuple is taken, or claimed by another just now: let go again
 *
 *  The word of an entry is changed by CAS alone, and its instance with every flow, so whoever holds an entry for too long
 *  changes nothing. Ends and addresses are written while it is claimed and never again. Any worker may end a flow; only the owner of
 *  the entry (flow-lists.ts) makes another of it. */
import * as map from "../abi/memory-map";
import * as field from "../abi/flow";
import * as record from "../abi/worker";
import * as state from "../abi/worker-state";
import { FLOW_CHUNK, FLOW_EVICTION_TRIES, RESET_ENTRIES } from "../abi/limits";
import * as atomic from "../memory/atomic";
import { count, nowMs, nowSeconds } from "../memory/worker";
import * as backends from "./backend-table";
import { areSame, entryOf, flagsOf, instanceOf, isLive, numberOf, stateOf, word, wordOf } from "./flow-entry";
import * as flows from "./flow-index";
import * as lists from "./flow-lists";
import * as services from "./service-table";

/** Milliseconds in which the sweep goes over the whole table. */
const PASS_MS: u64 = 4000;
/** After so long whoever was ending a flow is dead: a worker that gives no sign for less is replaced. */
const ENDING_SECONDS: u32 = 30;

/** Where a flow is laid out before it is inserted. */
export function draftOf(worker: usize): usize { return worker + map.WORKER_STATE + state.FLOW_DRAFT; }

/** Entry whose tuple in one direction is that of the draft in `direction`, the direction of the entry in its lowest bit; 0: none. */
export function findDraft(worker: usize, direction: u32): usize { return flows.findSame(draftOf(worker), direction); }

// ---------------------------------------------------------------- a flow begins
/** Inserts the draft, as a flow in `first` with `flags`, under both of its tuples; its entry, or why not: FULL, RIVAL, TAKEN. Whoever calls it has looked for
 *  the first of them in vain: that another worker has it meanwhile shows when the entry is entered. */
export function insert(worker: usize, first: u32, flags: u32): usize {
  const draft = draftOf(worker);
  if (areSame(draft, field.ORIGINAL, draft, field.REPLY)) return field.TAKEN;
  if (findDraft(worker, field.REPLY) != 0) return field.TAKEN;
  const entry = claim(worker);
  if (entry == 0) return refused(worker, record.FLOWS_REFUSED, field.FULL);
  memory.copy(entry + field.NETWORK, draft + field.NETWORK, field.LINK - field.NETWORK);
  memory.copy(entry + field.CLIENT_SEQUENCE, draft + field.CLIENT_SEQUENCE, map.FLOW_BYTES - field.CLIENT_SEQUENCE);
  atomic.store32(entry + field.LAST_SEEN, nowSeconds(worker));
  const own = instanceOf(wordOf(entry));
  atomic.store64(entry + field.WORD, word(own, field.STATE_CLAIMED, 0));
  const why = enter(entry);
  if (why != field.REFUSED_END) return letGo(worker, entry, why);
  atomic.store64(entry + field.WORD, word(own, first, flags));
  lists.append(worker, entry, first);
  atomic.add32(map.HEAD_FLOW_COUNT, 1);
  count(worker, record.FLOWS_INSERTED, 1);
  return entry;
}

/** Refers to a claimed entry by both tuples; REFUSED_END, or why that cannot be. */
export function enter(entry: usize): u32 {
  const number = numberOf(entry);
  if (!flows.place(entry, number, field.ORIGINAL) || !flows.place(entry, number, field.REPLY)) return field.FULL;
  for (let direction: u32 = field.ORIGINAL; direction <= <u32>field.REPLY; direction++) {
    const rival = flows.rivalOf(entry, number, direction);
    if (rival != 0) return isLive(rival) ? field.TAKEN : field.RIVAL;
  }
  return field.REFUSED_END;
}

function letGo(worker: usize, entry: usize, why: u32): u32 {
  leaveIndex(entry);
  lists.free(worker, entry);
  if (why == field.TAKEN) return why;
  return refused(worker, why == field.FULL ? record.FLOWS_REFUSED : record.FLOWS_RIVAL, why);
}

function refused(worker: usize, counter: u32, why: u32): u32 {
  count(worker, counter, 1);
  return why;
}

/** Takes the references of an entry that nobody ends meanwhile out again. */
export function leaveIndex(entry: usize): void {
  const number = numberOf(entry);
  flows.take(entry, number, field.ORIGINAL);
  flows.take(entry, number, field.REPLY);
}

/** An entry in no list: a free one, else that of the flow that can best be spared; 0: none. */
function claim(worker: usize): usize {
  const entry = lists.takeFree(worker);
  return entry != 0 ? entry : evict(worker);
}

function evict(worker: usize): usize {
  let tries: u32 = 0;
  for (let list: u32 = field.STATE_TIME_WAIT; list < <u32>field.LISTS; list++) {
    for (let entry = lists.firstOf(worker, list); entry != 0 && tries < <u32>FLOW_EVICTION_TRIES; entry = lists.firstOf(worker, list)) {
      tries++;
      const found = wordOf(entry);
      if (stateOf(found) == list && end(worker, entry, found)) {
        count(worker, record.FLOWS_EVICTED + list * 8, 1);
        return reclaim(worker, entry);
      }
      const now = stateOf(wordOf(entry));
      if (now == field.STATE_DEAD) return reclaim(worker, entry);
      lists.refile(worker, entry, lists.listFor(now));
    }
  }
  return 0;
}

/** A dead entry of this worker's, out of its list. */
function reclaim(worker: usize, entry: usize): usize {
  lists.unlink(worker, entry);
  atomic.store64(entry + field.WORD, <u64>(instanceOf(wordOf(entry)) + 1));
  return entry;
}

// ---------------------------------------------------------------- a flow goes on
/** The worker saw a frame of the flow. */
export function touch(worker: usize, entry: usize): void {
  const now = nowSeconds(worker);
  if (atomic.load32(entry + field.LAST_SEEN) == now) return;
  atomic.store32(entry + field.LAST_SEEN, now);
  if (isMine(worker, entry)) lists.refile(worker, entry, lists.listOf(entry));
}

function isMine(worker: usize, entry: usize): bool {
  return lists.isOwn(worker, numberOf(entry) / FLOW_CHUNK) && lists.isLinked(worker, entry);
}

/** Makes `to` with `flags` of a flow that was `from`; false when it is no longer that, or was none. In TIME_WAIT its backend has it no more. */
export function change(worker: usize, entry: usize, from: u64, to: u32, flags: u32): bool {
  if (!isLive(from) || !atomic.compareExchange64(entry + field.WORD, from, word(instanceOf(from), to, flags))) return false;
  if (stateOf(from) == to) return true;
  if (to == field.STATE_TIME_WAIT) leaveBackend(entry);
  if (isMine(worker, entry)) lists.refile(worker, entry, to);
  return true;
}

/** Record of its backend; 0: it has none. */
export function backendOf(entry: usize): usize {
  const backend = load<u32>(entry, field.BACKEND);
  return backend == 0 ? 0 : backends.recordOf(backend - 1);
}

/** Its backend has one flow less. */
export function leaveBackend(entry: usize): void {
  const backend = backendOf(entry);
  if (backend != 0 && load<u8>(entry, field.PROTOCOL) != field.AFFINITY) backends.finish(backend);
}

// ---------------------------------------------------------------- a flow ends
/** Ends the flow that had `found` as its word; false when another did so, or it has changed. Its owner lets the entry be until it
 *  is out of the index, or whoever ended it must have died in between. */
function end(worker: usize, entry: usize, found: u64): bool {
  atomic.store32(entry + field.LAST_SEEN, nowSeconds(worker));
  if (!atomic.compareExchange64(entry + field.WORD, found, word(instanceOf(found), field.STATE_ENDING, 0))) return false;
  if (stateOf(found) != field.STATE_TIME_WAIT) leaveBackend(entry);
  leaveIndex(entry);
  atomic.store64(entry + field.WORD, word(instanceOf(found), field.STATE_DEAD, 0));
  atomic.add32(map.HEAD_FLOW_COUNT, -1);
  return true;
}

/** Ends a flow before its time; false when it is no longer what `found` says. */
export function remove(worker: usize, entry: usize, found: u64): bool {
  if (!isLive(found) || !end(worker, entry, found)) return false;
  count(worker, record.FLOWS_ENDED, 1);
  if (isMine(worker, entry)) {
    lists.unlink(worker, entry);
    lists.free(worker, entry);
  }
  return true;
}

// ---------------------------------------------------------------- time
/** Goes on with the sweep as far as time has gone on: a quarter of the table at most, and nothing while less than a chunk is due. */
export function advance(worker: usize): void {
  const own = worker + map.WORKER_STATE;
  const chunks = lists.sweptChunks(worker);
  if (chunks == 0) return;
  const elapsedMs = nowMs(worker) - load<u64>(own, state.FLOW_SWEPT_MS);
  const due = elapsedMs >= PASS_MS ? <u64>chunks : elapsedMs * chunks / PASS_MS;
  if (due == 0) return;
  store<u64>(own, nowMs(worker), state.FLOW_SWEPT_MS);
  sweep(worker, max<u32>(1, <u32>min<u64>(due, chunks >> 2)));
}

/** Visits the next `chunks` chunks, of which the worker's own count. */
export function sweep(worker: usize, chunks: u32): void {
  const own = worker + map.WORKER_STATE;
  let chunk = load<u32>(own, state.FLOW_SWEEP_CHUNK);
  for (let left = chunks; left > 0; left--) {
    if (chunk >= lists.sweptChunks(worker)) chunk = 0;
    if (lists.isOwn(worker, chunk)) visitChunk(worker, chunk);
    chunk++;
  }
  store<u32>(own, chunk, state.FLOW_SWEEP_CHUNK);
}

function visitChunk(worker: usize, chunk: u32): void {
  for (let number = chunk * FLOW_CHUNK; number < (chunk + 1) * FLOW_CHUNK; number++) visit(worker, entryOf(number));
}

/** Puts the entry where it belongs, and ends its flow if its time is out. */
function visit(worker: usize, entry: usize): void {
  lists.link(worker, entry);
  const found = wordOf(entry);
  const now = stateOf(found);
  if (now == field.STATE_FREE) return;
  if (now == field.STATE_DEAD || isOut(worker, entry, now) && expire(worker, entry, found)) {
    lists.unlink(worker, entry);
    return lists.free(worker, entry);
  }
  const list = lists.listFor(stateOf(wordOf(entry)));
  if (list < <u32>field.LISTS && lists.listOf(entry) != list) lists.refile(worker, entry, list);
}

function isOut(worker: usize, entry: usize, now: u32): bool {
  const idleSeconds = <i32>(nowSeconds(worker) - atomic.load32(entry + field.LAST_SEEN));
  return idleSeconds >= <i32>timeoutOf(entry, now);
}

function timeoutOf(entry: usize, now: u32): u32 {
  if (now == field.STATE_ENDING) return ENDING_SECONDS;
  if (load<u8>(entry, field.PROTOCOL) == field.AFFINITY) return services.affinitySeconds(services.recordOf(load<u32>(entry, field.SERVICE)));
  return load<u32>(map.HEAD_FLOW_TIMEOUTS + now * 4);
}

/** True when the entry is its owner's again. A TCP connection's ends are to be told first, by the service stage. */
function expire(worker: usize, entry: usize, found: u64): bool {
  if (stateOf(found) == field.STATE_ENDING) return wordOf(entry) == found;
  if (stateOf(found) == field.STATE_ESTABLISHED && load<u32>(entry, field.BACKEND) != 0) {
    announce(worker, entry);
    return false;
  }
  if (!end(worker, entry, found)) return false;
  if (stateOf(found) == field.STATE_HALF_OPEN) missed(entry, found);
  count(worker, record.FLOWS_EXPIRED + stateOf(found) * 8, 1);
  return true;
}

/** The backend has not answered at all. */
function missed(entry: usize, found: u64): void {
  const backend = backendOf(entry);
  if (backend != 0 && (flagsOf(found) & field.FLAG_ANSWERED) == 0) backends.fail(backend);
}

// ---------------------------------------------------------------- established flows whose time is out
/** Enters the flow among those that wait for their resets; where there is no room it waits for the next pass. */
function announce(worker: usize, entry: usize): void {
  const own = worker + map.WORKER_STATE;
  const tail = load<u32>(own, state.RESET_TAIL);
  if (tail - load<u32>(own, state.RESET_HEAD) == RESET_ENTRIES) return;
  store<u32>(worker + map.RESETS + (tail & (RESET_ENTRIES - 1)) * 4, <u32>entry);
  store<u32>(own, tail + 1, state.RESET_TAIL);
}

/** The next of them, which still is out of time; 0: none. */
export function nextOutOfTime(worker: usize): usize {
  const own = worker + map.WORKER_STATE;
  for (let head = load<u32>(own, state.RESET_HEAD); head != load<u32>(own, state.RESET_TAIL); ) {
    const entry: usize = load<u32>(worker + map.RESETS + (head++ & (RESET_ENTRIES - 1)) * 4);
    store<u32>(own, head, state.RESET_HEAD);
    if (stateOf(wordOf(entry)) == field.STATE_ESTABLISHED && isOut(worker, entry, field.STATE_ESTABLISHED)) return entry;
  }
  return 0;
}

/** Ends a flow that was out of time and whose ends were told. */
export function expireTold(worker: usize, entry: usize, found: u64): void {
  if (!isLive(found) || !end(worker, entry, found)) return;
  count(worker, record.FLOWS_EXPIRED + stateOf(found) * 8, 1);
  if (!isMine(worker, entry)) return;
  lists.unlink(worker, entry);
  lists.free(worker, entry);
}
