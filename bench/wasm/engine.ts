/** What bench/engine measures: the stages of the engine as they are, over frames that lie in memory one after another
 *  (bench/engine/frame-layout.ts). */
import * as field from "../../assembly/abi/descriptor";
import * as view from "../../assembly/abi/worker-state";
import * as desc from "../../assembly/memory/descriptor";
import * as pool from "../../assembly/memory/frame-pool";
import { viewOf } from "../../assembly/memory/worker";
import * as exchange from "../../assembly/io/exchange";
import { FRAME_BYTES, FRAME_PLACE, FRAME_PORT, FRAME_STRIDE } from "../engine/frame-layout";
import { parse } from "../../assembly/path/1-ingress/parse";
import * as macs from "../../assembly/tables/mac-table";
import { finish } from "./finish";

export { formatWorker, setTime, setView } from "../../assembly/index";

let total: u64 = 0;

/** The sum of the value words that `burst` found since the last call. */
export function takeTotal(): u64 {
  const taken = total;
  total = 0;
  return taken;
}

/** Parses `frames` frames from `first`, learns where each source is and looks up where each destination is. At most
 *  BURST_FRAMES. */
export function burst(worker: usize, first: usize, frames: u32, network: u32): void {
  let sum: u64 = 0;
  for (let i: u32 = 0; i < frames; i++) {
    const descriptor = pool.descriptorOf(worker, i);
    take(descriptor, first + i * FRAME_STRIDE);
    if (parse(descriptor) != <u32>field.CONTINUE) continue;
    const port = desc.port(descriptor);
    macs.learn(worker, network, desc.source(descriptor), port, load<u32>(viewOf(worker, port), view.VIEW_GENERATION));
    sum += macs.find(network, desc.destination(descriptor));
  }
  total += sum;
}

function take(descriptor: usize, place: usize): void {
  desc.setFrame(descriptor, place + FRAME_PLACE);
  desc.setBytes(descriptor, load<u32>(place + FRAME_BYTES));
  desc.setPort(descriptor, load<u32>(place + FRAME_PORT));
}

/** The whole way of the same frames but for the kernel: a slot, the pipeline, the queue of writes, the slot given back; how
 *  many were sent. At most BURST_FRAMES. */
export function wholeWay(worker: usize, first: usize, frames: u32): u32 {
  for (let i: u32 = 0; i < frames; i++) {
    const place = first + i * FRAME_STRIDE;
    exchange.received(worker, pool.take(worker), load<u32>(place + FRAME_PORT), place + FRAME_PLACE, load<u32>(place + FRAME_BYTES));
  }
  return finish(worker);
}
