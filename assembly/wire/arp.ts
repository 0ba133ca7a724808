/** ARP for IPv4 over Ethernet (RFC 826): who has this address, and the answer; 28 bytes behind the Ethernet header.
 *  0          2          4      5      6           8            14          18           24          28
 *  | hardware | protocol | hlen | plen | operation | sender MAC | sender IP | target MAC | target IP |
 *  A sender IP of 0 is a probe (RFC 5227): an address is being tested before it is used. IP addresses are u32 as they lie
 *  in memory, MAC addresses u64, first byte lowest. */
import { load16, loadMac, store16, storeMac } from "../memory/bytes";

export const HEADER_BYTES: u32 = 28;
const KIND = 0;
const OPERATION = 6;
const SENDER_MAC = 8;
const SENDER_IP = 14;
const TARGET_MAC = 18;
const TARGET_IP = 24;

/** The first six bytes as they lie in memory: hardware type 1, protocol 0x0800; then lengths 6 and 4. */
const ETHERNET_IPV4: u32 = 0x00080100;
const LENGTHS: u32 = 0x0406;

export const REQUEST: u32 = 1;
export const REPLY: u32 = 2;

/** True when `availableBytes` hold a whole ARP packet and it speaks of IPv4 over Ethernet. */
export function isValid(arp: usize, availableBytes: u32): bool {
  return availableBytes >= HEADER_BYTES && load<u32>(arp, KIND) == ETHERNET_IPV4 && load<u16>(arp, KIND + 4) == LENGTHS;
}

/** 16 bits: REQUEST, REPLY or something else. */
export function operation(arp: usize): u32 { return load16(arp + OPERATION); }
/** 48 bits. */
export function senderMac(arp: usize): u64 { return loadMac(arp + SENDER_MAC); }
/** Network order; 0 in a probe. */
export function senderIpBe(arp: usize): u32 { return load<u32>(arp, SENDER_IP); }
/** 48 bits; without meaning in a request. */
export function targetMac(arp: usize): u64 { return loadMac(arp + TARGET_MAC); }
/** Network order. */
export function targetIpBe(arp: usize): u32 { return load<u32>(arp, TARGET_IP); }
/** A request from nobody: duplicate address detection (RFC 5227, section 2.1.1). */
export function isProbe(arp: usize): bool { return operation(arp) == REQUEST && senderIpBe(arp) == 0; }

/** Writes the low 16 bits. */
export function setOperation(arp: usize, operation: u32): void { store16(arp + OPERATION, operation); }
/** Writes the low 48 bits of `mac`. */
export function setSenderMac(arp: usize, mac: u64): void { storeMac(arp + SENDER_MAC, mac); }
/** Network order. */
export function setSenderIpBe(arp: usize, ip: u32): void { store<u32>(arp, ip, SENDER_IP); }
/** Writes the low 48 bits of `mac`. */
export function setTargetMac(arp: usize, mac: u64): void { storeMac(arp + TARGET_MAC, mac); }
/** Network order. */
export function setTargetIpBe(arp: usize, ip: u32): void { store<u32>(arp, ip, TARGET_IP); }

/** Writes a whole packet of 28 bytes. IP addresses in network order. */
export function write(arp: usize, operation: u32, senderMac: u64, senderIpBe: u32, targetMac: u64, targetIpBe: u32): void {
  store<u32>(arp, ETHERNET_IPV4, KIND);
  store<u16>(arp, LENGTHS as u16, KIND + 4);
  setOperation(arp, operation);
  setSenderMac(arp, senderMac);
  setSenderIpBe(arp, senderIpBe);
  setTargetMac(arp, targetMac);
  setTargetIpBe(arp, targetIpBe);
}
