/** The whole ABI of the module. `worker` is the address that `formatWorker` returned; ports, networks and slots are
 *  indices; MAC addresses cross as two numbers (low 32 bits, high 16), time as milliseconds of a monotonic clock in an f64
 *  (exact below 2^53). Nothing here checks its arguments: the bindings do. */
import { ABI_VERSION } from "./abi/limits";
import * as event from "./abi/event";
import * as flow from "./abi/flow";
import * as map from "./abi/memory-map";
import * as state from "./abi/worker-state";
import * as view from "./abi/worker-state";
import * as record from "./abi/worker";
import * as atomic from "./memory/atomic";
import * as desc from "./memory/descriptor";
import * as pool from "./memory/frame-pool";
import * as workers from "./memory/worker";
import { endOutOfTime } from "./path/3-service/time-out";
import { processBurst, processCutFrame, processNext as processOne } from "./pipeline";
import * as addresses from "./tables/address-table";
import * as events from "./tables/event-ring";
import * as balance from "./balance/balance";
import * as backends from "./tables/backend-table";
import * as endpoints from "./tables/endpoint-table";
import * as flowEntries from "./tables/flow-entry";
import * as flowLists from "./tables/flow-lists";
import * as flowImport from "./tables/flow-import";
import * as flowEnd from "./tables/flow-end";
import * as flows from "./tables/flow-table";
import * as services from "./tables/service-table";
import * as macs from "./tables/mac-table";
import * as sweep from "./tables/mac-sweep";
import * as burial from "./io/burial";
import * as direct from "./io/direct";
import * as exchange from "./io/exchange";
import * as message from "./io/message";
import * as ready from "./io/ready-list";
import * as uring from "./io/uring";
import * as virtio from "./wire/virtio-net";

/** Compared with `ABI_VERSION` of the bindings when a module is instantiated. */
export function abiVersion(): u32 { return ABI_VERSION; }

// ---------------------------------------------------------------- a worker's life
/** Makes region `regionIndex` ready for worker `index`; its address. */
export function formatWorker(regionIndex: u32, index: u32): usize {
  const worker = workers.format(regionIndex, index);
  flowLists.beginTurn(worker);
  return worker;
}
/** Counts what the dead worker `index` has left in region `regionIndex`, of this very process, as dropped, and clears its
 *  claim. Before the region is formatted for its successor. */
export function buryWorker(regionIndex: u32, index: u32): void { burial.bury(regionIndex, index); }

/** Sets the time and lets the sweeps of the MAC and flow tables go on as far as they are due; how many writes wait then (resets of flows whose time
 *  is out). */
export function setTime(worker: usize, nowMs: f64): u32 {
  workers.setNow(worker, nowMs);
  sweep.advance(worker);
  flows.advance(worker);
  endOutOfTime(worker);
  const heartbeat = workers.recordPointer(worker) + record.HEARTBEAT;
  store<u32>(heartbeat, load<u32>(heartbeat) + 1);
  return workers.txCount(worker);
}

/** True when the configuration epoch is not the one that this worker's views were made from. */
export function isEpochNew(worker: usize): bool {
  return atomic.load32(map.HEAD_EPOCH) != load<u32>(worker + map.WORKER_STATE, state.EPOCH);
}

/** True when no frame, write or read of this worker is under way: an epoch may be passed. */
export function isDrained(worker: usize): bool {
  const own = worker + map.WORKER_STATE;
  return workers.rxCount(worker) == 0 && workers.txCount(worker) == 0
    && load<u32>(own, state.READS_PENDING) == 0 && load<u32>(own, state.WRITES_PENDING) == 0;
}

/** The views were made anew from `epoch`: says so to everybody. */
export function passEpoch(worker: usize, epoch: u32): void {
  store<u32>(worker + map.WORKER_STATE, epoch, state.EPOCH);
  atomic.store32(workers.recordPointer(worker) + record.EPOCH_SEEN, epoch);
}

/** How this worker sees `port`; descriptor -1: not at all. A port with another generation begins with empty counts of reads. */
export function setView(worker: usize, port: u32, descriptor: i32, generation: u32, flags: u32, mtu: u32, network: u32, trunk: u32, owned: bool): void {
  const own = workers.viewOf(worker, port);
  if (descriptor < 0) ready.dropReady(worker, port);
  store<u32>(own, descriptor + 1, view.VIEW_DESCRIPTOR);
  store<u32>(own, generation, view.VIEW_GENERATION);
  store<u32>(own, flags, view.VIEW_FLAGS);
  store<u32>(own, mtu, view.VIEW_MTU);
  store<u32>(own, network, view.VIEW_NETWORK);
  store<u32>(own, trunk, view.VIEW_TRUNK);
  store<u32>(own, owned ? 1 : 0, view.VIEW_OWNED);
  store<u32>(own, 0, view.VIEW_ERRNO);
}

