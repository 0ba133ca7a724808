/** The way of a frame through the engine, top to bottom, by direct calls:
 *
 *      ingress   parse once, which network, is it allowed to say what it says     path/1-ingress
 *      answer    neighbours of bound addresses                                    path/2-answer
 *      service   flows, virtual addresses, backends                               path/3-service
 *      switch    learn, look up, flood                                            path/4-switch
 *      egress    membership, size, super-frames, checksums, tags; queue           path/5-egress
 *
 *  A stage returns a verdict; a drop names its reason. Conservation, in frames and for each worker:
 *  received + originated + copies + segments = sent + dropped + consumed + queued. */
import * as field from "./abi/descriptor";
import * as map from "./abi/memory-map";
import * as port from "./abi/port";
import * as record from "./abi/worker";
import * as state from "./abi/worker-state";
import * as view from "./abi/worker-state";
import * as step from "./abi/trace";
import { BURST_FRAMES, MAX_PORTS, SLOT_RESERVE, TX_ENTRIES } from "./abi/limits";
import { CHECKS } from "./memory/checks";
import * as reason from "./abi/drop-reason";
import * as desc from "./memory/descriptor";
import * as pool from "./memory/frame-pool";
import { TRACE, noted } from "./memory/trace";
import { count, recordPointer, rxCount, shiftRx, txCount, viewOf } from "./memory/worker";
import { faultAfter, faultBefore } from "./observe/fault";
import { classify } from "./path/1-ingress/network";
import * as cut from "./path/1-ingress/cut";
import { parse } from "./path/1-ingress/parse";
import { checkSource } from "./path/1-ingress/source-check";
import { answer } from "./path/2-answer/answer";
import { concerns, mayServe, serve } from "./path/3-service/serve";
import { forward } from "./path/4-switch/forward";
import { clampMss, exceedsMtu } from "./path/5-egress/mss-clamp";
import * as counter from "./tables/counter";
import * as networks from "./tables/network-table";

/** Takes waiting frames their way while there is room for what they may become: slots for segments and copies, places in
 *  the queue of writes. At most BURST_FRAMES. */
export function processBurst(worker: usize): void {
  for (let frames: u32 = 0; frames < <u32>BURST_FRAMES && rxCount(worker) != 0 && hasRoom(worker); frames++) {
    processFrame(worker, shiftRx(worker));
  }
}

/** One of them. */
export function processNext(worker: usize): void {
  if (rxCount(worker) != 0 && hasRoom(worker)) processFrame(worker, shiftRx(worker));
}

function hasRoom(worker: usize): bool {
  return pool.freeCount(worker) >= <u32>SLOT_RESERVE && TX_ENTRIES - txCount(worker) >= MAX_PORTS;
}

/** One frame; its slot's first reference ends here. */
export function processFrame(worker: usize, descriptor: usize): void {
  begin(worker, descriptor);
  conclude(worker, descriptor, decide(worker, descriptor));
}

/** The same for a frame that was cut when it was captured. It has an entry of its own, so that no frame of a device is asked whether it is
 *  whole (bench/engine, whole way: 61 -> 57 ns). */
export function processCutFrame(worker: usize, descriptor: usize): void {
  begin(worker, descriptor);
  conclude(worker, descriptor, decideCut(worker, descriptor));
}

// @ts-ignore: decorator
@inline
function begin(worker: usize, descriptor: usize): void {
  markWork(worker, desc.slot(descriptor) + 1, desc.port(descriptor));
  counter.received(worker, desc.port(descriptor), desc.bytes(descriptor));
  if (CHECKS) faultBefore(descriptor);
}

// @ts-ignore: decorator
@inline
function conclude(worker: usize, descriptor: usize, verdict: u32): void {
  if (CHECKS) faultAfter(descriptor);
  if (verdict == field.DROP) counter.dropped(worker, desc.port(descriptor), desc.reason(descriptor));
  else if (verdict == field.CONSUME) count(worker, record.CONSUMED, 1);
  pool.release(worker, descriptor);
  store<u32>(recordPointer(worker), 0, record.SLOT_IN_WORK);
}

