/** Frames of which workers died, in capture files of the run folder: poison-1.pcapng, poison-2.pcapng, ... Numbers go on; only
 *  the newest POISON_FILES are kept. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { POISON_FILES } from "../../assembly/abi/limits.ts";
import { writePcapng } from "../capture/pcapng-writer.ts";
import { fileFault } from "../file-fault.ts";

const FILE = /^poison-(\d+)\.pcapng$/;

export interface PoisonFrame {
  bytes: Uint8Array;
  /** Name of the port that it came from. */
  port: string;
  /** What is known of the death, in words. */
  comment: string;
}

/** Path of file `number` of a run folder. */
export function poisonPath(runDirectory: string, number: number): string {
  return join(runDirectory, `poison-${number}.pcapng`);
}

/** Paths of the files that a run folder has, oldest first; none where there is no folder. */
export function poisonFiles(runDirectory: string): string[] {
  return numbersIn(runDirectory).map((number) => poisonPath(runDirectory, number));
}

/** Writes a frame (mode 0600), as the next number, and returns that.
 *  @throws PortyardError `no-rights`, `disk-full`, `file-failed`. */
export function savePoison(runDirectory: string, { bytes, port, comment }: PoisonFrame): number {
  const timeNs = BigInt(Date.now()) * 1_000_000n;
  const file = writePcapng([{ bytes, timeNs, comment }], { interfaces: [{ name: port }] });
  try {
    mkdirSync(runDirectory, { recursive: true, mode: 0o700 });
    const number = writeNext(runDirectory, file);
    for (const old of numbersIn(runDirectory).filter((other) => other <= number - POISON_FILES)) {
      rmSync(poisonPath(runDirectory, old), { force: true });
    }
    return number;
  } catch (cause) {
    throw fileFault("Saving a frame in", runDirectory, cause);
  }
}

/** Two workers may die at once: the one that comes second takes the number after. */
function writeNext(runDirectory: string, file: Uint8Array): number {
  for (let number = (numbersIn(runDirectory).at(-1) ?? 0) + 1; ; number++) {
    try {
      writeFileSync(poisonPath(runDirectory, number), file, { mode: 0o600, flag: "wx" });
      return number;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

function numbersIn(runDirectory: string): number[] {
  const numbers = namesIn(runDirectory).flatMap((name) => FILE.exec(name)?.[1] ?? []);
  return numbers.map(Number).sort((a, b) => a - b);
}

/** What cannot be read has none: whoever writes there hears why. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
