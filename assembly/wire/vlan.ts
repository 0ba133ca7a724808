/** VLAN tag (IEEE 802.1Q, section 9; service tags of 802.1ad look the same), as it follows the EtherType that announced
 *  it: priority, drop eligibility and VLAN identifier, then the EtherType of what it tags; 4 bytes.
 *  0                              2            4
 *  | PCP 3 | DEI 1 | VLAN id 12   | EtherType  |
 *  The first tag of a frame lies at frame + 14. Trunk ports push and pop it where the frame lies: the addresses, and the
 *  virtio-net header that lies right below every frame, move by 4 bytes; what is behind the tag stays.
 *  push and pop move bytes only: what the virtio-net header says about offsets is moved by `virtioNet.shift`. */
import { load16, store16 } from "../memory/bytes";
import { CHECKS } from "../memory/checks";
import { ETHER_TYPE_QINQ, ETHER_TYPE_VLAN } from "./ethernet";

export const HEADER_BYTES: u32 = 4;
const TCI = 0;
const ETHER_TYPE = 2;

const MAC_BYTES = 12;
/** Below the frame: the virtio-net header, which moves along. */
const BELOW_BYTES: usize = 10;

/** EtherType of stacked tags before 802.1ad; still met. */
const ETHER_TYPE_OLD_QINQ: u32 = 0x9100;

/** True for the EtherTypes that announce a tag: 0x8100, 0x88a8, 0x9100. */
export function isTag(etherType: u32): bool {
  return etherType == ETHER_TYPE_VLAN || etherType == ETHER_TYPE_QINQ || etherType == ETHER_TYPE_OLD_QINQ;
}
/** True when `availableBytes`, counted from the tag, hold a whole one. */
export function isValid(tag: usize, availableBytes: u32): bool { return availableBytes >= HEADER_BYTES; }

/** Tag control information, 16 bits. */
export function tci(tag: usize): u32 { return load16(tag + TCI); }
/** 0-4095; 0 is a priority tag without a VLAN. */
export function vlanId(tag: usize): u32 { return tci(tag) & 0xfff; }
/** Priority code point, 0-7. */
export function priority(tag: usize): u32 { return tci(tag) >> 13; }
/** Drop eligible indicator. */
export function isDropEligible(tag: usize): bool { return (tci(tag) & 0x1000) != 0; }
/** 16 bits: the type behind the tag, which may announce another one. */
export function etherType(tag: usize): u32 { return load16(tag + ETHER_TYPE); }

/** Writes the low 16 bits of `tci`. */
export function setTci(tag: usize, tci: u32): void { store16(tag + TCI, tci); }

/** Puts a tag between the addresses and the EtherType. Needs 14 bytes of memory below `frame`: 10 of virtio-net header,
 *  4 of headroom. Returns where the frame begins now: `frame - 4`; it is 4 bytes longer. */
export function push(frame: usize, tpid: u32, tci: u32): usize {
  if (CHECKS) assert(frame >= BELOW_BYTES + HEADER_BYTES && isTag(tpid) && tci <= 0xffff);
  const tagged = frame - HEADER_BYTES;
  move(frame, tagged);
  store16(tagged + MAC_BYTES, tpid);
  store16(tagged + MAC_BYTES + 2, tci);
  return tagged;
}

/** Takes out the outermost tag. The frame must hold 18 bytes, and a tag. Returns where it begins now: `frame + 4`; it is
 *  4 bytes shorter. */
export function pop(frame: usize): usize {
  if (CHECKS) assert(frame >= BELOW_BYTES && isTag(load16(frame + MAC_BYTES)));
  const bare = frame + HEADER_BYTES;
  move(frame, bare);
  return bare;
}

/** Moves the 22 bytes around `from`, 10 below and 12 above, to the same place around `to`; they may overlap. */
function move(from: usize, to: usize): void {
  const source = from - BELOW_BYTES;
  const a = load<u64>(source);
  const b = load<u64>(source, 8);
  const c = load<u32>(source, 16);
  const d = load<u16>(source, 20);
  const target = to - BELOW_BYTES;
  store<u64>(target, a);
  store<u64>(target, b, 8);
  store<u32>(target, c, 16);
  store<u16>(target, d, 20);
}
