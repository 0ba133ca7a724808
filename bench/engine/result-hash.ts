/** What a pass leaves behind, as one number: FNV-1a over the 64-bit words of the MAC table and of the descriptors of the last
 *  burst, as bench/native/mac-burst.c has it. */
import { BURST_FRAMES, MAC_BUCKET_SLOTS } from "../../assembly/abi/limits.ts";
import * as map from "../../assembly/abi/memory-map.ts";
import type { LaidOutMemory } from "./laid-out-memory.ts";

const OFFSET = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;

/** A decimal number. */
export function resultHash({ memory, worker }: LaidOutMemory): string {
  const view = new DataView(memory.buffer);
  const tableBytes = (view.getUint32(map.HEAD_MAC_BUCKET_MASK, true) + 1) * MAC_BUCKET_SLOTS * map.MAC_ENTRY_BYTES;
  const table = hashWords(view, OFFSET, view.getUint32(map.HEAD_MACS, true), tableBytes);
  return hashWords(view, table, worker + map.DESCRIPTORS, BURST_FRAMES * map.DESCRIPTOR_BYTES).toString();
}

function hashWords(view: DataView, start: bigint, from: number, bytes: number): bigint {
  let hash = start;
  for (let at = 0; at < bytes; at += 8) hash = BigInt.asUintN(64, (hash ^ view.getBigUint64(from + at, true)) * PRIME);
  return hash;
}
