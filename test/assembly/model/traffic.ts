/** What the agent and the threads of the two-worker test share: phases, a register of devices, and the stamp in each frame.
 *
 *  A *device* stands for what a kernel would have behind a port: one for each life of a port, with a number of its own,
 *  which is the port's descriptor. It knows its port, its generation and its networks, and when it was closed for good.   */
import type { Build } from "../../../bindings/wasm/module.ts";
import { hex, u16, u32 } from "../../support/packet/bytes.ts";
import { BROADCAST, TYPE_EXPERIMENT, TYPE_VLAN, station } from "../../support/packet/ethernet.ts";

export const NETWORKS = [1, 2, 3, 4];
export const STATIONS = 40;
/** VLAN of a network on every trunk. */
export function vlanOf(network: number): number {
  return 100 + network;
}

// words of the control block
export const PHASE = 0;
export const DONE = 1;
const CONTROL_WORDS = 4;

export const PHASE_RANDOM = 0;
/** Nothing happens. */
export const PHASE_QUIET = 1;
/** Every station speaks once from where it is to stay; both threads at once. */
export const PHASE_SETTLE = 2;
/** The same, one thread after the other: PHASE_ALONE + index of the thread. */
export const PHASE_ALONE = 3;
export const PHASE_END = 5;

const MAX_DEVICES = 1_000_000;
const DEVICE_WORDS = 4;
const PORT = 0;
const GENERATION = 1;
const NETWORK_BITS = 2;
const CLOSED = 3;

export interface Device {
  port: number;
  generation: number;
  /** Bit n: network n. */
  networkBits: number;
  isClosed: boolean;
}

/** Shared by the agent, which writes it, and the threads. */
export class Yard {
  readonly buffer: SharedArrayBuffer;
  readonly control: Int32Array;
  /** Where each station of each network is to stay: port, or -1. */
  readonly places: Int32Array;
  private readonly devices: Int32Array;

  constructor(buffer?: SharedArrayBuffer) {
    const words = CONTROL_WORDS + NETWORKS.length * STATIONS + MAX_DEVICES * DEVICE_WORDS;
    this.buffer = buffer ?? new SharedArrayBuffer(words * 4);
    this.control = new Int32Array(this.buffer, 0, CONTROL_WORDS);
    this.places = new Int32Array(this.buffer, CONTROL_WORDS * 4, NETWORKS.length * STATIONS);
    this.devices = new Int32Array(this.buffer, (CONTROL_WORDS + this.places.length) * 4);
  }

  open(device: number, port: number, generation: number, networkBits: number): void {
    this.devices.set([port, generation, networkBits, 0], device * DEVICE_WORDS);
  }
  close(device: number): void {
    Atomics.store(this.devices, device * DEVICE_WORDS + CLOSED, 1);
  }
  read(device: number): Device {
    const word = (offset: number) => Atomics.load(this.devices, device * DEVICE_WORDS + offset);
    return { port: word(PORT), generation: word(GENERATION), networkBits: word(NETWORK_BITS), isClosed: word(CLOSED) !== 0 };
  }
}

/** What a thread is started with. */
export interface ThreadData {
  memory: WebAssembly.Memory;
  build: Build;
  index: number;
  yard: SharedArrayBuffer;
  seed: number;
  startedMs: number;
  workersBase: number;
}

/** What a thread says when it ends. */
export interface ThreadReport {
  received: number;
  taken: number;
  refused: number;
  violations: string[];
}

// ---------------------------------------------------------------- frames
const STAMP = 14;

const FRAME_BYTES = 60;
const macs = Array.from({ length: STATIONS }, (_, number) => hex(station(number)));
const broadcast = hex(BROADCAST);

/** A frame of station `source` to another (negative: to all) that says which network it belongs to and which device it
 *  comes from; with a tag, as it enters a trunk. */
export function stamped(network: number, device: number, isTrunk: boolean, source: number, destination: number): Uint8Array {
  const frame = new Uint8Array(FRAME_BYTES);
  frame.set(macs[destination] ?? broadcast);
  frame.set(macs[source] ?? broadcast, 6);
  const tag = isTrunk ? [...u16(TYPE_VLAN), ...u16(vlanOf(network))] : [];
  frame.set([...tag, ...u16(TYPE_EXPERIMENT), ...u16(network), ...u32(device)], 12);
  return frame;
}

export interface Stamp {
  network: number;
  device: number;
  /** Of the tag that it left with, or 0. */
  vlan: number;
}

export function readStamp(frame: Uint8Array): Stamp {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  const isTagged = view.getUint16(12) === TYPE_VLAN;
  const at = STAMP + (isTagged ? 4 : 0);
  return { network: view.getUint16(at), device: view.getUint32(at + 2), vlan: isTagged ? view.getUint16(14) & 0xfff : 0 };
}
