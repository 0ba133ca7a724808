/** The port table (abi/port.ts): what a port is. Written by the agent; the owner worker writes its actual state and the
 *  link-local addresses that it announced. What the hot path needs of a port is copied into the worker's view at the
 *  head of a burst, when the epoch has changed. */
import * as map from "../abi/memory-map";
import * as field from "../abi/port";
import { MAX_LINK_LOCALS } from "../abi/limits";
import * as ipv6 from "../wire/ipv6";

export function recordOf(port: u32): usize { return map.PORTS + port * map.PORT_BYTES; }
export function generation(port: u32): u32 { return load<u32>(recordOf(port), field.GENERATION); }
export function mac(port: u32): u64 { return load<u64>(recordOf(port), field.MAC); }
export function owner(port: u32): u32 { return load<u32>(recordOf(port), field.OWNER); }
export function macLimit(port: u32): u32 { return load<u32>(recordOf(port), field.MAC_LIMIT); }

/** True when `address` (16 bytes) is one of the link-locals that the port announced. */
export function hasLinkLocal(port: u32, address: usize): bool {
  const announced = load<u32>(recordOf(port), field.LINK_LOCAL_COUNT);
  for (let i: u32 = 0; i < announced; i++) {
    if (ipv6.equals(recordOf(port) + field.LINK_LOCALS + i * 16, address)) return true;
  }
  return false;
}

/** Remembers a link-local that the port announced by duplicate address detection; false when it has MAX_LINK_LOCALS. */
export function addLinkLocal(port: u32, address: usize): bool {
  if (hasLinkLocal(port, address)) return true;
  const announced = load<u32>(recordOf(port), field.LINK_LOCAL_COUNT);
  if (announced == MAX_LINK_LOCALS) return false;
  memory.copy(recordOf(port) + field.LINK_LOCALS + announced * 16, address, 16);
  store<u32>(recordOf(port), announced + 1, field.LINK_LOCAL_COUNT);
  return true;
}
