/** A sentence about balancers, told on every build. */
import { test } from "uvu";
import { BalanceYard } from "./balance-yard.ts";
import { BUILDS } from "./engine.ts";

/** Registers `story` as a test for each build.
 *  @param workers that pick. */
export function balance(sentence: string, story: (yard: BalanceYard) => void, workers = 1): void {
  for (const build of BUILDS) test(`${sentence} (${build})`, () => story(new BalanceYard(build, workers)));
}
