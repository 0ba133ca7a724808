/** Few calls for many frames, for whoever runs a worker by calls: a frame that lies elsewhere in the memory goes its way at once, or one is
 *  admitted to a slot before it is written there; and writes that were taken are finished together. What a back end that reads and writes
 *  does with a frame takes ten calls, and a call costs as much as a table look-up. */
import { CHECKS } from "../memory/checks";
import * as desc from "../memory/descriptor";
import * as pool from "../memory/frame-pool";
import { txCount } from "../memory/worker";
import { processFrame } from "../pipeline";
import * as virtio from "../wire/virtio-net";
import { describe, finished, received, shiftTx } from "./exchange";

/** Takes the `bytes` bytes at `frame`, up to MAX_FRAME_BYTES, their way from `port`, while nothing else waits; how many writes wait then. */
export function pass(worker: usize, port: u32, frame: usize, bytes: u32): u32 {
  const descriptor = pool.take(worker);
  if (CHECKS) assert(descriptor != 0, "something else waits in the worker");
  const place = pool.framePlace(worker, desc.slot(descriptor));
  memory.copy(place, frame, bytes);
  virtio.clear(place - virtio.HEADER_BYTES);
  describe(descriptor, port, place, bytes);
  processFrame(worker, descriptor);
  return txCount(worker);
}

/** Queues a frame of `bytes` bytes from `port` that is about to be written to the place which this returns; 0 when no slot is free. */
export function admit(worker: usize, port: u32, bytes: u32): usize {
  if (pool.readableCount(worker) == 0) return 0;
  const descriptor = pool.take(worker);
  const place = pool.framePlace(worker, desc.slot(descriptor));
  virtio.clear(place - virtio.HEADER_BYTES);
  received(worker, descriptor, port, place, bytes);
  return place;
}

/** The `count` oldest writes that wait were taken by their ports. */
export function finishWrites(worker: usize, count: u32): void {
  for (let left = count; left > 0; left--) {
    const entry = shiftTx(worker);
    const descriptor: usize = load<u32>(entry);
    finished(worker, descriptor, load<u32>(entry, 4), desc.bytes(descriptor));
  }
}
