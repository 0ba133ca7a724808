/** `npm run bench [-- NAME …] [OPTIONS]`: builds, then runs the benchmarks named, or without a name all that need no privileges.
 *  Options go to each of them (--json, --runs N, --seconds S, --only A,B; --help lists them). A benchmark is a file
 *  bench/NAME.ts; one that needs root says so at its head by the line "Privileges: root". */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ensurePrograms } from "./packages.mjs";
import { fail, root, say } from "./support/root.mjs";

const args = process.argv.slice(2);
const firstOption = args.findIndex((argument) => argument.startsWith("-"));
const wanted = firstOption < 0 ? args : args.slice(0, firstOption);
const options = firstOption < 0 ? [] : args.slice(firstOption);

const known = readdirSync(join(root, "bench"))
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.slice(0, -".ts".length));
const unknown = wanted.find((name) => !known.includes(name));
if (unknown !== undefined) fail(`there is no benchmark "${unknown}": one of ${known.join(", ")}`, 2);

const { status } = spawnSync(process.execPath, [join(root, "scripts/build.mjs")], { cwd: root, stdio: ["ignore", 2, 2] });
if (status !== 0) process.exit(1);
ensurePrograms("bench", !options.includes("--no-install"));
const passedOn = options.filter((option) => option !== "--no-install");
const chosen = wanted.length > 0 ? wanted : known.filter((name) => !needsRoot(name));
const leftOut = wanted.length > 0 ? [] : known.filter(needsRoot);
for (const name of chosen) run(name);
for (const name of leftOut) say(`not run, because it needs root: npm run bench -- ${name}`);

function needsRoot(name) {
  const [head = ""] = readFileSync(join(root, "bench", `${name}.ts`), "utf8").split("*/");
  return /Privileges: root\b/.test(head);
}

/** A benchmark that fails does not keep the others from running. */
function run(name) {
  if (chosen.length > 1) say(`\n${name}`);
  const child = spawnSync(process.execPath, [join(root, `dist/bench/${name}.js`), ...passedOn], { cwd: root, stdio: "inherit" });
  if (child.signal) process.kill(process.pid, child.signal);
  if (child.status !== 0) process.exitCode = 1;
}