function decide(worker: usize, descriptor: usize): u32 {
  let verdict = noted(step.PARSE, descriptor, parse(descriptor));
  if (verdict == field.CONTINUE) verdict = noted(step.NETWORK, descriptor, classify(worker, descriptor));
  if (verdict == field.CONTINUE && isLookedAt(worker, descriptor)) verdict = lookAt(worker, descriptor);
  if (verdict == field.CONTINUE) verdict = noted(step.ANSWER, descriptor, answer(worker, descriptor));
  if (verdict == field.CONTINUE && isServing(descriptor)) verdict = noted(step.SERVICE, descriptor, serve(worker, descriptor));
  if (verdict == field.CONTINUE) verdict = noted(step.SWITCH, descriptor, forward(worker, descriptor));
  return verdict;
}

/** The same for a frame of a capture that is not wholly there. */
function decideCut(worker: usize, descriptor: usize): u32 {
  let verdict = noted(step.CUT, descriptor, cut.requireEthernet(descriptor));
  if (verdict == field.CONTINUE) verdict = noted(step.PARSE, descriptor, parse(descriptor));
  if (verdict == field.CONTINUE) verdict = noted(step.NETWORK, descriptor, classify(worker, descriptor));
  if (verdict != field.CONTINUE) return verdict;
  const isShort = cut.withdraw(descriptor);
  if (isShort && (isLookedAt(worker, descriptor) || hasServices(descriptor) && concerns(descriptor))) {
    return noted(step.CUT, descriptor, desc.drop(descriptor, reason.SNAPPED_SHORT));
  }
  if (isLookedAt(worker, descriptor)) verdict = lookAt(worker, descriptor);
  if (verdict == field.CONTINUE) verdict = noted(step.ANSWER, descriptor, answer(worker, descriptor));
  if (verdict == field.CONTINUE && isServing(descriptor)) verdict = noted(step.SERVICE, descriptor, serve(worker, descriptor));
  if (verdict == field.CONTINUE) verdict = noted(step.SWITCH, descriptor, forward(worker, descriptor));
  return verdict;
}

/** True when the service stage is to see the frame; all of them where it is said what it did. */
// @ts-ignore: decorator
@inline
function isServing(descriptor: usize): bool { return hasServices(descriptor) && (TRACE || mayServe(descriptor)); }

function hasServices(descriptor: usize): bool { return networks.hasServices(desc.network(descriptor)); }

/** True when something must be done about the frame because of the port that it came from. */
function isLookedAt(worker: usize, descriptor: usize): bool {
  return (load<u32>(viewOf(worker, desc.port(descriptor)), view.VIEW_FLAGS) & (port.FLAG_SOURCE_CHECK | port.FLAG_CLAMP)) != 0;
}

function lookAt(worker: usize, descriptor: usize): u32 {
  const from = viewOf(worker, desc.port(descriptor));
  const flags = load<u32>(from, view.VIEW_FLAGS);
  if ((flags & port.FLAG_CLAMP) != 0) limitMss(descriptor, load<u32>(from, view.VIEW_MTU));
  return (flags & port.FLAG_SOURCE_CHECK) != 0 ? noted(step.SOURCE, descriptor, checkSource(descriptor)) : field.CONTINUE;
}

function limitMss(descriptor: usize, mtu: u32): void {
  if (exceedsMtu(descriptor, mtu)) clampMss(descriptor, mtu);
}

/** Written before each frame, so that whoever finds this worker dead finds the frame that it died of. */
function markWork(worker: usize, slot: u32, port: u32): void {
  store<u32>(recordPointer(worker), slot, record.SLOT_IN_WORK);
  store<u32>(recordPointer(worker), port, record.PORT_IN_WORK);
}
