/** Frames of which a worker of the debug build dies (assembly/abi/fault.ts), sent from a container by a packet socket. */
import * as fault from "../../assembly/abi/fault.ts";
import { closeDescriptor } from "../../bindings/native/io.ts";
import { interfaceIndex } from "../../bindings/native/interface.ts";
import { withNamespace } from "../../bindings/native/namespace.ts";
import { openPacketSocket } from "../../bindings/native/packet-socket.ts";
import { bytes } from "../../test/support/packet/bytes.ts";
import { faultFrame } from "../../test/support/packet/fault.ts";
import { VNET_HEADER_BYTES, writeFrame } from "../support/wire.ts";
import type { Container } from "./container.ts";

export class Poison {
  readonly #socket: number;
  #count = 0;

  constructor(container: Container) {
    this.#socket = withNamespace(container.namespace.path, () => openPacketSocket(interfaceIndex("eth0") ?? 0).descriptor);
  }

  /** Sends one, and returns it: each differs from the last.
   *  @param kind FAULT_* of abi/fault.ts. */
  send(kind: number = fault.FAULT_TRAP): Uint8Array {
    const frame = faultFrame(kind, `number ${++this.#count} of the frames that nobody likes`);
    writeFrame(this.#socket, bytes(new Uint8Array(VNET_HEADER_BYTES), frame));
    return frame;
  }

  close(): void {
    closeDescriptor(this.#socket);
  }
}
