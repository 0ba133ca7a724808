/** What the two algorithms that look at backends make of them, on paper: so many connections at once, each backend with a time of its own, nothing
 *  else takes any. Slow and obvious; time leaps from one answer to the next. */
import { BACKENDS, CONNECTIONS, AT_ONCE } from "../../../cli/demo/plan.ts";

const WINDOW_MS = 10_000;

/** @returns how many connections each backend gets, when all have been measured before. @param overheadMs that each answer takes longer. */
export function modelOf(algorithm: "least-response-time" | "least-load", overheadMs = 0): Record<string, number> {
  const backends = BACKENDS.map(({ name, weight, delayMs }) => ({
    ...{ name, weight, timeMs: delayMs + overheadMs },
    ...{ active: 0, got: 0, measuredAtMs: 0 },
  }));
  type Backend = (typeof backends)[number];
  const open: { backend: Backend; endMs: number }[] = [];
  let nowMs = 0;
  const score = ({ active, weight, timeMs, measuredAtMs }: Backend): number => {
    const load = (active + 1) / weight;
    return algorithm === "least-load" ? load : load * timeMs * Math.exp((measuredAtMs - nowMs) / WINDOW_MS);
  };
  const begin = () => {
    const backend = backends.reduce((best, each) => (score(each) < score(best) ? each : best));
    backend.active++;
    backend.got++;
    open.push({ backend, endMs: nowMs + backend.timeMs });
  };
  for (let begun = 0; begun < CONNECTIONS; begun++) {
    if (begun >= AT_ONCE) {
      open.sort((a, b) => a.endMs - b.endMs);
      const { backend, endMs } = open.shift() as (typeof open)[number];
      nowMs = endMs;
      backend.active--;
      backend.measuredAtMs = nowMs;
    }
    begin();
  }
  return Object.fromEntries(backends.map(({ name, got }) => [name, got]));
}
