/** The pieces that bench/pieces measures, each in a loop, so that the call from outside does not count. */
import * as view from "../../assembly/abi/worker-state";
import * as desc from "../../assembly/memory/descriptor";
import * as pool from "../../assembly/memory/frame-pool";
import { viewOf } from "../../assembly/memory/worker";
import { parse } from "../../assembly/path/1-ingress/parse";
import * as macs from "../../assembly/tables/mac-table";
import * as checksum from "../../assembly/wire/checksum";
import * as ethernet from "../../assembly/wire/ethernet";
import { FRAME_BYTES, FRAME_PLACE, FRAME_PORT, FRAME_STRIDE } from "../engine/frame-layout";

export { wholeWay } from "./engine";

/** The checksum of `bytes` bytes, `times` times. */
export function sumMany(pointer: usize, bytes: u32, times: u32): u32 {
  let result: u32 = 0;
  for (let i: u32 = 0; i < times; i++) result += checksum.finish(checksum.sum(pointer, bytes, result));
  return result;
}

/** Parses the one frame at `place`, `times` times. */
export function parseMany(worker: usize, place: usize, times: u32): u32 {
  const descriptor = pool.descriptorOf(worker, 0);
  let result: u32 = 0;
  for (let i: u32 = 0; i < times; i++) {
    desc.setFrame(descriptor, place + FRAME_PLACE);
    desc.setBytes(descriptor, load<u32>(place + FRAME_BYTES));
    result += parse(descriptor);
  }
  return result;
}

/** Learns the sources of `frames` frames from `first`. */
export function learnMany(worker: usize, first: usize, frames: u32, network: u32): void {
  for (let i: u32 = 0; i < frames; i++) {
    const place = first + i * FRAME_STRIDE;
    const port = load<u32>(place + FRAME_PORT);
    macs.learn(worker, network, ethernet.source(place + FRAME_PLACE), port, load<u32>(viewOf(worker, port), view.VIEW_GENERATION));
  }
}

/** Looks up the destinations of `frames` frames from `first`. */
export function findMany(first: usize, frames: u32, network: u32): u64 {
  let sum: u64 = 0;
  for (let i: u32 = 0; i < frames; i++) sum += macs.find(network, ethernet.destination(first + i * FRAME_STRIDE + FRAME_PLACE));
  return sum;
}
