/** The programs of bench/native, compiled on first use (and again when their source is newer) into dist/bench/native. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PortyardError } from "../../bindings/error.ts";
import { projectRoot } from "./root.ts";
import { isInstalled, run } from "./shell.ts";

const sources = join(projectRoot, "bench/native");
const programs = join(projectRoot, "dist/bench/native");
const FLAGS = ["-O3", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-pthread"];

export const compilerLine = `cc ${FLAGS.join(" ")}`;

/** Path of the program NAME, whose source is bench/native/NAME.c.
 *  @throws PortyardError `compiler-missing`, or `command-failed` with the compiler's words. */
export function nativeProgram(name: string): string {
  const source = join(sources, `${name}.c`);
  const program = join(programs, name);
  if (isCurrent(program, source)) return program;
  if (!isInstalled("cc"))
    throw new PortyardError("compiler-missing", "There is no C compiler (cc).", { remedy: "Install one: apt-get install gcc libc6-dev" });
  mkdirSync(programs, { recursive: true });
  run("cc", [...FLAGS, "-I", programs, "-o", program, source]);
  return program;
}

/** Writes NAME.h for the programs, unless it says the same already. */
export function writeHeader(name: string, text: string): void {
  const file = join(programs, `${name}.h`);
  if (existsSync(file) && readFileSync(file, "utf8") === text) return;
  mkdirSync(programs, { recursive: true });
  writeFileSync(file, text);
}

function isCurrent(program: string, source: string): boolean {
  if (!existsSync(program)) return false;
  const built = statSync(program).mtimeMs;
  return [source, ...headersOf(sources), ...headersOf(programs)].every((file) => statSync(file).mtimeMs < built);
}

function headersOf(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".h"));
  return names.map((name) => join(folder, name));
}
