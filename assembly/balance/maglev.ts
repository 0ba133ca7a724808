/** The same backend for the same key, and when the set changes for nearly all keys that need not move (Eisenbud and others, NSDI 2016): the place
 *  of a ring that the key's hash names. The hash is not keyed by this host's secret, so that every host chooses alike. Where that backend may
 *  not be chosen the key looks at other places of its own, then goes around. A slate without a ring, which was published for another
 *  algorithm a moment ago, is chosen from by the schedule. */
import * as services from "../tables/service-table";
import * as sourceHash from "./source-hash";

/** Places of its own that a key looks at. */
const TRIES: u32 = 8;

/** Index of a backend + 1; 0: none is usable. */
export function pick(worker: usize, service: usize, slate: usize, key: u64): u32 {
  const places = services.places(slate);
  if (places == 0) return sourceHash.pick(worker, service, slate, key);
  let mixed = mix(key);
  for (let tries: u32 = 0; tries < TRIES; tries++, mixed = mix(mixed)) {
    const backend = services.usableAt(slate, services.placeAt(slate, services.below(mixed, places)));
    if (backend != 0) return backend;
  }
  return services.usableFrom(slate, services.below(mixed, services.count(slate)), 0);
}

/** splitmix64 (Steele and others, 2014). */
function mix(key: u64): u64 {
  let x = key + 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}
