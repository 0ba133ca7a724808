/** What repeated deaths cost, printed for people: the figures that an issue asks for. */
import type { Outcome } from "./traffic.ts";

const middle = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;

/** One line: frames lost, longest gap and longest way, in the middle and at worst. */
export function printOutcomes(what: string, outcomes: Outcome[]): void {
  const lost = outcomes.map(({ sent, received }) => sent - received);
  const gaps = outcomes.map(({ longestGapMs }) => longestGapMs);
  const ways = outcomes.map(({ longestWayMs }) => longestWayMs);
  const inMs = (values: number[]) => `p50 ${middle(values).toFixed(0)} ms, worst ${Math.max(...values).toFixed(0)} ms`;
  const frames = `frames lost p50 ${middle(lost)}, worst ${Math.max(...lost)}`;
  console.log(`${what}, ${outcomes.length} times: ${frames}; longest gap ${inMs(gaps)}; longest way ${inMs(ways)}`);
}
