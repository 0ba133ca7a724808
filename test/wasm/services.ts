/** Parts of the service stage as their tests call them, over tables and a worker of their own. */
import * as desc from "../../assembly/memory/descriptor";
import * as pool from "../../assembly/memory/frame-pool";
import { parse } from "../../assembly/path/1-ingress/parse";

export {
  finished, flowDraft, formatWorker, insertFlow, learnMac, removeFlow, returnSlot, setTime, setView, shiftWrite, takeSlot, waitingWrites,
} from "../../assembly/index";
export { refuse } from "../../assembly/path/3-service/refuse";
export { follow as followFragment, remember as rememberFragment } from "../../assembly/path/3-service/fragments";
export { isError, translate as translateError } from "../../assembly/path/3-service/icmp-error";
export { resetEnds } from "../../assembly/path/3-service/reset";
export { flags, l3, l4, l4Bytes, destination } from "../../assembly/memory/descriptor";

/** Descriptor of a frame of `bytes` bytes at `frame`, that came in by `port`, parsed; 0: it goes no further than ingress. */
export function receive(worker: usize, slot: u32, port: u32, network: u32, frame: usize, bytes: u32): usize {
  const descriptor = pool.descriptorOf(worker, slot);
  desc.setFrame(descriptor, frame);
  desc.setBytes(descriptor, bytes);
  desc.setPort(descriptor, port);
  desc.setNetwork(descriptor, network);
  return parse(descriptor) == 0 ? descriptor : 0;
}

/** Takes every slot that is free; how many. */
export function takeAllSlots(worker: usize): u32 {
  let taken: u32 = 0;
  while (pool.take(worker) != 0) taken++;
  return taken;
}
