/** Who gets what leaves the memory ports of a worker: of each port one listener, of frames or of bursts, and of those that have none whoever
 *  takes the others'. What a listener throws is a refusal, and goes to `fail`. */
import type { BurstListener, PortListener } from "../engine/types.ts";

/** Gets a frame that leaves `port`: `frame` points into the engine's memory, is valid during the call only, and has the
 *  virtio-net header in the 10 bytes below `frame.byteOffset` where the port takes super-frames. Returns false to refuse
 *  it: the drop `port-full`. So does an error; when all frames have gone their way, the first one goes on to whoever called `run`. A
 *  frame that it puts into a port is processed after it has returned. */
export type FrameListener = (port: number, frame: Uint8Array) => boolean | undefined;

/** A port's listener, and the burst that is being gathered for it. */
export interface Outlet {
  port: number;
  /** One of the two, or none. */
  onFrame: PortListener | null;
  onBurst: BurstListener | null;
  frames: Uint8Array[];
  /** Of each frame: its place among the writes that are handed over. */
  places: number[];
}

export class Outlets {
  readonly #others: FrameListener;
  readonly #fail: (error: unknown) => void;
  readonly #byPort = new Map<number, Outlet>();
  #burstListeners = 0;

  constructor(others: FrameListener, fail: (error: unknown) => void) {
    this.#others = others;
    this.#fail = fail;
  }

  /** The port's listener from now on, also of what is gathered already. */
  listen(port: number, onFrame: PortListener | null, onBurst: BurstListener | null): void {
    const outlet = this.#byPort.get(port) ?? { port, onFrame, onBurst: null, frames: [], places: [] };
    this.#burstListeners += Number(onBurst !== null) - Number(outlet.onBurst !== null);
    this.#byPort.set(port, Object.assign(outlet, { onFrame, onBurst }));
  }

  /** Whether any port takes bursts. */
  get areBurstsWanted(): boolean {
    return this.#burstListeners > 0;
  }

  /** Undefined of a port that never had a listener. */
  of(port: number): Outlet | undefined {
    return this.#byPort.get(port);
  }

  /** Gives one frame; false when it is refused. @param outlet that of `port`. */
  give(outlet: Outlet | undefined, port: number, frame: Uint8Array): boolean {
    try {
      const listener = outlet?.onFrame ?? null;
      return (listener === null ? this.#others(port, frame) : listener(frame)) !== false;
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }

  /** Gives what was gathered, to whoever listens now.
   *  @param refuse gets the place of each frame that is refused. */
  giveGathered(outlet: Outlet, refuse: (place: number) => void): void {
    const { port, onBurst, frames, places } = outlet;
    if (onBurst === null) for (const [index, frame] of frames.entries()) this.give(outlet, port, frame) || refuse(places[index] as number);
    else if (!this.#giveBurst(onBurst, frames)) for (const place of places) refuse(place);
    frames.length = 0;
    places.length = 0;
  }

  #giveBurst(listener: BurstListener, frames: readonly Uint8Array[]): boolean {
    try {
      return listener(frames) !== false;
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }
}
