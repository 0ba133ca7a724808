/** The keyed hash of the tables: two multiplications over a secret, so that nobody outside chooses who shares a bucket. */
import * as map from "../abi/memory-map";

/** 64 well mixed bits of `key`. */
export function of64(key: u64): u64 {
  let x = (key ^ load<u64>(map.HEAD_HASH_SEED)) * 0x9e3779b97f4a7c15;
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93;
  return x ^ (x >> 29);
}
