/** The block that sendmsg and recvmsg are given, in one piece of memory that never moves:
 *
 *  0      struct msghdr   name u64 | name length u32, pad | iovec u64 | iovec count u64 | control u64 | control length u64 | flags u32, pad
 *  56     struct iovec    base u64 | length u64
 *  72     control         struct cmsghdr: length u64 | level u32 | type u32, then the descriptors, i32 each
 *  1,104  payload                                                                                                     */
import { addressOf } from "./memory.ts";

/** Descriptors that the kernel takes in one message (SCM_MAX_FD). */
export const MAX_DESCRIPTORS = 253;

const HEADER_IOVEC = 16;
const HEADER_IOVEC_COUNT = 24;
const HEADER_CONTROL = 32;
const HEADER_CONTROL_LENGTH = 40;
const HEADER_FLAGS = 48;
const IOVEC = 56;
const CONTROL = 72;
const CONTROL_HEADER_BYTES = 16;
const CONTROL_LEVEL = 8;
const CONTROL_TYPE = 12;
const CONTROL_BYTES = 1032;
const PAYLOAD = CONTROL + CONTROL_BYTES;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;

export interface MessageBlock {
  /** What sendmsg and recvmsg are given. Valid while the block is referenced. */
  address: bigint;
  view: DataView;
  payload: Uint8Array;
  flags(): number;
}

/** A block to be sent. */
export function encodeMessage(payload: Uint8Array, descriptors: readonly number[]): MessageBlock {
  const controlBytes = descriptors.length === 0 ? 0 : CONTROL_HEADER_BYTES + descriptors.length * 4;
  const message = block(payload.length, controlBytes);
  message.payload.set(payload);
  if (controlBytes === 0) return message;
  message.view.setBigUint64(CONTROL, BigInt(controlBytes), true);
  message.view.setUint32(CONTROL + CONTROL_LEVEL, SOL_SOCKET, true);
  message.view.setUint32(CONTROL + CONTROL_TYPE, SCM_RIGHTS, true);
  for (const [index, descriptor] of descriptors.entries()) {
    message.view.setInt32(CONTROL + CONTROL_HEADER_BYTES + index * 4, descriptor, true);
  }
  return message;
}

/** A block to receive into. */
export function decodeMessage(maxBytes: number): MessageBlock {
  return block(maxBytes, CONTROL_BYTES);
}

/** The descriptors that a received block carries. */
export function descriptorsOf({ view }: MessageBlock): number[] {
  const controlBytes = Number(view.getBigUint64(HEADER_CONTROL_LENGTH, true));
  if (controlBytes < CONTROL_HEADER_BYTES || view.getUint32(CONTROL + CONTROL_LEVEL, true) !== SOL_SOCKET) return [];
  if (view.getUint32(CONTROL + CONTROL_TYPE, true) !== SCM_RIGHTS) return [];
  const bytes = Number(view.getBigUint64(CONTROL, true)) - CONTROL_HEADER_BYTES;
  return Array.from({ length: bytes / 4 }, (_, index) => view.getInt32(CONTROL + CONTROL_HEADER_BYTES + index * 4, true));
}

function block(payloadBytes: number, controlBytes: number): MessageBlock {
  const memory = new ArrayBuffer(PAYLOAD + payloadBytes);
  const view = new DataView(memory);
  const address = addressOf(memory);
  view.setBigUint64(HEADER_IOVEC, address + BigInt(IOVEC), true);
  view.setBigUint64(HEADER_IOVEC_COUNT, 1n, true);
  view.setBigUint64(HEADER_CONTROL, controlBytes === 0 ? 0n : address + BigInt(CONTROL), true);
  view.setBigUint64(HEADER_CONTROL_LENGTH, BigInt(controlBytes), true);
  view.setBigUint64(IOVEC, address + BigInt(PAYLOAD), true);
  view.setBigUint64(IOVEC + 8, BigInt(payloadBytes), true);
  return { address, view, payload: new Uint8Array(memory, PAYLOAD), flags: () => view.getUint32(HEADER_FLAGS, true) };
}
