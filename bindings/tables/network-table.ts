/** The network table (assembly/abi/network.ts) and the members of networks, written by the agent. */
import * as map from "../../assembly/abi/memory-map.ts";
import * as field from "../../assembly/abi/network.ts";
import { fingerprintOf, readName, writeName } from "./identity.ts";
import type { Tables } from "./tables.ts";

/** Address of a network's record. */
export function recordOf(network: number): number {
  return map.NETWORKS + network * map.NETWORK_BYTES;
}

/** Writes the record of a network; it is present then. What services say of it stays. */
export function write(tables: Tables, network: number, settings: { learning: boolean; macAgeSeconds: number; mtu: number }): void {
  const at = recordOf(network);
  const services = tables.load32(at + field.FLAGS) & field.FLAG_SERVICES;
  tables.store32(at + field.FLAGS, services | (settings.learning ? field.FLAG_LEARNING : 0));
  tables.store32(at + field.MAC_AGE_SECONDS, settings.macAgeSeconds);
  tables.store32(at + field.MTU, settings.mtu);
  tables.store32(at + field.STATE, 1);
}

/** Writes by what a restarted agent knows the network. */
export function identify(tables: Tables, network: number, config: { name: string }): void {
  tables.store64(recordOf(network) + field.FINGERPRINT, fingerprintOf(config));
  writeName(tables, recordOf(network) + field.NAME, config.name);
}

/** Whether there is a network with that index. */
export function isPresent(tables: Tables, network: number): boolean {
  return tables.load32(recordOf(network) + field.STATE) === 1;
}
/** Name of the network that has the record; empty without one. */
export function name(tables: Tables, network: number): string {
  return readName(tables, recordOf(network) + field.NAME);
}
/** Fingerprint of the configuration that the record was made from. */
export function fingerprint(tables: Tables, network: number): bigint {
  return tables.load64(recordOf(network) + field.FINGERPRINT);
}

/** Takes a network away, with its members. */
export function clear(tables: Tables, network: number): void {
  tables.fill(recordOf(network), map.NETWORK_BYTES);
  tables.fill(map.MEMBERS + network * map.MEMBERS_BYTES, map.MEMBERS_BYTES);
}

function memberWord(network: number, port: number): number {
  return map.MEMBERS + network * map.MEMBERS_BYTES + (port >>> 5) * 4;
}

/** Makes `port` a member of `network`: frames of the network may leave by it. */
export function addMember(tables: Tables, network: number, port: number): void {
  tables.setBits32(memberWord(network, port), 1 << (port & 31));
}

/** No frame of `network` leaves by `port` any more. */
export function removeMember(tables: Tables, network: number, port: number): void {
  tables.clearBits32(memberWord(network, port), 1 << (port & 31));
}

/** True when `port` belongs to `network`. */
export function isMember(tables: Tables, network: number, port: number): boolean {
  return ((tables.load32(memberWord(network, port)) >>> (port & 31)) & 1) === 1;
}

/** Whether services have to do with addresses of the network. */
export function setServices(tables: Tables, network: number, areThere: boolean): void {
  const flags = recordOf(network) + field.FLAGS;
  if (areThere) tables.setBits32(flags, field.FLAG_SERVICES);
  else tables.clearBits32(flags, field.FLAG_SERVICES);
}

/** Whether they have to do with one that ends with this byte. */
export function setServed(tables: Tables, network: number, lastByte: number, isServed: boolean): void {
  const word = recordOf(network) + field.SERVED + (lastByte >>> 5) * 4;
  if (isServed) tables.setBits32(word, 1 << (lastByte & 31));
  else tables.clearBits32(word, 1 << (lastByte & 31));
}
