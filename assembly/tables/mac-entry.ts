/** The words of a MAC entry (abi/mac.ts), and places by number. */
import * as map from "../abi/memory-map";

export const PORT_GENERATION_MASK: u64 = 0xffffff;

export function keyOf(network: u32, mac: u64): u64 { return (<u64>network << 48) | mac; }
export function networkOf(key: u64): u32 { return <u32>(key >> 48); }
export function macOf(key: u64): u64 { return key & 0xffffffffffff; }
export function portOf(value: u64): u32 { return <u32>value & 0xffff; }

/** Address of the entry at `place`, 0 to placeCount - 1. */
export function entryOf(place: u32): usize { return load<u32>(map.HEAD_MACS) + place * map.MAC_ENTRY_BYTES; }
export function placeOf(entry: usize): u32 { return <u32>(entry - load<u32>(map.HEAD_MACS)) / map.MAC_ENTRY_BYTES; }
