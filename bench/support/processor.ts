/** The processors of the whole machine, as /proc/stat counts them. */
import { readFileSync } from "node:fs";
import { setTimeout as after } from "node:timers/promises";

const LOOK_MS = 200;

export interface ProcessorTime {
  busy: number;
  total: number;
}

/** Ticks since boot that all processors together were busy (not idle, not waiting, not stolen), and all ticks. */
export function processorTime(): ProcessorTime {
  const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, softirq = 0] =
    readFileSync("/proc/stat", "utf8").split("\n", 1)[0]?.split(/\s+/).slice(1).map(Number) ?? [];
  const busy = user + nice + system + irq + softirq;
  return { busy, total: busy + idle + wait };
}

/** What others do with the machine now, 0-1: a benchmark that shares it measures them too. Takes 0.2 s. */
export async function backgroundShare(): Promise<number> {
  const before = processorTime();
  await after(LOOK_MS);
  const now = processorTime();
  return (now.busy - before.busy) / Math.max(now.total - before.total, 1);
}

/** A sentence when the machine was not quiet (over a tenth of it in use by others), else null. */
export function noiseWarning(shares: readonly number[]): string | null {
  const noisy = shares.filter((share) => share > 0.1).length;
  if (noisy === 0) return null;
  const most = Math.round(Math.max(...shares) * 100);
  return `The machine was not quiet before ${noisy} of ${shares.length} measurements (up to ${most} % in use by others): only its ratios mean something, and they little.`;
}
