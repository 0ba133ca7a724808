/** A packet as the service stage reads it: its addresses as two halves each, its ports as they lie in it. Of ICMP echo both ports are the identifier. */
import * as field from "../../abi/descriptor";
import * as desc from "../../memory/descriptor";
import * as endpoints from "../../tables/endpoint-table";
import { hashOf, matches } from "../../tables/flow-entry";
import * as flows from "../../tables/flow-index";
import { TCP, UDP } from "../../wire/ip-protocol";
import * as ipv4 from "../../wire/ipv4";
import * as ipv6 from "../../wire/ipv6";
import * as udp from "../../wire/udp";

/** Offset of an echo message's identifier. */
const IDENTIFIER = 4;

export function isIpv4(descriptor: usize): bool { return (desc.flags(descriptor) & field.FLAG_IPV4) != 0; }
/** 4 or 6. */
export function family(descriptor: usize): u32 { return isIpv4(descriptor) ? 4 : 6; }
/** Address of the source address, of 4 or 16 bytes. */
export function source(descriptor: usize): usize {
  return isIpv4(descriptor) ? ipv4.source(desc.l3(descriptor)) : ipv6.source(desc.l3(descriptor));
}
/** Address of the destination address, of 4 or 16 bytes. */
export function destination(descriptor: usize): usize {
  return isIpv4(descriptor) ? ipv4.destination(desc.l3(descriptor)) : ipv6.destination(desc.l3(descriptor));
}
/** Low half of the address at `address`. */
export function low(descriptor: usize, address: usize): u64 { return isIpv4(descriptor) ? <u64>load<u32>(address) : load<u64>(address); }
/** High half of the address at `address`. */
export function high(descriptor: usize, address: usize): u64 { return isIpv4(descriptor) ? 0 : load<u64>(address, 8); }

/** Source port in the lower half, destination port in the upper one. */
export function ports(descriptor: usize): u32 { return portsAt(desc.l4(descriptor), desc.protocol(descriptor)); }
/** The same of the L4 header at `l4`. */
export function portsAt(l4: usize, protocol: u32): u32 {
  if (protocol == TCP || protocol == UDP) return load<u32>(l4);
  return <u32>load<u16>(l4, IDENTIFIER) * 0x10001;
}
/** Destination port of TCP or UDP, in host order. */
export function targetPort(descriptor: usize): u32 { return udp.targetPort(desc.l4(descriptor)); }

/** Head of its tuple (tables/flow-entry.ts). */
export function head(descriptor: usize): u64 {
  const low = desc.network(descriptor) | (desc.protocol(descriptor) << 16) | (family(descriptor) << 24);
  return <u64>low | (<u64>ports(descriptor) << 32);
}

/** Entry of the flow that it belongs to, its direction in the lowest bit; 0: none. */
export function findFlow(descriptor: usize): usize {
  const from = source(descriptor);
  const to = destination(descriptor);
  const fromLow = low(descriptor, from);
  const fromHigh = high(descriptor, from);
  const toLow = low(descriptor, to);
  const toHigh = high(descriptor, to);
  const tuple = head(descriptor);
  return flows.find(hashOf(tuple, fromLow, fromHigh, toLow, toHigh), tuple, fromLow, fromHigh, toLow, toHigh);
}

/** Whether its tuple is that of `entry` in `direction`. */
export function isOf(descriptor: usize, entry: usize, direction: u32): bool {
  const from = source(descriptor);
  const to = destination(descriptor);
  return matches(entry, direction, head(descriptor), low(descriptor, from), high(descriptor, from), low(descriptor, to), high(descriptor, to));
}

/** Endpoint of its destination, or 0. */
export function endpoint(descriptor: usize): usize {
  const to = destination(descriptor);
  return endpoints.find(desc.network(descriptor), family(descriptor), low(descriptor, to), high(descriptor, to));
}

/** Service whose virtual address it goes to; 0: it goes to none. */
export function virtualService(descriptor: usize): u32 {
  const found = endpoint(descriptor);
  return found == 0 ? 0 : endpoints.serviceOf(found);
}

/** Writes the address at `address`, of the packet's family, into the 16 bytes at `to`. */
export function copyAddress(descriptor: usize, to: usize, address: usize): void {
  store<u64>(to, low(descriptor, address));
  store<u64>(to, high(descriptor, address), 8);
}
