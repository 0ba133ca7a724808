/** Services and their slates (abi/service.ts), as balancers see them. */
import * as map from "../abi/memory-map";
import * as field from "../abi/service";
import * as atomic from "../memory/atomic";
import { index } from "../memory/worker";
import * as hash from "./hash";
import * as backends from "./backend-table";

export function recordOf(service: u32): usize { return load<u32>(map.HEAD_SERVICES) + service * map.SERVICE_BYTES; }
export function algorithm(record: usize): u32 { return load<u32>(record, field.ALGORITHM); }
export function family(record: usize): u32 { return load<u32>(record, field.FAMILY); }
export function virtualMac(record: usize): u64 { return load<u64>(record, field.VIRTUAL_MAC); }
/** Address of the 16 bytes of its virtual address. */
export function virtualAddress(record: usize): usize { return record + field.VIRTUAL_ADDRESS; }
/** Seconds for which a silent client keeps its backend, 0: it does not. */
export function affinitySeconds(record: usize): u32 { return load<u32>(record, field.AFFINITY_SECONDS); }

/** The rule of `protocol` and `port`, or 0. */
export function ruleFor(record: usize, protocol: u32, port: u32): usize {
  const end = record + field.RULES + load<u32>(record, field.RULE_COUNT) * field.RULE_BYTES;
  for (let rule = record + field.RULES; rule < end; rule += field.RULE_BYTES) {
    if (load<u16>(rule, field.RULE_PROTOCOL) == protocol && port >= firstPort(rule) && port <= <u32>load<u16>(rule, field.RULE_LAST)) return rule;
  }
  return 0;
}
/** Whether it has a rule of `protocol`, or no rules at all. */
export function serves(record: usize, protocol: u32): bool {
  const count = load<u32>(record, field.RULE_COUNT);
  for (let rule = record + field.RULES; rule < record + field.RULES + count * field.RULE_BYTES; rule += field.RULE_BYTES) {
    if (load<u16>(rule, field.RULE_PROTOCOL) == protocol) return true;
  }
  return count == 0;
}
/** Whether a rule leads to `port` of its backends, where these have none of their own. */
export function leadsTo(record: usize, protocol: u32, port: u32): bool {
  const end = record + field.RULES + load<u32>(record, field.RULE_COUNT) * field.RULE_BYTES;
  for (let rule = record + field.RULES; rule < end; rule += field.RULE_BYTES) {
    const first: u32 = load<u16>(rule, field.RULE_TARGET);
    if (load<u16>(rule, field.RULE_PROTOCOL) == protocol && port >= first && port - first <= <u32>load<u16>(rule, field.RULE_LAST) - firstPort(rule)) return true;
  }
  return false;
}
export function firstPort(rule: usize): u32 { return load<u16>(rule, field.RULE_FIRST); }
/** Port of the backend that the first of the rule becomes. */
export function targetPort(rule: usize): u32 { return load<u16>(rule, field.RULE_TARGET); }

/** The slate that is published now, or 0. */
export function slate(record: usize): usize { return atomic.load32(record + field.SLATE); }

/** Backends of a slate. */
export function count(slate: usize): u32 { return load<u32>(slate); }
/** Turns of its schedule. */
export function turns(slate: usize): u32 { return load<u32>(slate, field.SLATE_TURNS); }
/** Places of its ring, 0: it has none. */
export function places(slate: usize): u32 { return load<u32>(slate, field.SLATE_PLACES); }
/** Index of the backend at `position`. */
export function backendAt(slate: usize, position: u32): u32 { return load<u32>(slate + field.SLATE_BACKENDS + position * 4); }
/** Position of the backend that has turn `turn`. */
export function turnAt(slate: usize, turn: u32): u32 { return load<u16>(slate + field.SLATE_BACKENDS + count(slate) * 4 + turn * 2); }
/** Position of the backend that has place `place`. */
export function placeAt(slate: usize, place: u32): u32 { return turnAt(slate, turns(slate) + place); }

