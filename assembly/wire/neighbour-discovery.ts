/** Neighbour discovery for IPv6 (RFC 4861): messages of ICMPv6 that do for IPv6 what ARP does for IPv4.
 *  0      1      2          4                        8        24
 *  | type | code | checksum | flags R S O, reserved  | target | options      solicitation (135), advertisement (136)
 *  | type | code | checksum | hop limit, M O, life   | reachable, retrans | options at 16    router advertisement (134)
 *  | type | code | checksum | reserved               | options at 8                          router solicitation (133)
 *  | type | code | checksum | reserved               | target | destination | options at 40  redirect (137)
 *  Options: type u8, length u8 in units of 8 bytes, never 0. At most MAX_DISCOVERY_OPTIONS are walked.
 *  All of them must come with a hop limit of 255 (else they crossed a router) and not in fragments (RFC 6980): that is for
 *  the caller to see. A solicitation from `::` is duplicate address detection (RFC 4862). */
import { MAX_DISCOVERY_OPTIONS } from "../abi/limits";
import { load16, loadMac, storeMac } from "../memory/bytes";
import * as icmpv6 from "./icmpv6";
import * as ipv6 from "./ipv6";

/** Solicitation and advertisement, without options. */
export const HEADER_BYTES: u32 = 24;
const FLAGS = 4;
const HOP_LIMIT = 4;
const ROUTER_FLAGS = 5;
const LIFETIME = 6;
const TARGET = 8;

const ROUTER_SOLICITATION_BYTES: u32 = 8;
const ROUTER_ADVERTISEMENT_BYTES: u32 = 16;
const REDIRECT_BYTES: u32 = 40;

const OPTION_LENGTH = 1;
const OPTION_LINK_ADDRESS = 2;
const OPTION_UNIT: u32 = 8;

/** Hop limit of every message. */
export const HOP_LIMIT_REQUIRED: u32 = 255;
/** What `writeAdvertisement` writes: header and one option. */
export const ADVERTISEMENT_BYTES: u32 = HEADER_BYTES + OPTION_UNIT;

/** What `writeSolicitation` writes: header and one option. */
export const SOLICITATION_BYTES: u32 = HEADER_BYTES + OPTION_UNIT;

/** Option: link-layer address of the sender (solicitations, router advertisements). */
export const SOURCE_LINK_ADDRESS: u32 = 1;
/** Option: link-layer address of the target (advertisements, redirects). */
export const TARGET_LINK_ADDRESS: u32 = 2;

/** Advertisement: the sender is a router. */
export const FLAG_ROUTER: u32 = 0x80;
/** Advertisement: it answers a solicitation. */
export const FLAG_SOLICITED: u32 = 0x40;
/** Advertisement: it replaces what is cached. */
export const FLAG_OVERRIDE: u32 = 0x20;

/** True when `availableBytes` hold a whole message of its type with code 0, whose options end exactly with it and are at
 *  most MAX_DISCOVERY_OPTIONS (RFC 4861, sections 6.1 and 7.1). */
export function isValid(nd: usize, availableBytes: u32): bool {
  if (availableBytes < icmpv6.HEADER_BYTES || !icmpv6.isNeighbourDiscovery(nd) || icmpv6.code(nd) != 0) return false;
  let offset = fixedBytes(nd);
  for (let count: u32 = 0; count < (MAX_DISCOVERY_OPTIONS as u32) && offset + OPTION_UNIT <= availableBytes; count++) {
    const bytes = optionBytes(nd + offset);
    if (bytes == 0) return false;
    offset += bytes;
  }
  return offset == availableBytes;
}

