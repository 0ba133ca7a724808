/** Ethernet header (IEEE 802.3, section 3.2): two MAC addresses and an EtherType; 14 bytes. Every frame begins with it.
 *  0             6        12     14
 *  | destination | source | type |        a type below 0x0600 is the length of an 802.2 frame: no L3 for us
 *  MAC addresses are u64, first byte on the wire lowest. A frame shorter than this header is the drop `runt`; nothing
 *  here reads beyond the 14 bytes. */
import { load16, store16, storeMac } from "../memory/bytes";

export const HEADER_BYTES: u32 = 14;
const DESTINATION = 0;
const SOURCE = 6;
const ETHER_TYPE = 12;
const MAC_MASK: u64 = 0xffffffffffff;

export const ETHER_TYPE_IPV4: u32 = 0x0800;
export const ETHER_TYPE_ARP: u32 = 0x0806;
/** Customer tag (IEEE 802.1Q). */
export const ETHER_TYPE_VLAN: u32 = 0x8100;
export const ETHER_TYPE_IPV6: u32 = 0x86dd;
/** Service tag (IEEE 802.1ad). */
export const ETHER_TYPE_QINQ: u32 = 0x88a8;

export const BROADCAST: u64 = 0xffffffffffff;

/** True when `availableBytes` hold a whole header. */
export function isValid(frame: usize, availableBytes: u32): bool { return availableBytes >= HEADER_BYTES; }

/** 48 bits; 8 bytes of the header's 14 are read at once. */
export function destination(frame: usize): u64 { return load<u64>(frame, DESTINATION) & MAC_MASK; }
/** 48 bits; 8 bytes of the header's 14 are read at once. */
export function source(frame: usize): u64 { return load<u64>(frame, SOURCE) & MAC_MASK; }
/** 16 bits: the outermost type, which may announce a VLAN tag. */
export function etherType(frame: usize): u32 { return load16(frame + ETHER_TYPE); }

/** A group address: multicast or broadcast. */
export function isGroup(mac: u64): bool { return (mac & 1) != 0; }
/** 01:80:c2:00:00:00 to 0f, which no bridge forwards (IEEE 802.1Q, table 8-1). */
export function isReservedGroup(mac: u64): bool { return (mac & 0xf0ffffffffff) == 0xc28001; }

/** Writes the low 48 bits of `mac`. */
export function setDestination(frame: usize, mac: u64): void { storeMac(frame + DESTINATION, mac); }
/** Writes the low 48 bits of `mac`. */
export function setSource(frame: usize, mac: u64): void { storeMac(frame + SOURCE, mac); }
/** Writes the low 16 bits of `type`. */
export function setEtherType(frame: usize, type: u32): void { store16(frame + ETHER_TYPE, type); }

/** Writes a whole header of 14 bytes. */
export function write(frame: usize, destination: u64, source: u64, type: u32): void {
  setDestination(frame, destination);
  setSource(frame, source);
  setEtherType(frame, type);
}
