/** The order in which backends of different weights take turns: smooth weighted round robin, computed once and then gone
 *  through by the hot path. In each run through a schedule each backend has as many turns as its weight says, and no other order
 *  keeps them further apart at every moment: 5, 1, 1 gives a a b a c a a. At each step every backend gains its weight; the one that has
 *  gained most has the turn, and pays the sum of all weights for it. */

/** Turns of a schedule at most: weights whose sum is greater after division by their common divisor are rounded, each to one turn at least. */
export const MAX_SCHEDULE_TURNS = 8192;

/** Turns of one run, each the index of a backend.
 *  @param weights whole numbers from 0 on, at most MAX_SCHEDULE_TURNS of them above 0; a backend of weight 0 has no turn. */
export function smoothSchedule(weights: readonly number[]): Uint16Array {
  const turns = turnsOf(weights);
  const total = sum(turns);
  const backends = Uint16Array.from(turns.keys()).filter((index) => turns[index]! > 0);
  const gains = Int32Array.from(backends, (index) => turns[index]!);
  const gained = new Int32Array(gains.length);
  const schedule = new Uint16Array(total);
  for (let turn = 0; turn < total; turn++) {
    const next = gain(gained, gains);
    gained[next]! -= total;
    schedule[turn] = backends[next]!;
  }
  return schedule;
}

/** Turns of each backend in one run. */
export function turnsOf(weights: readonly number[]): number[] {
  const divisor = weights.reduce(commonDivisor, 0) || 1;
  const turns = weights.map((weight) => weight / divisor);
  const total = sum(turns);
  if (total <= MAX_SCHEDULE_TURNS) return turns;
  const positive = turns.filter((weight) => weight > 0).length;
  const shared = MAX_SCHEDULE_TURNS - positive;
  return turns.map((weight) => (weight === 0 ? 0 : 1 + Math.floor((weight * shared) / total)));
}

/** Lets everybody gain; the first of those that have gained most. A plain loop: a thousand backends go through it 8,192 times. */
function gain(gained: Int32Array, gains: Int32Array): number {
  let most = 0;
  for (let index = 0; index < gains.length; index++) {
    gained[index]! += gains[index]!;
    if (gained[index]! > gained[most]!) most = index;
  }
  return most;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, number) => all + number, 0);

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}
