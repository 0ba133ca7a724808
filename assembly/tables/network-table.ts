/** The network table (abi/network.ts) and who belongs to a network: one bit a port. Written by the agent, read by workers
 *  without a lock; egress looks at the membership again before every write, so a stale decision never crosses networks. */
import * as map from "../abi/memory-map";
import * as field from "../abi/network";
import * as atomic from "../memory/atomic";

export function recordOf(network: u32): usize { return map.NETWORKS + network * map.NETWORK_BYTES; }
export function isLearning(network: u32): bool { return (load<u32>(recordOf(network), field.FLAGS) & field.FLAG_LEARNING) != 0; }
export function hasServices(network: u32): bool { return (load<u32>(recordOf(network), field.FLAGS) & field.FLAG_SERVICES) != 0; }
/** False when services have nothing to do with any address of the network whose last byte is one of these. */
export function areServed(network: u32, lastByte: u32, another: u32): bool {
  const bits = recordOf(network) + field.SERVED;
  return (((load<u8>(bits + (lastByte >> 3)) >> (lastByte & 7)) | (load<u8>(bits + (another >> 3)) >> (another & 7))) & 1) != 0;
}
export function macAgeSeconds(network: u32): u32 { return load<u32>(recordOf(network), field.MAC_AGE_SECONDS); }

/** Members 32 ports a word; bit 0 of word 0 is port 0. */
export function memberWord(network: u32, word: u32): u32 {
  return atomic.load32(map.MEMBERS + network * map.MEMBERS_BYTES + word * 4);
}

/** True when `port` belongs to `network`. */
export function isMember(network: u32, port: u32): bool {
  return ((memberWord(network, port >> 5) >> (port & 31)) & 1) != 0;
}
