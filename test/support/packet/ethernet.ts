/** Builders of Ethernet frames, tags, and what lies right above: ARP, LLC. */
import { type Part, bytes, hex, u16, u32 } from "./bytes.ts";
import { ipv4Address } from "./address.ts";

export const TYPE_IPV4 = 0x0800;
export const TYPE_ARP = 0x0806;
export const TYPE_RARP = 0x8035;
export const TYPE_VLAN = 0x8100;
export const TYPE_QINQ = 0x88a8;
export const TYPE_IPV6 = 0x86dd;
export const TYPE_MPLS = 0x8847;
export const TYPE_PPPOE = 0x8864;
export const TYPE_SLOW = 0x8809;
export const TYPE_LLDP = 0x88cc;
export const TYPE_EXPERIMENT = 0x88b5;

export const BROADCAST = "ff:ff:ff:ff:ff:ff";

/** MAC of a station by number: locally administered, unicast. */
export function station(number: number): string {
  return `02:00:${Buffer.from(u32(number)).toString("hex").match(/../g)?.join(":")}`;
}

/** A frame without padding: destination, source, EtherType (or length), payload. */
export function ethernet(destination: string, source: string, type: number, ...payload: Part[]): Uint8Array {
  return bytes(hex(destination), hex(source), u16(type), ...payload);
}

/** Puts 802.1Q or 802.1ad tags behind the addresses, outermost first. */
export function tagged(frame: Uint8Array, ...tags: { id: number; priority?: number; type?: number }[]): Uint8Array {
  const between = tags.flatMap(({ id, priority = 0, type = TYPE_VLAN }) => [...u16(type), ...u16((priority << 13) | id)]);
  return bytes(frame.subarray(0, 12), between, frame.subarray(12));
}

/** Pads with zeros to the shortest frame of a wire (60 bytes without its check sequence). */
export function padded(frame: Uint8Array, length = 60): Uint8Array {
  return frame.length >= length ? frame : bytes(frame, new Uint8Array(length - frame.length));
}

export interface Arp {
  operation: number;
  senderMac: string;
  senderAddress: string;
  targetMac?: string;
  targetAddress: string;
}

/** ARP for IPv4 over Ethernet (RFC 826), 28 bytes. */
export function arp({ operation, senderMac, senderAddress, targetMac = "00:00:00:00:00:00", targetAddress }: Arp): Uint8Array {
  const sender = [...hex(senderMac), ...ipv4Address(senderAddress)];
  return bytes(u16(1), u16(TYPE_IPV4), 6, 4, u16(operation), sender, hex(targetMac), ipv4Address(targetAddress));
}
