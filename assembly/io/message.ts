/** The message header of recvmsg for packet sockets, at the beginning of the slot that it reads to: the kernel takes a VLAN
 *  tag out of the frame and hands it over as PACKET_AUXDATA (linux/if_packet.h).
 *
 *      0 msghdr 56: name 8 | name bytes 8 | iovec 8 | iovecs 8 | control 8 | control bytes 8 | flags 4, padding 4
 *      56 iovec 16: base 8 | bytes 8          72 control 40: cmsghdr 16, tpacket_auxdata 20                            */
import * as map from "../abi/memory-map";
import * as virtio from "../wire/virtio-net";
import { restoreTag } from "./exchange";

const IOVEC = 56;
const CONTROL = 72;
const CONTROL_BYTES: u64 = 40;
const MESSAGE_CONTROL_BYTES = 40;

// cmsghdr: bytes u64, level i32, type i32
const CONTROL_LEVEL = CONTROL + 8;
const CONTROL_TYPE = CONTROL + 12;
const SOL_PACKET: u32 = 263;
const PACKET_AUXDATA: u32 = 8;

// tpacket_auxdata: status, len, snaplen u32; mac, net, vlan_tci, vlan_tpid u16
const AUX_STATUS = CONTROL + 16;
const AUX_TCI = CONTROL + 32;
const AUX_TPID = CONTROL + 34;
const STATUS_VLAN_VALID: u32 = 1 << 4;
const STATUS_TPID_VALID: u32 = 1 << 6;

/** Writes the header at `slot` for a read to `start`, which lies in the same slot. */
export function prepareMessage(slot: usize, start: usize): void {
  const base = load<u64>(map.CONFIG_HOST_BASE);
  store<u64>(slot, 0);
  store<u64>(slot, 0, 8);
  store<u64>(slot, base + slot + IOVEC, 16);
  store<u64>(slot, 1, 24);
  store<u64>(slot, base + slot + CONTROL, 32);
  store<u64>(slot, CONTROL_BYTES, MESSAGE_CONTROL_BYTES);
  store<u64>(slot, 0, 48);
  store<u64>(slot, base + start, IOVEC);
  store<u64>(slot, map.SLOT_BYTES - map.SLOT_FRAME + virtio.HEADER_BYTES, IOVEC + 8);
}

/** Puts the tag back into the frame of `descriptor` that was read by the message at `slot`, if it had one. */
export function restoreFromMessage(slot: usize, descriptor: usize): void {
  if (load<u64>(slot, MESSAGE_CONTROL_BYTES) < 36) return;
  if (load<u32>(slot, CONTROL_LEVEL) != SOL_PACKET || load<u32>(slot, CONTROL_TYPE) != PACKET_AUXDATA) return;
  const status = load<u32>(slot, AUX_STATUS);
  if ((status & STATUS_VLAN_VALID) == 0) return;
  restoreTag(descriptor, (status & STATUS_TPID_VALID) != 0 ? load<u16>(slot, AUX_TPID) : 0, load<u16>(slot, AUX_TCI));
}
