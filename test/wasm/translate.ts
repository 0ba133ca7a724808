/** The translation of packets as its test calls it. The descriptor is anywhere in the memory; 10 bytes below the frame are its virtio-net header. */
import * as desc from "../../assembly/memory/descriptor";
import { parse } from "../../assembly/path/1-ingress/parse";

export { setDestination, setSource } from "../../assembly/path/3-service/translate";
export { l3, l4, l4Bytes, protocol, flags } from "../../assembly/memory/descriptor";

/** Parses the frame of `bytes` bytes at `frame`; its verdict. */
export function prepare(descriptor: usize, frame: usize, bytes: u32): u32 {
  desc.setFrame(descriptor, frame);
  desc.setBytes(descriptor, bytes);
  return parse(descriptor);
}
