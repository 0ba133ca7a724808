/** What the running demo made, written down before it is made: /run/portyard/demo.mark. A lock on the file is the proof of
 *  life; the kernel lifts it when the demo ends, however it ends. Who gets the lock and finds an entry has found the
 *  leftovers of a killed demo. (An instance's own folder is /run/portyard/NAME; a name has no dot, so this file is nobody's.) */
import { randomUUID } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { PortyardError } from "../../bindings/error.ts";
import { EAGAIN, systemCallFailed } from "../../bindings/native/errno.ts";
import { lastErrno } from "../../bindings/native/koffi.ts";
import { libc } from "./libc.ts";

export const MARK_PATH = "/run/portyard/demo.mark";
/** In the environment of every process that is started between `take` and `release`. */
export const MARK_VARIABLE = "PORTYARD_DEMO_MARK";
const LOCK_EX = 2;
const LOCK_NB = 4;

export interface MarkContent {
  pid: number;
  /** Values of MARK_VARIABLE in the environment of the processes: this demo's, then those of killed ones. */
  tokens: string[];
  /** Names below /run/netns. The inode is that of the namespace which the name was made for; null where the name itself,
   *  made from the token, cannot be another's. */
  namespaces: { name: string; inode: number | null }[];
}

export class DemoMark {
  readonly #token = randomUUID();
  #content: MarkContent;

  private constructor(
    private readonly descriptor: number,
    leftovers: MarkContent | null,
  ) {
    this.#content = { pid: process.pid, tokens: [this.#token, ...(leftovers?.tokens ?? [])], namespaces: leftovers?.namespaces ?? [] };
    this.#write();
    process.env[MARK_VARIABLE] = this.#token;
  }

  /** Takes the mark, together with what a killed demo had written: that is now this demo's to remove.
   *  @throws PortyardError `demo-running`, `mark-failed`. */
  static take(): DemoMark {
    for (;;) {
      const descriptor = open();
      lock(descriptor);
      if (isStillThere(descriptor)) return new DemoMark(descriptor, parse(readFileSync(MARK_PATH, "utf8")));
      closeSync(descriptor);
    }
  }

  /** Eight hexadecimal digits that stand in every name which this demo chooses. */
  get tag(): string {
    return tagOf(this.#token);
  }

  /** True when a killed demo left something. */
  get hasLeftovers(): boolean {
    return this.#content.tokens.length > 1;
  }

  get content(): Readonly<MarkContent> {
    return this.#content;
  }

  /** To be called when all that stands here was removed. */
  forget(): void {
    this.#content = { pid: process.pid, tokens: [this.#token], namespaces: [] };
    this.#write();
  }

  /** To be called before the name is given. @param inode of the namespace that will carry it, null for a name with the tag. */
  willName(name: string, inode: number | null): void {
    this.#content.namespaces.push({ name, inode });
    this.#write();
  }

  /** Removes the file, and the folder when nothing else is in it. */
  release(): void {
    delete process.env[MARK_VARIABLE];
    rmSync(MARK_PATH, { force: true });
    closeSync(this.descriptor);
    try {
      rmdirSync(dirname(MARK_PATH));
    } catch {
      // Another instance lives there.
    }
  }

  #write(): void {
    const line = Buffer.from(`${JSON.stringify(this.#content)}\n`);
    writeSync(this.descriptor, line, 0, line.length, 0);
    ftruncateSync(this.descriptor, line.length);
  }
}

/** @param token of a demo. @returns what stands in the names that it chose. */
export const tagOf = (token: string): string => token.slice(0, 8);

/** @param path of a namespace file. @returns the number that tells namespaces apart. */
export const namespaceInode = (path: string): number => statSync(path).ino;

function open(): number {
  try {
    mkdirSync(dirname(MARK_PATH), { recursive: true });
    return openSync(MARK_PATH, constants.O_RDWR | constants.O_CREAT, 0o600);
  } catch (cause) {
    throw new PortyardError("mark-failed", `${MARK_PATH} cannot be written: ${(cause as Error).message}`, { path: MARK_PATH, cause });
  }
}

function lock(descriptor: number): void {
  if (libc().flock(descriptor, LOCK_EX | LOCK_NB) === 0) return;
  const errno = lastErrno();
  const owner = parse(readFileSync(MARK_PATH, "utf8"));
  closeSync(descriptor);
  if (errno !== EAGAIN) throw systemCallFailed("flock", errno, MARK_PATH);
  throw new PortyardError("demo-running", `Another demo is running${owner === null ? "" : ` (process ${owner.pid})`}`, {
    path: MARK_PATH,
    value: owner?.pid ?? null,
    remedy: "End it with Ctrl-C, or wait for it.",
  });
}

/** False when the file was unlinked between open and lock: then the lock is on a file that nobody else will find. */
function isStillThere(descriptor: number): boolean {
  const now = statSync(MARK_PATH, { throwIfNoEntry: false });
  return now !== undefined && now.ino === fstatSync(descriptor).ino;
}

/** The first line counts: a demo killed between writing and cutting may have left the end of an older entry behind it. */
function parse(text: string): MarkContent | null {
  try {
    const content = JSON.parse(text.split("\n", 1)[0] as string) as MarkContent;
    return Array.isArray(content.namespaces) && Array.isArray(content.tokens) ? content : null;
  } catch {
    return null;
  }
}