/** errno with which the port was lost since its view was set, 0 none. */
export function lostErrno(worker: usize, port: u32): u32 { return load<u32>(workers.viewOf(worker, port), view.VIEW_ERRNO); }

/** Writes an event of the bindings' own (abi/event.ts). */
export function emitEvent(worker: usize, kind: u32, port: u32, detail: u32): void { events.emit(worker, kind, port, 0, 0, detail); }

/** Writes WORKER_DOWN: whose frame was in work + 1 (0: none), DEATH_*, number of the file (0: none). */
export function emitWorkerDown(worker: usize, port: u32, kind: u32, file: u32): void { events.emit(worker, event.WORKER_DOWN, port, file, 0, kind); }

// ---------------------------------------------------------------- frames, any back end
/** Takes a slot for a read: its index, or -1. `reserve`: leave SLOT_RESERVE alone. */
export function takeSlot(worker: usize): i32 {
  if (pool.readableCount(worker) == 0) return -1;
  return <i32>desc.slot(pool.take(worker));
}
/** Gives a slot back that nothing was read to. */
export function returnSlot(worker: usize, slot: u32): void { pool.release(worker, pool.descriptorOf(worker, slot)); }
/** Where a frame goes in a slot; the virtio-net header lies in the 10 bytes below. */
export function framePlace(worker: usize, slot: u32): usize { return pool.framePlace(worker, slot); }
/** A frame was read: at `frame`, `bytes` long. */
export function received(worker: usize, slot: u32, port: u32, frame: usize, bytes: u32): void {
  exchange.received(worker, pool.descriptorOf(worker, slot), port, frame, bytes);
}
/** Takes a frame its way at once that was cut when it was captured: its last `missing` bytes, which are zero, are not its own. */
export function processCut(worker: usize, slot: u32, port: u32, frame: usize, bytes: u32, missing: u32): void {
  const descriptor = pool.descriptorOf(worker, slot);
  exchange.describe(descriptor, port, frame, bytes);
  desc.setMissing(descriptor, missing);
  processCutFrame(worker, descriptor);
}
/** Takes the frame of `bytes` bytes at `frame`, anywhere in the memory, its way at once, while nothing else waits; how many writes wait then. */
export function pass(worker: usize, port: u32, frame: usize, bytes: u32): u32 { return direct.pass(worker, port, frame, bytes); }
/** Queues a plain frame of `bytes` bytes that is about to be written to the place which this returns; 0 when no slot is free. */
export function admit(worker: usize, port: u32, bytes: u32): usize { return direct.admit(worker, port, bytes); }
/** The `count` oldest writes that wait were taken by their ports. */
export function finishWrites(worker: usize, count: u32): void { direct.finishWrites(worker, count); }
/** Clears the virtio-net header below `frame`: a plain frame. */
export function clearOffload(frame: usize): void { virtio.clear(frame - virtio.HEADER_BYTES); }
/** Message header for recvmsg into `slot`; its address. */
export function prepareMessage(worker: usize, slot: u32): usize {
  message.prepareMessage(pool.slotOf(worker, slot), pool.framePlace(worker, slot) - virtio.HEADER_BYTES);
  return pool.slotOf(worker, slot);
}
/** After `received`: puts back the VLAN tag that recvmsg took out. */
export function restoreTag(worker: usize, slot: u32): void {
  message.restoreFromMessage(pool.slotOf(worker, slot), pool.descriptorOf(worker, slot));
}
/** Processes waiting frames while there is room; how many writes wait then. */
export function process(worker: usize): u32 {
  processBurst(worker);
  return workers.txCount(worker);
}
/** Processes one waiting frame, if there is room. */
export function processNext(worker: usize): void { processOne(worker); }
export function waitingFrames(worker: usize): u32 { return workers.rxCount(worker); }
export function waitingWrites(worker: usize): u32 { return workers.txCount(worker); }
/** The oldest write that waits, taken off the queue: address of (descriptor u32, port u32). */
export function shiftWrite(worker: usize): usize { return exchange.shiftTx(worker); }
export function writeStart(worker: usize, descriptor: usize, port: u32): usize { return exchange.writeStart(worker, descriptor, port); }
export function writeBytes(worker: usize, descriptor: usize, port: u32): u32 { return exchange.writeBytes(worker, descriptor, port); }
/** A write ended: bytes, or -errno. */
export function finished(worker: usize, descriptor: usize, port: u32, result: i32): void { exchange.finished(worker, descriptor, port, result); }
/** A read said that the device is gone. */
export function lose(worker: usize, port: u32, errno: i32): void { exchange.lose(worker, port, errno); }

