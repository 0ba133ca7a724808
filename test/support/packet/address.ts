/** IP addresses from text to bytes. */
import { bytes, u16 } from "./bytes.ts";

/** "10.77.0.2" as four bytes. */
export function ipv4Address(text: string): number[] {
  return text.split(".").map(Number);
}

/** "fd77::2" as sixteen bytes; an IPv4 tail is not understood. */
export function ipv6Address(text: string): Uint8Array {
  const [head = "", tail] = text.split("::");
  const groups = (part: string): number[] => (part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16)));
  const front = groups(head);
  const back = tail === undefined ? [] : groups(tail);
  const middle = new Array<number>(8 - front.length - back.length).fill(0);
  return bytes(...[...front, ...middle, ...back].map(u16));
}
