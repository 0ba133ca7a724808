/** Services and their slates (abi/service.ts), as balancers see them. */
import * as map from "../abi/memory-map";
import * as field from "../abi/service";
import * as atomic from "../memory/atomic";
import { index } from "../memory/worker";
import * as hash from "./hash";
import * as backends from "./backend-table";

export function recordOf(service: u32): usize { return load<u32>(map.HEAD_SERVICES) + service * map.SERVICE_BYTES; }
export function algorithm(record: usize): u32 { return load<u32>(record, field.ALGORITHM); }
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

/** The turn that is next for this worker. In a slate that is new to it: behind the last one's turn which is as far through the schedule as the
 *  last one's was; where the last one has gone, as far. So nobody is passed over, or had twice, because others came or went. */
export function nextTurn(worker: usize, record: usize, slate: usize): u32 {
  const own = progressOf(worker, record);
  const turn = load<u32>(own, field.PROGRESS_TURN);
  const before = load<u32>(own, field.PROGRESS_SLATE);
  if (before == <u32>slate || before == 0) return turn;
  const all = turns(slate);
  const length = max<u32>(1, turns(before));
  const as = all < 2 ? 0 : min<u32>(all - 1, <u32>(<u64>(turn % length) * all / length));
  return behindLast(slate, as, load<u32>(own, field.PROGRESS_LAST));
}

function behindLast(slate: usize, near: u32, last: u32): u32 {
  const all = turns(slate);
  for (let far: u32 = 0; far < all; far++) {
    const below = (near + all - far) % all;
    if (backendAt(slate, turnAt(slate, below)) + 1 == last) return below + 1;
    const above = (near + far) % all;
    if (backendAt(slate, turnAt(slate, above)) + 1 == last) return above + 1;
  }
  return near;
}

/** `backend` (index + 1) had turn `turn`. */
export function haveTurn(worker: usize, record: usize, slate: usize, turn: u32, backend: u32): void {
  const own = progressOf(worker, record);
  store<u32>(own, <u32>slate, field.PROGRESS_SLATE);
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

/** The backend at `position`, if a new flow may go to it: its index + 1, else 0. */
export function usableAt(slate: usize, position: u32): u32 {
  const backend = backendAt(slate, position);
  return backends.isUsable(backends.recordOf(backend)) ? backend + 1 : 0;
}
