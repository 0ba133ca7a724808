/** How far a replay is, and how fast it goes. */
import { showShare } from "../format/progress.ts";
import { count } from "../format/text.ts";

export class Pace {
  readonly #start = performance.now();
  readonly #progress;
  #frames = 0;

  /** @param share of the captures that has been read; null while that is not known. */
  constructor(share: () => number | null) {
    const words = () => `${count(this.#frames)} frames, ${count(Math.round(this.#frames / this.#seconds()))} a second`;
    this.#progress = showShare("replaying", () => [share(), words()]);
  }

  reached(frames: number): void {
    this.#frames = frames;
  }

  /** Ends the line that shows it. @returns how long it took for so many frames. */
  end(frames: number): { seconds: number; framesPerSecond: number } {
    this.#progress.end();
    const seconds = this.#seconds();
    return { seconds, framesPerSecond: Math.round(frames / seconds) };
  }

  #seconds(): number {
    return Math.max(performance.now() - this.#start, 0.001) / 1000;
  }
}
