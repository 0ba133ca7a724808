/** Makes a guarded port believe a frame: binds the addresses that it claims to its port, and those that it asks for to the
 *  other, so that it gets past the source check and into the answers.                                               */
import { CONFIG_SCRATCH } from "../../assembly/abi/memory-map.ts";
import * as field from "../../assembly/abi/port.ts";
import { recordOf } from "../../bindings/tables/port-table.ts";
import type { MemorySwitch } from "../support/memory-switch.ts";

const NETWORK = 1;
const IPV4_BYTES = 4;
const IPV6_BYTES = 16;
const ADDRESS_BYTES = 16;
/** Offsets in an untagged frame. */
const ETHER_TYPE = 12;
const ARP_SENDER = 28;
const ARP_TARGET = 38;
const IPV4_SOURCE = 26;
const IPV6_SOURCE = 22;
const SOLICITATION_TARGET = 62;

type Bound = [family: 4 | 6, address: Uint8Array, port: number];

export class Bindings {
  #bound: Bound[] = [];

  /** Forgets the last frame's bindings and makes those of `frame`. The port `own` gets its source MAC. */
  bindAsSaid(memorySwitch: MemorySwitch, frame: Uint8Array, own: number, other: number): void {
    for (const [family, address, port] of this.#bound.splice(0)) {
      put(memorySwitch, address);
      memorySwitch.wasm.unbindAddress(NETWORK, family, port);
    }
    if (frame.length < 14) return;
    const [low, high] = mac(frame);
    memorySwitch.tables.store32(recordOf(own) + field.MAC, low);
    memorySwitch.tables.store32(recordOf(own) + field.MAC + 4, high);
    for (const [port, family, from] of claims(frame, own, other)) this.#bind(memorySwitch, frame, port, family, from);
  }

  #bind(memorySwitch: MemorySwitch, frame: Uint8Array, port: number, family: 4 | 6, from: number): void {
    const bytes = family === 4 ? IPV4_BYTES : IPV6_BYTES;
    if (frame.length < from + bytes) return;
    const address = new Uint8Array(ADDRESS_BYTES);
    address.set(frame.subarray(from, from + bytes));
    put(memorySwitch, address);
    const [low, high] = mac(frame);
    if (memorySwitch.wasm.bindAddress(NETWORK, family, port, low, high)) this.#bound.push([family, address, port]);
  }
}

function put(memorySwitch: MemorySwitch, address: Uint8Array): void {
  memorySwitch.tables.bytes.set(address, CONFIG_SCRATCH);
}

function mac(frame: Uint8Array): [low: number, high: number] {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  return [view.getUint32(6, true), view.getUint16(10, true)];
}

/** Which port would have which address at which offset, by what kind of frame it is. */
function claims(frame: Uint8Array, own: number, other: number): [port: number, family: 4 | 6, from: number][] {
  const type = ((frame[ETHER_TYPE] ?? 0) << 8) | (frame[ETHER_TYPE + 1] ?? 0);
  if (type === 0x0800) return [[own, 4, IPV4_SOURCE]];
  if (type === 0x0806)
    return [
      [own, 4, ARP_SENDER],
      [other, 4, ARP_TARGET],
    ];
  if (type === 0x86dd)
    return [
      [own, 6, IPV6_SOURCE],
      [other, 6, SOLICITATION_TARGET],
    ];
  return [];
}
