/** Frames as they lie in memory, as one number: FNV-1a over their 64-bit words, as bench/native/flow-serve.c has it. */
import { FRAME_PLACE, FRAME_STRIDE } from "../engine/frame-layout.ts";
import { FRAMES, TEMPLATE_BYTES } from "./frame-kinds.ts";

const OFFSET = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;

export class Fingerprint {
  readonly #view: DataView;
  readonly #first: number;
  #hash = OFFSET;

  /** @param room where frames are made (frame-kinds.ts). */
  constructor(memory: WebAssembly.Memory, room: number) {
    this.#view = new DataView(memory.buffer);
    this.#first = room + FRAMES + FRAME_PLACE;
  }

  /** Adds the first `count` frames. */
  add(count: number): void {
    for (let index = 0; index < count; index++) {
      const frame = this.#first + index * FRAME_STRIDE;
      for (let at = 0; at < TEMPLATE_BYTES; at += 8) {
        this.#hash = BigInt.asUintN(64, (this.#hash ^ this.#view.getBigUint64(frame + at, true)) * PRIME);
      }
    }
  }

  /** A decimal number. */
  get text(): string {
    return this.#hash.toString();
  }
}
