/** The network table (assembly/abi/network.ts) and the members of networks, written by the agent. */
import * as map from "../../assembly/abi/memory-map.ts";
import * as field from "../../assembly/abi/network.ts";
import type { Tables } from "./tables.ts";

export function recordOf(network: number): number {
  return map.NETWORKS + network * map.NETWORK_BYTES;
}

export function write(tables: Tables, network: number, settings: { learning: boolean; macAgeSeconds: number; mtu: number }): void {
  const at = recordOf(network);
  tables.store32(at + field.FLAGS, settings.learning ? field.FLAG_LEARNING : 0);
  tables.store32(at + field.MAC_AGE_SECONDS, settings.macAgeSeconds);
  tables.store32(at + field.MTU, settings.mtu);
  tables.store32(at + field.STATE, 1);
}

export function clear(tables: Tables, network: number): void {
  tables.fill(recordOf(network), map.NETWORK_BYTES);
  tables.fill(map.MEMBERS + network * map.MEMBERS_BYTES, map.MEMBERS_BYTES);
}

function memberWord(network: number, port: number): number {
  return map.MEMBERS + network * map.MEMBERS_BYTES + (port >>> 5) * 4;
}

export function addMember(tables: Tables, network: number, port: number): void {
  tables.setBits32(memberWord(network, port), 1 << (port & 31));
}

export function removeMember(tables: Tables, network: number, port: number): void {
  tables.clearBits32(memberWord(network, port), 1 << (port & 31));
}

export function isMember(tables: Tables, network: number, port: number): boolean {
  return ((tables.load32(memberWord(network, port)) >>> (port & 31)) & 1) === 1;
}
