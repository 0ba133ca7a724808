/** A port without a kernel: the embedding program is its other end. */
import { PortyardError } from "../error.ts";
import { refuseLength, refuseOffload, refuseOriginal } from "./frame-argument.ts";
import type { InlineLink } from "./inline-link.ts";
import type { BurstListener, PortListener } from "./types.ts";

/** The embedding program's end of a port in memory; `Engine.memoryPort` gives it.
 *
 *  What a callback may do: `send`, `sendBurst` and `sendCut`, also into its own port, `onFrame`, `onBurst`, and any call of the engine. A frame
 *  that it puts in goes its way when the callback has returned, and before the outermost `send` returns; some 350 frames may wait so, one
 *  more is the error `no-slot`. A listener that it sets gets what is handed over from then on. Changes of ports (`addPort`, `removePort`) are
 *  made after that `send`; `close` and `leave` end the ports at once, and what is under way is still delivered. A callback that throws has
 *  refused its frame, or each of its burst, which is the drop `port-full`; the other frames, and copies of this one, go their way all the
 *  same, and then the first error comes out of the outermost `send`. */
export class MemoryPort {
  /** As the configuration calls it. */
  readonly name: string;
  /** In the tables. @internal */
  readonly index: number;
  private readonly link: InlineLink;
  private readonly isPresent: () => boolean;

  /** Made by `Engine.memoryPort`.
   *  @internal */
  constructor(name: string, link: InlineLink, index: number, isPresent: () => boolean) {
    this.name = name;
    this.link = link;
    this.index = index;
    this.isPresent = isPresent;
  }

  /** Puts one frame into the port. It has been forwarded or dropped when this returns: listeners were called meanwhile.
   *  @param frame from the destination MAC to the last byte of payload, 0-65,568 bytes; it is copied.
   *  @param offload virtio-net header (10 bytes) of a super-frame or a partial checksum.
   *  @throws PortyardError `frame-too-long`, `bad-argument` (an offload header of another length), `port-missing` (the port or the
   *  engine is closed), `no-slot` (in a callback only): the frame was not put in then. And what a listener threw. */
  send(frame: Uint8Array, offload?: Uint8Array): void {
    this.requirePresence();
    refuseLength(frame.length);
    refuseOffload(offload);
    this.link.memory.receive(this.index, frame, offload);
  }

  /** Puts plain frames into the port, in this order. All of them have been forwarded or dropped when this returns.
   *  @param frames as `send` takes them; they are copied. None is put in when one of them is too long.
   *  @throws PortyardError as `send`; after `no-slot`, which only a callback meets, those before are put in. */
  sendBurst(frames: readonly Uint8Array[]): void {
    this.requirePresence();
    for (const frame of frames) refuseLength(frame.length);
    this.link.memory.receiveAll(this.index, frames);
  }

  /** As `send`, of a frame of a capture that was cut to a snap length. It goes its way by the headers that are there, or is the drop
   *  `snapped-short`; what leaves has its full length, with zeros for what is not there.
   *  @param originalBytes its length before, from `frame.length` to 65,568; one that is no longer is a frame like any other. Of what one
   *  callback puts in, cut frames go first.
   *  @throws PortyardError as `send`; `bad-argument`: `originalBytes` is no whole number. */
  sendCut(frame: Uint8Array, originalBytes: number): void {
    refuseOriginal(originalBytes);
    if (originalBytes <= frame.length) return this.send(frame);
    this.requirePresence();
    refuseLength(originalBytes);
    this.link.memory.receiveCut(this.index, frame, originalBytes);
  }

  /** Gets every frame that leaves by this port. The bytes belong to the engine and hold during the call only: copy what is
   *  kept (`frame.slice()`; its `buffer` is the engine's whole memory). Return false to refuse the frame, which is then the drop `port-full`. One listener a port: the last one. A port
   *  with `offload: true` gets the virtio-net header as the first 10 bytes.
   *  @throws PortyardError `port-missing`. */
  onFrame(listener: PortListener): void {
    this.requirePresence();
    this.link.onFrame(this.index, listener);
  }

  /** Gets the frames that leave by this port in bursts of 1 to 64, in their order: the way of most frames a second. The array and the bytes
   *  belong to the engine and hold during the call only: copy what is kept. Return false to refuse all of a burst; each of its frames is
   *  then the drop `port-full`, as when the listener throws. It takes the place of the listener that the port had, and the other way round.
   *  @throws PortyardError `port-missing`.
   *
   *  @example port.onBurst((frames) => { for (const frame of frames) bytes += frame.length; }); */
  onBurst(listener: BurstListener): void {
    this.requirePresence();
    this.link.onBurst(this.index, listener);
  }

  /** Another port may have its index by now. */
  private requirePresence(): void {
    if (!this.isPresent()) throw new PortyardError("port-missing", `Port ${this.name} is closed.`, { value: this.name });
  }
}