// ---------------------------------------------------------------- ready list
export function markReady(worker: usize, port: u32): void { ready.markReady(worker, port); }
export function readyCount(worker: usize): u32 { return ready.readyCount(worker); }
export function readyPort(worker: usize, position: u32): u32 { return ready.readyPort(worker, position); }
export function dropReady(worker: usize, port: u32): void { ready.dropReady(worker, port); }
/** Marks the ports of `count` events of epoll_wait at EPOLL_EVENTS, each `eventBytes` long with its data in the last 8 (12 on
 *  x86-64, 16 elsewhere); true when one of them was no port (the eventfd). */
export function markEvents(worker: usize, count: u32, eventBytes: u32): bool {
  let woken = false;
  for (let i: u32 = 0; i < count; i++) {
    const port = load<u32>(worker + map.EPOLL_EVENTS + (i + 1) * eventBytes - 8);
    if (port == 0xffffffff) woken = true;
    else ready.markReady(worker, port);
  }
  return woken;
}

// ---------------------------------------------------------------- io_uring
/** One turn; how many requests wait for io_uring_enter. */
export function turn(worker: usize, hold: bool): u32 { return uring.turn(worker, hold); }

// ---------------------------------------------------------------- tables, for the agent
/** Binds the 16 bytes at CONFIG_SCRATCH to a MAC and a port; false: bound already, or no place. */
export function bindAddress(network: u32, family: u32, port: u32, macLow: u32, macHigh: u32): bool {
  return addresses.bind(network, family, map.CONFIG_SCRATCH, port, <u64>macLow | (<u64>macHigh << 32));
}
/** Removes the binding of the 16 bytes at CONFIG_SCRATCH to `port`; false: there is none. */
export function unbindAddress(network: u32, family: u32, port: u32): bool { return addresses.unbind(network, family, map.CONFIG_SCRATCH, port); }
/** Port that the 16 bytes at CONFIG_SCRATCH are bound to, or -1. */
export function boundPort(network: u32, family: u32): i32 {
  const at: usize = map.CONFIG_SCRATCH;
  const record = family == 4 ? addresses.findIpv4(network, load<u32>(at)) : addresses.findIpv6(network, at);
  return record == 0 ? -1 : <i32>addresses.portOf(record);
}
/** False: the table is full, or another port has this MAC as a static one. */
export function setStaticMac(worker: usize, network: u32, macLow: u32, macHigh: u32, port: u32, generation: u32): bool {
  return macs.setStatic(worker, network, <u64>macLow | (<u64>macHigh << 32), port, generation);
}
/** False when there is no static entry of this MAC on `port`. */
export function clearStaticMac(worker: usize, network: u32, macLow: u32, macHigh: u32, port: u32): bool {
  return macs.clearStatic(worker, network, <u64>macLow | (<u64>macHigh << 32), port);
}
/** Enters a station as a predecessor's table had it, before anybody reads `port`; false when there is no room for it. */
export function restoreMac(worker: usize, network: u32, macLow: u32, macHigh: u32, port: u32, generation: u32, seenSeconds: u32): bool {
  return macs.restore(worker, network, <u64>macLow | (<u64>macHigh << 32), port, generation, seenSeconds);
}
/** False when `port` has not learned this MAC. */
export function forgetMac(worker: usize, network: u32, macLow: u32, macHigh: u32, port: u32): bool {
  return macs.forgetLearned(worker, network, <u64>macLow | (<u64>macHigh << 32), port);
}
/** Port of a MAC, or -1. */
export function findMac(network: u32, macLow: u32, macHigh: u32): i32 {
  const value = macs.find(network, <u64>macLow | (<u64>macHigh << 32));
  return value == 0 ? -1 : <i32>(<u32>value & 0xffff);
}
export function flushPort(worker: usize, port: u32): u32 { return macs.flushPort(worker, port); }
export function flushNetwork(worker: usize, network: u32): u32 { return macs.flushNetwork(worker, network); }
/** Clears the claim of the dead worker `index`. */
export function clearClaim(index: u32): void { macs.clearClaim(workers.recordOf(index)); }
export function recountMacs(): u32 { return macs.recount(); }
/** Learns as the pipeline does, and looks up: for measurements and tests of the table alone. */
export function learnMac(worker: usize, network: u32, macLow: u32, macHigh: u32, port: u32, generation: u32): void {
  macs.learn(worker, network, <u64>macLow | (<u64>macHigh << 32), port, generation);
}
/** Visits `steps` places of the MAC table now. */
export function sweepMacs(worker: usize, steps: u32): void { sweep.sweep(worker, steps); }

