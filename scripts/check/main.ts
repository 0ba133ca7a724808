/** Runs every check, prints what each found, and ends with status 1 when one found anything. */
import { checks } from "./checks.ts";

for (const check of checks) {
  const problems = check.problems();
  console.log(`${problems.length === 0 ? "ok  " : "FAIL"} ${check.name}`);
  for (const problem of problems) console.log(`     ${problem.replaceAll("\n", "\n     ")}`);
  if (problems.length > 0) process.exitCode = 1;
}
