/** Containers that say nothing by themselves: a namespace each, without addresses and without IPv6, whose TAP's other end a test writes to
 *  and reads from by a packet socket. */
import { writeFileSync } from "node:fs";
import { interfaceIndex } from "../../bindings/native/interface.ts";
import { closeDescriptor } from "../../bindings/native/io.ts";
import { withNamespace } from "../../bindings/native/namespace.ts";
import { openPacketSocket } from "../../bindings/native/packet-socket.ts";
import { bytes, u16 } from "../../test/support/packet/bytes.ts";
import { makeNamespace, type TestNamespace } from "../support/namespace.ts";
import { offerFrame, receiveFrame, VNET_HEADER_BYTES } from "../support/wire.ts";

const INTERFACE = "eth0";
const ADDRESSES_BYTES = 12;
const TAG_BYTES = 4;
/** What Linux wants to see behind a tag before it takes it out. */
const BEHIND_TAG_BYTES = 4;

export class QuietTap {
  readonly namespace: TestNamespace;
  #socket = -1;

  constructor(label: string) {
    this.namespace = makeNamespace(label);
    withNamespace(this.namespace.path, () => writeFileSync("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1"));
  }

  /** What a configuration says of the TAP. */
  get tap(): { namespace: string; interface: string } {
    return { namespace: this.namespace.name, interface: INTERFACE };
  }

  /** To be called when the port is there. */
  open(): void {
    this.#socket = withNamespace(this.namespace.path, () => openPacketSocket(interfaceIndex(INTERFACE) ?? 0).descriptor);
  }

  /** False when the kernel does not let the frame in. */
  send(frame: Uint8Array): boolean {
    return offerFrame(this.#socket, bytes(new Uint8Array(VNET_HEADER_BYTES), frame));
  }

  /** The next frame that came, with the tag that the kernel took out of it put back; null when there is none now. */
  receive(): Uint8Array | null {
    const received = receiveFrame(this.#socket);
    if (received === null) return null;
    const frame = received.frame.subarray(VNET_HEADER_BYTES);
    if (received.vlan === null) return frame;
    return bytes(frame.subarray(0, ADDRESSES_BYTES), u16(received.tpid), u16(received.vlan), frame.subarray(ADDRESSES_BYTES));
  }

  remove(): void {
    if (this.#socket >= 0) closeDescriptor(this.#socket);
    this.namespace.remove();
  }
}

/** True when there are too few bytes behind the tags for Linux to take them out: it drops such a frame before any socket sees it. */
export function isTagCut(frame: Uint8Array): boolean {
  const type = (at: number): number => ((frame[at] ?? 0) << 8) | (frame[at + 1] ?? 0);
  let at = ADDRESSES_BYTES;
  while (type(at) === 0x8100 || type(at) === 0x88a8) at += TAG_BYTES;
  return at > ADDRESSES_BYTES && frame.length < at + BEHIND_TAG_BYTES;
}
