/** A frame's descriptor: where the frame lies and what ingress found in it (abi/descriptor.ts). Getters and setters over
 *  its address, used by every stage; one descriptor belongs to one slot for ever. */
import * as field from "../abi/descriptor";

export function frame(descriptor: usize): usize { return load<u32>(descriptor, field.FRAME); }
export function bytes(descriptor: usize): u32 { return load<u32>(descriptor, field.BYTES); }
export function slot(descriptor: usize): u32 { return load<u32>(descriptor, field.SLOT); }
export function references(descriptor: usize): u32 { return load<u32>(descriptor, field.REFERENCES); }
export function port(descriptor: usize): u32 { return load<u32>(descriptor, field.PORT); }
export function network(descriptor: usize): u32 { return load<u32>(descriptor, field.NETWORK); }
export function flags(descriptor: usize): u32 { return load<u32>(descriptor, field.FLAGS); }
export function reason(descriptor: usize): u32 { return load<u32>(descriptor, field.REASON); }
export function destination(descriptor: usize): u64 { return load<u64>(descriptor, field.DESTINATION); }
export function source(descriptor: usize): u64 { return load<u64>(descriptor, field.SOURCE); }
export function etherType(descriptor: usize): u32 { return load<u32>(descriptor, field.ETHER_TYPE); }
/** Address of the L3 header; only when the flags name one. */
export function l3(descriptor: usize): usize { return frame(descriptor) + load<u32>(descriptor, field.L3); }
/** Address of the L4 header, 0 when there is none for us. */
export function l4(descriptor: usize): usize {
  const offset = load<u32>(descriptor, field.L4);
  return offset == 0 ? 0 : frame(descriptor) + offset;
}
export function protocol(descriptor: usize): u32 { return load<u32>(descriptor, field.PROTOCOL); }
/** Bytes of L4 header and payload, without what pads the frame; only when l4 is not 0. */
export function l4Bytes(descriptor: usize): u32 {
  return load<u32>(descriptor, field.L3) + load<u32>(descriptor, field.PACKET_BYTES) - load<u32>(descriptor, field.L4);
}
/** Bytes at the end of the frame that are not there: it was cut when it was captured. Only of such frames. */
export function missing(descriptor: usize): u32 { return load<u32>(descriptor, field.MISSING); }

export function setFrame(descriptor: usize, value: usize): void { store<u32>(descriptor, <u32>value, field.FRAME); }
export function setBytes(descriptor: usize, value: u32): void { store<u32>(descriptor, value, field.BYTES); }
export function setReferences(descriptor: usize, value: u32): void { store<u32>(descriptor, value, field.REFERENCES); }
export function setPort(descriptor: usize, value: u32): void { store<u32>(descriptor, value, field.PORT); }
export function setNetwork(descriptor: usize, value: u32): void { store<u32>(descriptor, value, field.NETWORK); }
export function setFlags(descriptor: usize, value: u32): void { store<u32>(descriptor, value, field.FLAGS); }
export function setDestination(descriptor: usize, value: u64): void { store<u64>(descriptor, value, field.DESTINATION); }
export function setSource(descriptor: usize, value: u64): void { store<u64>(descriptor, value, field.SOURCE); }
export function setEtherType(descriptor: usize, value: u32): void { store<u32>(descriptor, value, field.ETHER_TYPE); }
export function setL3(descriptor: usize, offset: u32): void { store<u32>(descriptor, offset, field.L3); }
export function setL4(descriptor: usize, offset: u32): void { store<u32>(descriptor, offset, field.L4); }
export function setPacketBytes(descriptor: usize, value: u32): void { store<u32>(descriptor, value, field.PACKET_BYTES); }
export function setMissing(descriptor: usize, value: u32): void { store<u32>(descriptor, value, field.MISSING); }
export function setProtocol(descriptor: usize, value: u32): void { store<u32>(descriptor, value, field.PROTOCOL); }

/** Names the reason of a drop and returns the verdict: `return drop(descriptor, reason.RUNT)`. */
export function drop(descriptor: usize, reason: u32): u32 {
  store<u32>(descriptor, reason, field.REASON);
  return field.DROP;
}

/** The frame moved within its slot, or a tag came or went: offsets move with it. */
export function shiftHeaders(descriptor: usize, by: i32): void {
  if (load<u32>(descriptor, field.L3) != 0) store<u32>(descriptor, load<u32>(descriptor, field.L3) + by, field.L3);
  if (load<u32>(descriptor, field.L4) != 0) store<u32>(descriptor, load<u32>(descriptor, field.L4) + by, field.L4);
}
