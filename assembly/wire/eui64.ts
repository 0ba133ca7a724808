/** The link-local address that a station makes from its MAC (RFC 4291, appendix A):
 *  fe80::  | MAC bytes 0-2, universal bit flipped | ff:fe | MAC bytes 3-5                                              */
const LINK_LOCAL: u64 = 0x80fe;

/** True when the 16 bytes at `address` are the EUI-64 link-local of `mac`. */
export function isEui64Of(address: usize, mac: u64): bool {
  if (load<u64>(address) != LINK_LOCAL) return false;
  const flipped = mac ^ 2;
  return load<u64>(address, 8) == ((flipped & 0xffffff) | 0xfeff000000 | ((flipped >> 24) << 40));
}
