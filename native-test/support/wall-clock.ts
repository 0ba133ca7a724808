/** A wall clock of its own for processes of a test, which jumps while they run; that of the host is let be, and so are the monotonic clocks. Linux has no
 *  namespace for it (time_namespaces(7)), so the C library's calls are taken the place of: wall-clock.c, built by the host's compiler. */
import { spawnSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onEnd } from "./cleanup.ts";

// this file runs from dist/native-test/support
const SOURCE = fileURLToPath(new URL("../../../native-test/support/wall-clock.c", import.meta.url));
const FLAGS = ["-shared", "-fPIC", "-O2", "-std=gnu11", "-Wall", "-Wextra", "-Werror"];

export class WallClock {
  private readonly library: string;
  private readonly file: string;
  /** Removes its files; processes that have it go on. */
  readonly remove: () => void;

  /** As the host's at first. @throws Error with the words of the compiler. */
  constructor() {
    const folder = mkdtempSync(join(tmpdir(), "wall-clock-"));
    this.remove = onEnd(`folder ${folder}`, () => rmSync(folder, { recursive: true }));
    this.library = join(folder, "wall-clock.so");
    this.file = join(folder, "seconds");
    this.jumpTo(0);
    const { status, stderr, error } = spawnSync("cc", [...FLAGS, "-o", this.library, SOURCE, "-ldl"], { encoding: "utf8" });
    if (status !== 0) throw new Error(`cc: ${error?.message ?? stderr}`);
  }

  /** What goes before a program so that it, and what it starts, has this clock. */
  get before(): string[] {
    return ["env", `LD_PRELOAD=${this.library}`, `WALL_CLOCK_FILE=${this.file}`];
  }

  /** From now on it is so many seconds ahead of the host's; below 0: behind. */
  jumpTo(seconds: number): void {
    const file = openSync(this.file, constants.O_RDWR | constants.O_CREAT); // never cut: it is mapped
    writeSync(file, new BigInt64Array([BigInt(seconds)]));
    closeSync(file);
  }

  /** Whether a process has it. */
  isOf(pid: number): boolean {
    return readFileSync(`/proc/${pid}/maps`, "utf8").includes(this.library);
  }
}
