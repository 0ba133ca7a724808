/** Bytes as they lie in frames: unaligned, big endian, MAC addresses of six bytes.
 *  A MAC address is a u64 whose lowest 8 bits are its first byte on the wire and whose highest 16 bits are 0. It is loaded
 *  as 4 + 2 bytes, never as 8: a frame may end at the last byte of the memory. */

/** The big-endian u16 at `pointer`; 2 bytes are read, one by one: Wasm cannot swap bytes, and `bswap<u16>` made reading a
 *  frame's headers take 1.2 times as long. */
export function load16(pointer: usize): u32 { return ((load<u8>(pointer) as u32) << 8) | (load<u8>(pointer, 1) as u32); }

/** Writes the low 16 bits of `value` big endian; 2 bytes are written. */
export function store16(pointer: usize, value: u32): void { store<u16>(pointer, bswap<u16>(value as u16)); }

/** The MAC address at `pointer`; 6 bytes are read. */
export function loadMac(pointer: usize): u64 { return (load<u32>(pointer) as u64) | ((load<u16>(pointer, 4) as u64) << 32); }

/** Writes the low 48 bits of `mac`; 6 bytes are written. */
export function storeMac(pointer: usize, mac: u64): void {
  store<u32>(pointer, mac as u32);
  store<u16>(pointer, (mac >> 32) as u16, 4);
}