// ---------------------------------------------------------------- flows, for measurements and tests of the table alone
/** Where the draft of a flow is laid out (abi/flow.ts). */
export function flowDraft(worker: usize): usize { return flows.draftOf(worker); }
/** Inserts the draft in `state`: its entry, or why not (abi/flow.ts, below REFUSED_END). */
export function insertFlow(worker: usize, state: u32): usize {
  return flows.findDraft(worker, flow.ORIGINAL) != 0 ? <usize>flow.TAKEN : flows.insert(worker, state, 0);
}
/** Entry whose tuple in one direction is that of the draft in `direction`, the direction of the entry in its lowest bit; 0: none. */
export function findFlow(worker: usize, direction: u32): usize { return flows.findDraft(worker, direction); }
/** A frame of the flow was seen. */
export function touchFlow(worker: usize, entry: usize): void { flows.touch(worker, entry); }
/** Brings the flow into another state; false when it had changed before. */
export function changeFlow(worker: usize, entry: usize, to: u32): bool { return flows.change(worker, entry, flowEntries.wordOf(entry), to, 0); }
/** Ends the flow; false when it had ended before. */
export function removeFlow(worker: usize, entry: usize): bool { return flows.remove(worker, entry, flowEntries.wordOf(entry)); }
/** Visits `chunks` chunks of the flow table now. */
export function sweepFlows(worker: usize, chunks: u32): void { flows.sweep(worker, chunks); }

// ---------------------------------------------------------------- services
/** Index of the backend that gets a new flow of `service`, for a key in two halves; -1: none is usable. */
export function pickBackend(worker: usize, service: u32, keyLow: u32, keyHigh: u32): i32 {
  return <i32>balance.pick(worker, services.recordOf(service), <u64>keyLow | (<u64>keyHigh << 32)) - 1;
}
/** A flow to the backend begins. */
export function beginOnBackend(backend: u32): void { backends.begin(backends.recordOf(backend)); }
/** A flow to the backend ends. */
export function finishOnBackend(backend: u32): void { backends.finish(backends.recordOf(backend)); }
/** A flow to the backend has failed. */
export function failOnBackend(backend: u32): void { backends.fail(backends.recordOf(backend)); }
/** Takes a measured response time in, in milliseconds. */
export function measureBackend(backend: u32, ms: f64, nowMs: f64): void { backends.measure(backends.recordOf(backend), ms, nowMs); }
/** Smoothed response time in milliseconds at `nowMs`; 0: never measured. */
export function responseMs(backend: u32, nowMs: f64): f64 { return backends.responseMs(backends.recordOf(backend), nowMs); }
/** Says what the 16 bytes at CONFIG_SCRATCH have to do with services (tables/endpoint-table.ts); nothing any more where both are 0. False when no place
 *  is free. */
export function setEndpoint(network: u32, family: u32, service: u32, backend: u32): bool {
  return endpoints.set(network, family, map.CONFIG_SCRATCH, service, backend);
}
/** Ends the flows of `service` to `backend` (index + 1) among the entries from `first` to `end`, 0 being any of them; those whose service or backend
 *  is not there any more where both are 0. How many there were. Those of a backend that are in TIME_WAIT stay. */
export function endFlows(worker: usize, service: u32, backend: u32, first: u32, end: u32): u32 {
  return flowEnd.endFlows(worker, service, backend, first, end);
}
/** Makes the draft the flow of entry `number`, of a worker that has no entry in its lists yet; false when that cannot be (tables/flow-import.ts). */
export function importFlow(worker: usize, number: u32, state: u32, flags: u32, lastSeen: u32): bool {
  return flowImport.importFlow(worker, number, state, flags, lastSeen);
}
/** Ends what `importFlow` has made of entry `number`, as long as no worker has it in its lists. */
export function takeBackFlow(number: u32): void { flowImport.takeBack(number); }
