/** The package as its user gets it: packed, installed into an empty TypeScript project without optional dependencies, and used there by
 *  somebody without rights. */
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { npm } from "./npm.ts";
import { ROOT } from "./wasm.ts";

const NOBODY = 65_534;
/** For a program that is to end by itself. */
const PATIENCE_MS = 60_000;
/** Without a registry npm would ask again for minutes. */
const INSTALLATION = [
  "--omit=optional",
  "--prefer-offline",
  "--fetch-retries=1",
  "--fetch-retry-mintimeout=1000",
  "--fetch-retry-maxtimeout=2000",
];

const COMPILER_OPTIONS = {
  target: "ES2023",
  module: "NodeNext",
  moduleResolution: "NodeNext",
  lib: ["ES2023"],
  types: ["node"],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  outDir: "built",
};

export interface PackedFile {
  path: string;
  size: number;
}

export class InstalledPackage {
  /** Everything lies below it. */
  readonly folder = mkdtempSync(join(realpathSync(tmpdir()), "portyard-package-"));
  readonly project = join(this.folder, "project");
  private node = process.execPath;
  private tarball = "";

  constructor() {
    chmodSync(this.folder, 0o755);
    mkdirSync(this.project);
    this.write("package.json", JSON.stringify({ name: "project", version: "1.0.0", private: true, type: "module" }));
    this.write("tsconfig.json", JSON.stringify({ compilerOptions: COMPILER_OPTIONS, include: ["*.ts"] }));
  }

  /** Packs what has been built; size of the tarball in bytes, and what is in it. */
  pack(): { size: number; files: PackedFile[] } {
    const { status, stdout, stderr } = npm(["pack", "--json", "--ignore-scripts", "--pack-destination", this.folder], ROOT);
    if (status !== 0) throw new Error(`npm pack: ${stderr}`);
    const [packed] = JSON.parse(stdout) as [{ filename: string; size: number; files: PackedFile[] }];
    this.tarball = join(this.folder, packed.filename);
    return packed;
  }

  /** Installs it, and what a TypeScript project of Node.js has. */
  install(): SpawnSyncReturns<string> {
    const types = JSON.parse(read("package.json")).devDependencies["@types/node"];
    return npm(["install", ...INSTALLATION, this.tarball, `@types/node@${types}`], this.project);
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.project, file), text);
  }

  /** Compiles the project with each compiler that we have, the native one and the one before it; what they complain of. */
  compile(): string {
    return ["typescript", "typescript-native"]
      .map((name) => spawnSync(process.execPath, [join(ROOT, "node_modules", name, "bin/tsc"), "-p", this.project], { encoding: "utf8" }))
      .map(({ stdout, stderr }) => stdout + stderr)
      .join("");
  }

  /** Runs a program of the project with Node.js, as nobody where this process may become that. */
  run(...args: string[]): SpawnSyncReturns<string> {
    const identity = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
    return spawnSync(this.nodeForAll(), args, {
      ...identity,
      cwd: this.project,
      encoding: "utf8",
      timeout: PATIENCE_MS,
      env: { PATH: process.env.PATH, HOME: "/nonexistent" },
    });
  }

  /** Node.js may lie in a folder that is closed to others. */
  private nodeForAll(): string {
    if (process.getuid?.() !== 0 || isOpen(this.node)) return this.node;
    const copy = join(this.folder, "node");
    copyFileSync(this.node, copy, constants.COPYFILE_FICLONE);
    chmodSync(copy, 0o755);
    accessSync(copy, constants.X_OK);
    this.node = copy;
    return copy;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Whether everybody may enter the folders above `path`. */
function isOpen(path: string): boolean {
  for (let folder = dirname(realpathSync(path)); ; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}
