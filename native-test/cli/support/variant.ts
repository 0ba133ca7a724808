/** Portyard as another version would be: built from the same sources, with tables of another layout. Records of networks,
 *  ports, workers and counters are longer, names, fingerprints and some words lie elsewhere, and the layout has a number of
 *  its own. It knows the layouts that this version knows, and its own, which this version does not know.
 *
 *      folder/  assembly/ (asc) ──> dist/wasm/      dist/ (copied, its constants changed)      scripts/portyard.mjs            */
import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LAYOUT_VERSION } from "../../../assembly/abi/limits.ts";
import { layoutOf } from "../../../bindings/tables/layouts/known-layouts.ts";
import { presentLayout } from "../../../test/support/present-layout.ts";
import { ROOT } from "../../../test/support/wasm.ts";
import { onEnd } from "../../support/cleanup.ts";

/** Number of its layout. */
export const VARIANT_LAYOUT = 90;

/** Constants of assembly/abi, by file, as the variant has them. */
const CHANGES: Record<string, Record<string, number>> = {
  limits: { LAYOUT_VERSION: VARIANT_LAYOUT },
  "memory-map": { HEAD_BYTES: 8192, WORKER_RECORD_BYTES: 1024, NETWORK_BYTES: 192, PORT_BYTES: 320, PORT_COUNTERS_BYTES: 128 },
  network: { NAME: 128, FINGERPRINT: 32 },
  port: { KIND: 20, FLAGS: 16, NAME: 248, FINGERPRINT: 312 },
  counter: { REASONS: 128 },
};

/** Path of its program `portyard`; everything goes with the test.
 *  @throws Error with the compiler's words. */
export async function makeVariant(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "portyard-variant-"));
  onEnd(`variant ${folder}`, () => rmSync(folder, { recursive: true, force: true }));
  for (const part of ["assembly", "bindings", "agent", "cli"])
    cpSync(join(ROOT, "dist", part), join(folder, "dist", part), { recursive: true });
  cpSync(join(ROOT, "assembly"), join(folder, "assembly"), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  for (const file of ["package.json", "asconfig.json"]) copyFileSync(join(ROOT, file), join(folder, file));
  mkdirSync(join(folder, "scripts"));
  copyFileSync(join(ROOT, "scripts/portyard.mjs"), join(folder, "scripts/portyard.mjs"));
  for (const [file, constants] of Object.entries(CHANGES)) {
    change(join(folder, "assembly/abi", `${file}.ts`), constants);
    change(join(folder, "dist/assembly/abi", `${file}.js`), constants);
  }
  compile(folder);
  await addOwnLayout(join(folder, "dist"));
  return join(folder, "scripts/portyard.mjs");
}

function change(path: string, constants: Record<string, number>): void {
  let text = readFileSync(path, "utf8");
  for (const [name, value] of Object.entries(constants)) {
    const line = new RegExp(`^export const ${name} = \\d+;$`, "m");
    if (!line.test(text)) throw new Error(`${path} has no constant ${name}`);
    text = text.replace(line, `export const ${name} = ${value};`);
  }
  writeFileSync(path, text);
}

function compile(folder: string): void {
  const asc = join(ROOT, "node_modules/assemblyscript/bin/asc.js");
  const args = [asc, "--config", "asconfig.json", "--target", "release", "--baseDir", folder];
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
  if (status !== 0) throw new Error(`the variant does not compile: ${stderr}`);
}

/** As its developers would have done: the layout that it writes is among those that it knows. */
async function addOwnLayout(dist: string): Promise<void> {
  const before = layoutOf(LAYOUT_VERSION);
  if (before === null) throw new Error("this version does not know its own layout");
  const own = JSON.stringify(await presentLayout(dist, before.identity));
  const path = join(dist, "bindings/tables/layouts/known-layouts.js");
  const text = readFileSync(path, "utf8");
  const known = text.replace(/^const KNOWN = \[(.*)\];$/m, `const KNOWN = [$1, ${own}];`);
  if (known === text) throw new Error(`${path} has no list of layouts`);
  writeFileSync(path, known);
}
