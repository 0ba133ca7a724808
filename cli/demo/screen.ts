/** Where the demo speaks to people: standard output, or standard error when the output is for programs. Steps that take a
 *  while show themselves on standard error, on one line that is gone when they are done. */
import { bar, type Paint, painter } from "../format/text.ts";

const ERASE_LINE = "\r\u001b[K";
const ERASE_BELOW = "\u001b[J";
const WRAP_OFF = "\u001b[?7l";
const WRAP_ON = "\u001b[?7h";
const BAR_WIDTH = 24;

export class Screen {
  readonly paint: Paint;
  readonly #out: NodeJS.WriteStream;
  #progress: NodeJS.Timeout | null = null;

  constructor(json: boolean) {
    this.#out = json ? process.stderr : process.stdout;
    this.paint = painter(this.#out);
  }

  /** Characters in a line, asked of the terminal each time (no SIGWINCH in a session of one's own); 80 where there is none. */
  get width(): number {
    return this.#out.getWindowSize?.()[0] || 80;
  }

  get isTerminal(): boolean {
    return this.#out.isTTY === true;
  }

  line(text = ""): void {
    this.#out.write(`${text}\n`);
  }

  lines(texts: readonly string[]): void {
    for (const text of texts) this.line(text);
  }

  heading(text: string): void {
    this.line();
    this.line(this.paint("bold", text));
  }

  /** A sentence on standard error: what did not go as it should, but does not end the demo. */
  warn(sentence: string): void {
    this.stopProgress();
    process.stderr.write(`${this.paint("yellow", sentence)}\n`);
  }

  /** Puts `texts` over the `previous` lines that were drawn before, cut at the right edge: a line that wrapped would be two.
   *  @returns how many lines stand there now. */
  redraw(previous: number, texts: readonly string[]): number {
    const back = previous > 0 ? `\u001b[${previous}A` : "";
    this.#out.write(`${back}${ERASE_BELOW}${WRAP_OFF}${texts.map((text) => `${text}\n`).join("")}${WRAP_ON}`);
    return texts.length;
  }

  /** Shows that `what` runs and how far it is, until `work` is done.
   *  @param seconds how long it is expected to take. @param detail read at every redraw. */
  async during<T>(what: string, seconds: number, detail: () => string, work: Promise<T>): Promise<T> {
    const start = performance.now();
    const painted = process.stderr.isTTY === true;
    if (!painted) process.stderr.write(`  ${what} (${seconds} s)\n`);
    const draw = () =>
      process.stderr.write(`${ERASE_LINE}  ${what} ${bar((performance.now() - start) / 1000 / seconds, BAR_WIDTH)} ${detail()}`);
    if (painted) this.#progress = setInterval(draw, 100);
    try {
      return await work;
    } finally {
      this.stopProgress();
    }
  }

  /** For whoever leaves in the middle of a step. */
  stopProgress(): void {
    if (this.#progress === null) return;
    clearInterval(this.#progress);
    this.#progress = null;
    process.stderr.write(ERASE_LINE);
  }
}
