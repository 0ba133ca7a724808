/** A system that Portyard is installed into: a folder, and what stands for systemctl and for `portyard` there, which write down how they
 *  were called. */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import type { Target } from "../../../cli/install/service.ts";

export class System {
  readonly #folder = mkdtempSync(join(tmpdir(), "portyard-system-"));
  /** Where it lies; a file of somebody else is in it. */
  readonly root = join(this.#folder, "root");
  readonly #programs = join(this.#folder, "programs");
  readonly #log = join(this.#folder, "calls");
  readonly #faults = join(this.#folder, "faults");
  readonly #path = process.env.PATH;

  constructor() {
    this.write("/etc/portyard/other.yaml", "name: other\n");
    this.write("/etc/systemd/system/other.service", "[Service]\nExecStart=true\n");
    this.#program(
      "systemctl",
      `#!/bin/sh\necho "systemctl $*" >> '${this.#log}'\ngrep -qs "^$1 " '${this.#faults}' && { echo no >&2; exit 1; }\nexit 0\n`,
    );
    this.#program("node", `#!/bin/sh\necho "$@" >> '${this.#log}'\n`);
    process.env.PATH = `${this.#programs}${delimiter}${this.#path}`;
  }

  #program(name: string, text: string): void {
    mkdirSync(this.#programs, { recursive: true });
    writeFileSync(join(this.#programs, name), text);
    chmodSync(join(this.#programs, name), 0o755);
  }

  /** As the one that runs, with systemd. @param version of the programs: another one lies elsewhere. */
  target(version = "1"): Target {
    const programs = { node: join(this.#programs, "node"), portyard: "portyard", standby: `/opt/${version}/standby.mjs` };
    return { root: this.root, programs, notRun: null };
  }

  /** What was called since the last time, one line each. */
  calls(): string[] {
    const lines = existsSync(this.#log) ? readFileSync(this.#log, "utf8").trimEnd().split("\n") : [];
    rmSync(this.#log, { force: true });
    return lines;
  }

  /** systemctl says no to this word from now on; to none for null. */
  failAt(word: string | null): void {
    writeFileSync(this.#faults, word === null ? "" : `${word} \n`);
  }

  path(path: string): string {
    return join(this.root, path);
  }

  read(path: string): string {
    return readFileSync(this.path(path), "utf8");
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(this.path(path)), { recursive: true });
    writeFileSync(this.path(path), text);
  }

  /** Everything in it, by path: the kind, permissions and content of each. */
  tree(): Record<string, string> {
    const paths = (readdirSync(this.root, { recursive: true }) as string[]).sort();
    return Object.fromEntries(paths.map((path) => [`/${path}`, describe(this.path(path))]));
  }

  remove(): void {
    process.env.PATH = this.#path;
    rmSync(this.#folder, { recursive: true });
  }
}

function describe(path: string): string {
  const status = lstatSync(path);
  if (status.isSymbolicLink()) return `-> ${readlinkSync(path)}`;
  const mode = (status.mode & 0o777).toString(8);
  return status.isDirectory() ? `folder ${mode}` : `file ${mode} ${readFileSync(path, "utf8")}`;
}
