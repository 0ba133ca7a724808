/** Two packet sockets with a switch between them: a frame goes in at one, what comes out is read at the other until a
 *  marker that was sent behind it has come through as well, so that "dropped" is seen and not waited for.           */
import { closeDescriptor } from "../../bindings/native/io.ts";
import { interfaceIndex } from "../../bindings/native/interface.ts";
import { openPacketSocket } from "../../bindings/native/packet-socket.ts";
import { bytes, u16, u32 } from "../../test/support/packet/bytes.ts";
import { TYPE_EXPERIMENT, ethernet, padded, station } from "../../test/support/packet/ethernet.ts";
import { VNET_HEADER_BYTES, offerFrame, receiveFrame, waitReadable, writeFrame } from "../support/wire.ts";

const MARKER = "PORTYARD-MARKER";
const ADDRESSES_BYTES = 12;
/** A frame may be on another processor's queue than its marker; a second marker finds out. */
const MARKERS = 3;

export class FramePath {
  #in: number;
  #out: number;
  #markers = 0;

  /** Between two interfaces of the calling thread's namespace. */
  constructor(input: string, output: string) {
    this.#in = openPacketSocket(interfaceIndex(input) ?? 0).descriptor;
    this.#out = openPacketSocket(interfaceIndex(output) ?? 0).descriptor;
  }

  /** What came out for one frame, or null when the kernel did not let it in. */
  pass(frame: Uint8Array): Uint8Array[] | null {
    const header = new Uint8Array(VNET_HEADER_BYTES);
    if (!offerFrame(this.#in, bytes(header, frame))) return null;
    const arrived: Uint8Array[] = [];
    for (let round = 0; round < MARKERS && arrived.length === 0; round++) arrived.push(...this.#untilMarker());
    return arrived;
  }

  #untilMarker(): Uint8Array[] {
    const marker = padded(ethernet(station(0xfffe), station(0xffff), TYPE_EXPERIMENT, MARKER, u32(++this.#markers)));
    writeFrame(this.#in, bytes(new Uint8Array(VNET_HEADER_BYTES), marker));
    const arrived: Uint8Array[] = [];
    for (;;) {
      const frame = this.#next();
      if (Buffer.from(frame).equals(marker)) return arrived;
      arrived.push(frame);
    }
  }

  /** The next frame, with the tag that the kernel took out of it put back. */
  #next(): Uint8Array {
    for (;;) {
      waitReadable(this.#out);
      const received = receiveFrame(this.#out);
      if (received === null) continue;
      const frame = received.frame.subarray(VNET_HEADER_BYTES);
      if (received.vlan === null) return frame;
      return bytes(frame.subarray(0, ADDRESSES_BYTES), u16(received.tpid), u16(received.vlan), frame.subarray(ADDRESSES_BYTES));
    }
  }

  close(): void {
    closeDescriptor(this.#in);
    closeDescriptor(this.#out);
  }
}
