/** What bench/services measures of the engine alone: frames laid into slots (bench/services/frame-kinds.ts) and taken through the
 *  service stage, or their whole way. */
import * as field from "../../assembly/abi/descriptor";
import { BURST_FRAMES } from "../../assembly/abi/limits";
import * as exchange from "../../assembly/io/exchange";
import * as desc from "../../assembly/memory/descriptor";
import * as pool from "../../assembly/memory/frame-pool";
import { classify } from "../../assembly/path/1-ingress/network";
import { parse } from "../../assembly/path/1-ingress/parse";
import * as packet from "../../assembly/path/3-service/packet";
import { serve } from "../../assembly/path/3-service/serve";
import { wordOf } from "../../assembly/tables/flow-entry";
import * as flows from "../../assembly/tables/flow-table";
import { FRAME_PLACE, FRAME_STRIDE } from "../engine/frame-layout";
import * as made from "../services/frame-kinds";
import { finish } from "./finish";

export { setTime } from "../../assembly/index";

const SOURCE_ADDRESS = 26;
const SOURCE_PORT = 34;
/** From an end that sends to the one that receives. */
const TO_DESTINATION_ADDRESS = 4;
const TO_DESTINATION_PORT = 2;

/** Frame `index` becomes one of `kind`, of flow `number`; its address. */
function lay(room: usize, index: u32, kind: u32, number: u32): usize {
  const frame = room + made.FRAMES + index * FRAME_STRIDE + FRAME_PLACE;
  const template = room + kind * made.TEMPLATE_BYTES;
  for (let at: usize = 0; at < <usize>made.TEMPLATE_BYTES; at += 8) store<u64>(frame + at, load<u64>(template + at));
  const isReply = kind >= <u32>made.SYN_ACK;
  const address = bswap<u32>(made.CLIENTS | (number >> made.PORT_BITS));
  const port = bswap<u16>(<u16>(made.FIRST_PORT + (number & ((1 << made.PORT_BITS) - 1))));
  store<u32>(frame + (isReply ? TO_DESTINATION_ADDRESS : 0), address, SOURCE_ADDRESS);
  store<u16>(frame + (isReply ? TO_DESTINATION_PORT : 0), port, SOURCE_PORT);
  return frame;
}

function portOf(room: usize, kind: u32): u32 { return load<u32>(room + kind * 4, made.PORTS); }

/** Whether it left the service stage to be switched. */
function passes(worker: usize, room: usize, index: u32, kind: u32, number: u32): bool {
  const descriptor = pool.descriptorOf(worker, index);
  desc.setFrame(descriptor, lay(room, index, kind, number));
  desc.setBytes(descriptor, made.TEMPLATE_BYTES);
  desc.setPort(descriptor, portOf(room, kind));
  return parse(descriptor) == field.CONTINUE && classify(worker, descriptor) == field.CONTINUE && serve(worker, descriptor) == field.CONTINUE;
}

/** Kind of the frame at a position of the order: by turns of the client and of the backend, which got the flow in turn. */
function kindAt(position: u32, number: u32): u32 { return (position & 1) == 0 ? made.DATA : made.REPLY + number % made.BACKENDS; }

function numberAt(room: usize, position: u32): u32 { return load<u32>(room + position * 4, made.ORDER); }

/** Frames of known flows, `frames` from a position of the order on, at most BURST_FRAMES; how many passed. */
export function known(worker: usize, room: usize, position: u32, frames: u32): u32 {
  let passed: u32 = 0;
  for (let i: u32 = 0; i < frames; i++) {
    const number = numberAt(room, position + i);
    passed += <u32>passes(worker, room, i, kindAt(position + i, number), number);
  }
  return passed;
}

/** First frames of flows `first` and following, at most BURST_FRAMES; how many passed. */
export function begin(worker: usize, room: usize, first: u32, frames: u32): u32 {
  let passed: u32 = 0;
  for (let i: u32 = 0; i < frames; i++) passed += <u32>passes(worker, room, i, made.SYN, first + i);
  return passed;
}

/** The rest of their handshakes; how many frames passed. */
export function establish(worker: usize, room: usize, first: u32, frames: u32): u32 {
  let passed: u32 = 0;
  for (let number = first; number < first + frames; number++) {
    passed += <u32>passes(worker, room, 0, made.SYN_ACK + number % made.BACKENDS, number);
    passed += <u32>passes(worker, room, 0, made.ACK, number);
  }
  return passed;
}

/** Ends flows `first` and following, which have begun; how many there were. */
export function forget(worker: usize, room: usize, first: u32, frames: u32): u32 {
  let ended: u32 = 0;
  for (let number = first; number < first + frames; number++) {
    const descriptor = pool.descriptorOf(worker, 0);
    desc.setFrame(descriptor, lay(room, 0, made.SYN, number));
    desc.setBytes(descriptor, made.TEMPLATE_BYTES);
    desc.setPort(descriptor, portOf(room, made.SYN));
    if (parse(descriptor) != field.CONTINUE || classify(worker, descriptor) != field.CONTINUE) continue;
    const entry = packet.findFlow(descriptor) & ~1;
    ended += <u32>(entry != 0 && flows.remove(worker, entry, wordOf(entry)));
  }
  return ended;
}

/** As `known`, the whole way of the frames but for the kernel; how many left. */
export function knownWay(worker: usize, room: usize, position: u32, frames: u32): u32 {
  for (let i: u32 = 0; i < frames; i++) {
    const number = numberAt(room, position + i);
    const kind = kindAt(position + i, number);
    exchange.received(worker, pool.take(worker), portOf(room, kind), lay(room, i, kind, number), made.TEMPLATE_BYTES);
  }
  return finish(worker);
}

/** Frames of kind `kind` without a flow, from `port`, the whole way; how many left. At most BURST_FRAMES. */
export function unrelatedWay(worker: usize, room: usize, kind: u32, port: u32, frames: u32): u32 {
  const template = room + kind * made.TEMPLATE_BYTES;
  for (let i: u32 = 0; i < min<u32>(frames, BURST_FRAMES); i++) {
    const frame = room + made.FRAMES + i * FRAME_STRIDE + FRAME_PLACE;
    for (let at: usize = 0; at < <usize>made.TEMPLATE_BYTES; at += 8) store<u64>(frame + at, load<u64>(template + at));
    exchange.received(worker, pool.take(worker), port, frame, made.TEMPLATE_BYTES);
  }
  return finish(worker);
}
