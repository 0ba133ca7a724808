/** What repeated deaths cost, printed for people: the figures that an issue asks for. */
import type { Outcome } from "./traffic.ts";

const middle = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;

/** One line: frames lost and longest gap, in the middle and at worst. */
export function printOutcomes(what: string, outcomes: Outcome[]): void {
  const lost = outcomes.map(({ sent, received }) => sent - received);
  const gaps = outcomes.map(({ longestGapMs }) => longestGapMs);
  const figures = `frames lost p50 ${middle(lost)}, worst ${Math.max(...lost)}; longest gap p50 ${middle(gaps).toFixed(0)} ms, worst ${Math.max(...gaps).toFixed(0)} ms`;
  console.log(`${what}, ${outcomes.length} times: ${figures}`);
}