/** Of an advertisement: FLAG_ROUTER, FLAG_SOLICITED, FLAG_OVERRIDE. */
export function flags(nd: usize): u32 { return load<u8>(nd, FLAGS); }
/** Of a solicitation, an advertisement or a redirect: pointer to 16 bytes. */
export function target(nd: usize): usize { return nd + TARGET; }
/** Of a router advertisement: hop limit that hosts should use, 0 for no opinion. */
export function hopLimit(nd: usize): u32 { return load<u8>(nd, HOP_LIMIT); }
/** Of a router advertisement: managed 0x80, other 0x40, preference and more (RFC 5175). */
export function routerFlags(nd: usize): u32 { return load<u8>(nd, ROUTER_FLAGS); }
/** Of a router advertisement: 0-65,535 seconds; 0: not a default router. */
export function lifetimeSeconds(nd: usize): u32 { return load16(nd + LIFETIME); }

/** The Ethernet address in the first option of this `type`, or 0 for none: of any of the five messages, `availableBytes`
 *  from its first byte on. Reads nothing beyond; stops at an option of length 0 or one that is cut off. */
export function optionLinkAddress(nd: usize, availableBytes: u32, type: u32): u64 {
  if (availableBytes < icmpv6.HEADER_BYTES || !icmpv6.isNeighbourDiscovery(nd)) return 0;
  let offset = fixedBytes(nd);
  for (let count: u32 = 0; count < (MAX_DISCOVERY_OPTIONS as u32) && offset + OPTION_UNIT <= availableBytes; count++) {
    const option = nd + offset;
    const bytes = optionBytes(option);
    if (bytes == 0) return 0;
    if (load<u8>(option) == type && bytes == OPTION_UNIT) return loadMac(option + OPTION_LINK_ADDRESS);
    offset += bytes;
  }
  return 0;
}

/** Writes a neighbour advertisement with the target's link-layer address, ADVERTISEMENT_BYTES long, checksum 0: follow
 *  it by `icmpv6.updateChecksum`. `target` points to 16 bytes, which may be those of the solicitation at `nd`. */
export function writeAdvertisement(nd: usize, flags: u32, target: usize, mac: u64): void {
  ipv6.copy(nd + TARGET, target);
  store<u32>(nd, icmpv6.NEIGHBOUR_ADVERTISEMENT);
  store<u32>(nd, flags & 0xff, FLAGS);
  const option = nd + HEADER_BYTES;
  store<u8>(option, TARGET_LINK_ADDRESS as u8);
  store<u8>(option, 1, OPTION_LENGTH);
  storeMac(option + OPTION_LINK_ADDRESS, mac);
}

/** Writes a neighbour solicitation with the sender's link-layer address, SOLICITATION_BYTES long, checksum 0: follow it by
 *  `icmpv6.updateChecksum`. `target` points to 16 bytes. */
export function writeSolicitation(nd: usize, target: usize, mac: u64): void {
  ipv6.copy(nd + TARGET, target);
  store<u32>(nd, icmpv6.NEIGHBOUR_SOLICITATION);
  store<u32>(nd, 0, FLAGS);
  const option = nd + HEADER_BYTES;
  store<u8>(option, SOURCE_LINK_ADDRESS as u8);
  store<u8>(option, 1, OPTION_LENGTH);
  storeMac(option + OPTION_LINK_ADDRESS, mac);
}

/** Writes the solicited-node group of the address at `target` (RFC 4291, section 2.7.1) to the 16 bytes at `group`, which it returns. */
export function writeGroup(group: usize, target: usize): usize {
  store<u64>(group, 0x02ff);
  store<u64>(group, 0x000000ff01000000 | (<u64>(load<u32>(target, 12) >> 8) << 40), 8);
  return group;
}

/** Bytes before the options; the message is one of the five. */
function fixedBytes(nd: usize): u32 {
  const type = icmpv6.type(nd);
  if (type == icmpv6.ROUTER_SOLICITATION) return ROUTER_SOLICITATION_BYTES;
  if (type == icmpv6.ROUTER_ADVERTISEMENT) return ROUTER_ADVERTISEMENT_BYTES;
  return type == icmpv6.REDIRECT ? REDIRECT_BYTES : HEADER_BYTES;
}

/** 0-2040; 0 is not allowed. */
function optionBytes(option: usize): u32 { return (load<u8>(option, OPTION_LENGTH) as u32) << 3; }
