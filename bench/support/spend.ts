/** Processor time of this process: others that share the processor do not count. */
import { median } from "./median.ts";

/** Repeats `body` for `seconds` of processor time; nanoseconds of the median one, as whoever shares the caches disturbs some. */
export function spend(seconds: number, body: () => void): number {
  const durations: number[] = [];
  let now = processorNs();
  for (const end = now + seconds * 1e9; now < end; ) {
    body();
    const after = processorNs();
    durations.push(after - now);
    now = after;
  }
  return median(durations);
}

/** Nanoseconds since it began. */
export function processorNs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
}