function progressOf(worker: usize, record: usize): usize { return record + field.PROGRESS + index(worker) * field.PROGRESS_BYTES; }

/** The turn that is next for this worker: the one behind its last. In a schedule that is another by now that is behind the turn of the same
 *  backend which is as far through it as the last one was; where that backend has gone, as far. So nobody is passed over, or had twice,
 *  because others came or went. */
export function nextTurn(worker: usize, record: usize, slate: usize): u32 {
  const own = progressOf(worker, record);
  const next = load<u32>(own, field.PROGRESS_TURN);
  const length = load<u32>(own, field.PROGRESS_TURNS);
  const last = load<u32>(own, field.PROGRESS_LAST);
  const all = turns(slate);
  if (length == 0 || all == 0) return 0;
  if (length == all && hasTurn(slate, (next + all - 1) % all, last)) return next;
  return behindLast(slate, <u32>(<u64>next * all / length), last);
}

function hasTurn(slate: usize, turn: u32, backend: u32): bool { return backendAt(slate, turnAt(slate, turn)) + 1 == backend; }

function behindLast(slate: usize, near: u32, last: u32): u32 {
  const all = turns(slate);
  for (let far: u32 = 0; far < all; far++) {
    const below = (near + all - far) % all;
    if (hasTurn(slate, below, last)) return below + 1;
    const above = (near + far) % all;
    if (hasTurn(slate, above, last)) return above + 1;
  }
  return near;
}

/** `backend` (index + 1) had turn `turn`. */
export function haveTurn(worker: usize, record: usize, slate: usize, turn: u32, backend: u32): void {
  const own = progressOf(worker, record);
  store<u32>(own, turns(slate), field.PROGRESS_TURNS);
  store<u32>(own, turn + 1, field.PROGRESS_TURN);
  store<u32>(own, backend, field.PROGRESS_LAST);
}

/** How many numbers this worker has drawn for the service; counts this one. */
export function drawn(worker: usize, record: usize): u32 {
  const own = progressOf(worker, record);
  const before = load<u32>(own, field.PROGRESS_DRAWN);
  store<u32>(own, before + 1, field.PROGRESS_DRAWN);
  return before;
}

/** The next of the numbers that this worker draws for the service. They look random, and are the same for the same seed and past. */
export function draw(worker: usize, record: usize): u64 {
  return hash.of64((<u64>index(worker) << 32) | drawn(worker, record));
}

/** `number` below `limit`, evenly, by the upper half of a hash. */
export function below(number: u64, limit: u32): u32 { return <u32>((number >> 32) * limit >> 32); }

/** The first turn from `first` around whose backend a new flow may go to; -1: there is none. */
export function usableTurn(slate: usize, first: u32): i32 {
  const all = turns(slate);
  for (let step: u32 = 0; step < all; step++) {
    const turn = (first + step) % all;
    if (usableAt(slate, turnAt(slate, turn)) != 0) return <i32>turn;
  }
  return -1;
}

/** Index + 1 of the backend whose turn that is; 0: none is usable. */
export function usableFromTurn(slate: usize, first: u32): u32 {
  const turn = usableTurn(slate, first);
  return turn < 0 ? 0 : backendAt(slate, turnAt(slate, turn)) + 1;
}

/** Index + 1 of the first backend from `position` around, whatever the weights, that a new flow may go to and that is not `other`; 0: there is none. */
export function usableFrom(slate: usize, position: u32, other: u32): u32 {
  const all = count(slate);
  for (let step: u32 = 0; step < all; step++) {
    const backend = usableAt(slate, (position + step) % all);
    if (backend != 0 && backend != other) return backend;
  }
  return 0;
}

/** The backend at `position`, if a new flow may go to it: its index + 1, else 0. */
export function usableAt(slate: usize, position: u32): u32 {
  const backend = backendAt(slate, position);
  return backends.isUsable(backends.recordOf(backend)) ? backend + 1 : 0;
}
