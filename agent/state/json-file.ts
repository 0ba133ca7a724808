/** A file of JSON that outlives a power cut: written whole, to a new file that takes the old one's place, with both the file and its
 *  folder on the disk before the call returns. Whoever reads finds the old one or the new one, never a part. */
import { open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { PortyardError } from "../../bindings/error.ts";
import { fileFault } from "../../bindings/file-fault.ts";

/** What `path` holds, or null when there is none. @throws PortyardError `state-unreadable` for what is no JSON; `no-rights`, `file-failed`. */
export async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code;
    if (reason === "ENOENT") return null;
    if (reason !== undefined) throw fileFault("Reading", path, cause);
    const remedy = "Move the file away; what it held must be made again.";
    throw new PortyardError("state-unreadable", `${path} is not a state of this version: it is no JSON.`, { path, remedy, cause });
  }
}

/** Puts `value` in the place of what `path` held.
 *  @throws PortyardError `disk-full`, `no-rights`, `file-failed`; what was there stays. */
export function writeJson(path: string, value: unknown): Promise<void> {
  return writeWhole(path, JSON.stringify(value, null, 1));
}

/** How a file is written. */
export interface WriteOptions {
  /** Who may read and write it; only this user where nothing is said. */
  mode?: number;
  /** Path beside it that the new one has until it takes the old one's place. */
  fresh?: string;
}

/** Puts `text` in the place of what `path` held.
 *  @throws PortyardError `disk-full`, `no-rights`, `file-failed`; what was there stays. */
export async function writeWhole(path: string, text: string, { mode = 0o600, fresh = `${path}.new` }: WriteOptions = {}): Promise<void> {
  try {
    await writeThrough(fresh, text, mode);
    await rename(fresh, path);
    await syncDirectory(dirname(path));
  } catch (cause) {
    await rm(fresh, { force: true }).catch(() => {}); // the first fault is the one to tell
    throw fileFault("Writing", path, cause);
  }
}

/** Removes the file, for good when this resolves; nothing happens when there is none. @throws PortyardError `no-rights`, `file-failed`. */
export async function removeJson(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
    await rm(`${path}.new`, { force: true });
    await syncDirectory(dirname(path));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw fileFault("Removing", path, cause); // no folder, no file
  }
}

async function writeThrough(path: string, text: string, mode: number): Promise<void> {
  const file = await open(path, "w", mode);
  try {
    await file.chmod(mode);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
