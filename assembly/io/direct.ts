/** Frames that lie elsewhere in the memory, one at a time, for whoever runs a worker by calls and keeps the books itself: in by a copy into
 *  a slot, at once its way, and its writes all taken together. Two calls a frame, where the way of a back end that reads and writes takes
 *  ten. Nothing else waits in the worker meanwhile. */
import { CHECKS } from "../memory/checks";
import * as desc from "../memory/descriptor";
import * as pool from "../memory/frame-pool";
import { txCount } from "../memory/worker";
import { processFrame } from "../pipeline";
import * as virtio from "../wire/virtio-net";
import { describe, finished, shiftTx } from "./exchange";

/** Takes the `bytes` bytes at `frame`, up to MAX_FRAME_BYTES, their way from `port`; how many writes wait then. */
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

/** All writes that wait were taken by their ports. */
export function finishAll(worker: usize): void {
  for (let left = txCount(worker); left > 0; left--) {
    const entry = shiftTx(worker);
    const descriptor: usize = load<u32>(entry);
    finished(worker, descriptor, load<u32>(entry, 4), desc.bytes(descriptor));
  }
}
