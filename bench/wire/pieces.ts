/** The pieces that bench/wire measures, each in Wasm and in plain TypeScript over the same bytes. */
import { BURST_FRAMES } from "../../assembly/abi/limits.ts";
import { frames } from "../../test/assembly/wire/frames.ts";
import { type Exports, instantiateBench } from "../support/wasm.ts";
import * as plain from "./plain-wire.ts";

export interface Piece {
  name: string;
  /** How often the work is done in one call: the time is told of one. */
  count: number;
  wasm: () => number;
  plain: () => number;
}

const WASM_PAGE_BYTES = 65536;
const PAGES = 64;
/** Places of a burst's frames: no power of two, as in the engine. */
const STRIDE = 2112;
const SUM_BYTES = [20, 64, 1460, 65536];
const PARSED = ["tcpData", "udp4", "tcp6Data", "udp6WithOptions", "taggedArpRequest"];
const STATION = 0x0b00_0000_0002n;

const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
const bytes = new Uint8Array(memory.buffer);
const view = new DataView(memory.buffer);
/** The first page is the module's. */
let free = WASM_PAGE_BYTES;

/** Compiles bench/wasm/wire.ts if need be. @throws PortyardError `command-failed`. */
export function allPieces(): Piece[] {
  const wasm = instantiateBench("wire", memory);
  return [
    ...SUM_BYTES.map((length) => sumPiece(wasm, length)),
    ...PARSED.map((name) => parsePiece(wasm, name)),
    tagPiece(wasm),
    answerPiece(wasm),
  ];
}

function reserve(count: number): number {
  free += count;
  return free - count;
}

/** Begins at an odd address, as a packet behind an Ethernet header does not begin at a multiple of 4 either. */
function sumPiece(wasm: Exports, length: number): Piece {
  const at = reserve(length + 1) | 1;
  for (let index = 0; index < length; index++) bytes[at + index] = (index * 7 + (index >> 8)) & 255;
  return {
    name: `checksum-${length}`,
    count: 1,
    wasm: () => Number(wasm.sumBytes!(at, length)),
    plain: () => plain.sumBytes(view, at, length),
  };
}

/** A burst of the same frame, each copy at a place of its own. */
function parsePiece(wasm: Exports, name: string): Piece {
  const frame = frames[name]!;
  const first = reserve(BURST_FRAMES * STRIDE);
  for (let index = 0; index < BURST_FRAMES; index++) bytes.set(frame, first + index * STRIDE);
  return {
    name: `parse-${name}`,
    count: BURST_FRAMES,
    wasm: () => Number(wasm.parseFrames!(first, STRIDE, frame.length, BURST_FRAMES)) >>> 0,
    plain: () => plain.parseFrames(view, first, STRIDE, frame.length, BURST_FRAMES),
  };
}

function tagPiece(wasm: Exports): Piece {
  const frame = reserve(STRIDE) + 64;
  bytes.set(frames.tcpData!, frame);
  return {
    name: "tag-push-pop",
    count: BURST_FRAMES,
    wasm: () => Number(wasm.tagFrame!(frame, BURST_FRAMES)),
    plain: () => plain.tagFrame(view, bytes, frame, BURST_FRAMES),
  };
}

function answerPiece(wasm: Exports): Piece {
  const question = reserve(STRIDE);
  const answer = reserve(STRIDE);
  const mac = reserve(8);
  bytes.set(frames.neighbourSolicitation!, question);
  bytes.set([2, 0, 0, 0, 0, 11], mac);
  return {
    name: "answer-solicitation",
    count: BURST_FRAMES,
    wasm: () => Number(wasm.answerSolicitation!(answer, question, STATION, BURST_FRAMES)),
    plain: () => plain.answerSolicitation(view, bytes, answer, question, mac, BURST_FRAMES),
  };
}
