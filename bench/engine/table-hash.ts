/** FNV-1a over the 64-bit words of a MAC table, as bench/native/mac-burst.c has it. */
import { MAC_BUCKET_SLOTS } from "../../assembly/abi/limits.ts";
import * as map from "../../assembly/abi/memory-map.ts";

const OFFSET = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;

/** A decimal number. */
export function tableHash(memory: WebAssembly.Memory): string {
  const view = new DataView(memory.buffer);
  const begin = view.getUint32(map.HEAD_MACS, true);
  const words = (view.getUint32(map.HEAD_MAC_BUCKET_MASK, true) + 1) * MAC_BUCKET_SLOTS * (map.MAC_ENTRY_BYTES / 8);
  let hash = OFFSET;
  for (let word = 0; word < words; word++) hash = BigInt.asUintN(64, (hash ^ view.getBigUint64(begin + word * 8, true)) * PRIME);
  return hash.toString();
}
