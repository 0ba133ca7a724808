/** MAC addresses as people write them: six bytes in hexadecimal with colons. */
import { createHash } from "node:crypto";

const MAC = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i;
const GROUP_BIT = 1;
const LOCAL_BIT = 2;

/** True for the address of one station: six bytes, neither a group's (odd first byte) nor all zeros. */
export function isStationMac(text: string): boolean {
  return MAC.test(text) && (Number.parseInt(text.slice(0, 2), 16) & GROUP_BIT) === 0 && !/^[0:]+$/.test(text);
}

/** The MAC that a TAP gets when none is configured: the first six bytes of SHA-256 of `portyard/INSTANCE/PORT`, made a
 *  locally administered station address. The same names give the same address on every start and every host. */
export function defaultMac(instance: string, port: string): string {
  return macOf(`portyard/${instance}/${port}`);
}

/** The MAC of a virtual address, in the same way of `portyard/service/NETWORK/ADDRESS`.
 *  @param address canonical, without prefix length. */
export function virtualMac(network: string, address: string): string {
  return macOf(`portyard/service/${network}/${address}`);
}

function macOf(text: string): string {
  const bytes = createHash("sha256").update(text).digest().subarray(0, 6);
  bytes[0] = (bytes[0]! & ~GROUP_BIT) | LOCAL_BIT;
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}
