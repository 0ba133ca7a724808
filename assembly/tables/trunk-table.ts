/** Trunk pages: for each VLAN the network that it carries, for each network the VLAN that carries it. Written by the agent
 *  before the port that uses the page comes up. */
import * as map from "../abi/memory-map";

/** No VLAN carries the network. */
export const NO_VLAN: u32 = 0xffff;
/** The network is the trunk's native one: its frames go untagged. */
export const NATIVE: u32 = 0;

function page(trunk: u32): usize { return map.TRUNKS + trunk * map.TRUNK_BYTES; }

/** Network of `vlanId` (0: of untagged frames), 0 when there is none. */
export function networkOf(trunk: u32, vlanId: u32): u32 { return load<u16>(page(trunk) + vlanId * 2); }

/** VLAN of `network`: NATIVE, 1-4094, or NO_VLAN. */
export function vlanOf(trunk: u32, network: u32): u32 {
  return load<u16>(page(trunk) + map.TRUNK_NETWORKS_BYTES + network * 2);
}
