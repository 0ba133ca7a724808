/** Frames of the engine's own: an answer, a reset, an error. Each has a slot like any other frame, is counted as originated, and leaves by one
 *  port, in its network, past the switch: it teaches nobody where its source is. Without a free slot there is none. */
import * as record from "../../abi/worker";
import * as desc from "../../memory/descriptor";
import * as pool from "../../memory/frame-pool";
import { count } from "../../memory/worker";
import * as ethernet from "../../wire/ethernet";
import * as virtio from "../../wire/virtio-net";
import { parseLayers } from "../1-ingress/parse";
import { egress } from "./egress";

/** A descriptor for a plain frame of `bytes` bytes in `network`, which is to be written at its frame and sent; 0 when no slot is free. */
export function originate(worker: usize, network: u32, bytes: u32): usize {
  const made = pool.take(worker);
  if (made == 0) return 0;
  const frame = pool.framePlace(worker, desc.slot(made));
  virtio.clear(frame - virtio.HEADER_BYTES);
  desc.setFrame(made, frame);
  desc.setBytes(made, bytes);
  desc.setNetwork(made, network);
  return made;
}

/** Reads what `originate` gave, now that it is written, and counts it. It comes from `port`. */
export function complete(worker: usize, made: usize, port: u32): void {
  desc.setPort(made, port);
  desc.setDestination(made, ethernet.destination(desc.frame(made)));
  parseLayers(made, desc.frame(made), desc.bytes(made));
  count(worker, record.ORIGINATED, 1);
}

/** Sends what `originate` gave, now that it is written, by `output`. The descriptor is no longer the caller's. */
export function send(worker: usize, made: usize, output: u32): void {
  complete(worker, made, output);
  egress(worker, made, output, true);
  pool.release(worker, made);
}
