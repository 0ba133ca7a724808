/** Trunk pages, written by the agent before the port that uses the page comes up. */
import { MAX_NETWORKS } from "../../assembly/abi/limits.ts";
import * as map from "../../assembly/abi/memory-map.ts";
import type { Tables } from "./tables.ts";

const NO_VLAN = 0xffff;

/** Writes page `trunk`: network index by VLAN, and the network of untagged frames (0: none). */
export function write(tables: Tables, trunk: number, vlans: Map<number, number>, native: number): void {
  const page = map.TRUNKS + trunk * map.TRUNK_BYTES;
  const vlanOf = page + map.TRUNK_NETWORKS_BYTES;
  tables.fill(page, map.TRUNK_NETWORKS_BYTES);
  for (let network = 0; network < MAX_NETWORKS; network++) tables.store16(vlanOf + network * 2, NO_VLAN);
  for (const [vlan, network] of vlans) {
    tables.store16(page + vlan * 2, network);
    tables.store16(vlanOf + network * 2, vlan);
  }
  if (native === 0) return;
  tables.store16(page, native);
  tables.store16(vlanOf + native * 2, 0);
}
