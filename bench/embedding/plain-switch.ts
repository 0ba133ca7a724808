/** A learning switch as one writes it in TypeScript without an engine: a Map from MAC to port and time, ageing, flooding; frames are copied when
 *  they enter, because what a caller does with its memory afterwards is its own, and handed over in bursts. */
import { AGE_SECONDS, BURST } from "./traffic.ts";

const MIN_BYTES = 14;
const SLOT_BYTES = 2048;

interface Station {
  port: number;
  seenSeconds: number;
}

export class PlainSwitch {
  #nowSeconds = 0;
  readonly #stations = new Map<number, Station>();
  readonly #slots = Array.from({ length: BURST }, () => new Uint8Array(SLOT_BYTES));
  /** The last view of each slot: it serves again where the next frame is as long. */
  readonly #views: Uint8Array[] = this.#slots.map((slot) => slot.subarray(0, 0));
  readonly #leaving: Uint8Array[][];
  readonly #listener: (port: number, frames: readonly Uint8Array[]) => void;

  constructor(ports: number, listener: (port: number, frames: readonly Uint8Array[]) => void) {
    this.#leaving = Array.from({ length: ports }, () => []);
    this.#listener = listener;
  }

  /** Stations that are silent for too long are forgotten. */
  tick(nowMs: number): void {
    const now = Math.floor(nowMs / 1000);
    if (now === this.#nowSeconds) return;
    this.#nowSeconds = now;
    for (const [mac, { seenSeconds }] of this.#stations) if (now - seenSeconds > AGE_SECONDS) this.#stations.delete(mac);
  }

  /** At most BURST frames. */
  send(port: number, frames: readonly Uint8Array[]): void {
    for (let index = 0; index < frames.length; index++) this.#forward(port, this.#copy(frames[index] as Uint8Array, index));
    for (let to = 0; to < this.#leaving.length; to++) {
      const leaving = this.#leaving[to] as Uint8Array[];
      if (leaving.length > 0) this.#listener(to, leaving);
      leaving.length = 0;
    }
  }

  #copy(frame: Uint8Array, index: number): Uint8Array {
    const slot = this.#slots[index] as Uint8Array;
    slot.set(frame);
    let view = this.#views[index] as Uint8Array;
    if (view.length !== frame.length) {
      view = slot.subarray(0, frame.length);
      this.#views[index] = view;
    }
    return view;
  }

  #forward(port: number, frame: Uint8Array): void {
    const source = frame.length < MIN_BYTES ? 0 : macAt(frame, 6);
    if (source === 0 || ((frame[6] as number) & 1) !== 0) return;
    this.#learn(source, port);
    const station = ((frame[0] as number) & 1) === 0 ? this.#stations.get(macAt(frame, 0)) : undefined;
    const isKnown = station !== undefined && this.#nowSeconds - station.seenSeconds <= AGE_SECONDS;
    if (!isKnown) for (let to = 0; to < this.#leaving.length; to++) if (to !== port) this.#leaving[to]?.push(frame);
    if (isKnown && station.port !== port) this.#leaving[station.port]?.push(frame);
  }

  #learn(mac: number, port: number): void {
    const station = this.#stations.get(mac);
    if (station === undefined) {
      this.#stations.set(mac, { port, seenSeconds: this.#nowSeconds });
      return;
    }
    station.port = port;
    station.seenSeconds = this.#nowSeconds;
  }
}

/** 48 bits, which a number holds. */
function macAt(frame: Uint8Array, at: number): number {
  const byte = (index: number): number => frame[at + index] as number;
  const low = ((byte(2) << 24) | (byte(3) << 16) | (byte(4) << 8) | byte(5)) >>> 0;
  return ((byte(0) << 8) | byte(1)) * 0x100000000 + low;
}
