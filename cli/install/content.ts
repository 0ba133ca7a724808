/** What lies at a path, a file or a link, in a form that can be compared, written and removed. */
import { createHash } from "node:crypto";
import { existsSync, lstatSync, readFileSync, readlinkSync } from "node:fs";
import { mkdir, rename, rm, rmdir, symlink } from "node:fs/promises";
import { dirname } from "node:path";
import { writeWhole } from "../../agent/state/json-file.ts";
import { fileFault } from "../../bindings/file-fault.ts";

export interface Content {
  /** What is neither a file nor a link, a folder for one, has no text. */
  kind: "file" | "link" | "other";
  /** Of a file; the target of a link. */
  text: string;
}

const FILE_MODE = 0o644;
const FOLDER_MODE = 0o755;
/** Of what is being written, until it takes its place. */
const fresh = (path: string): string => `${path}.portyard-new`;

/** What is at `path` now; null for nothing. A link is not followed. @throws PortyardError `no-rights`, `file-failed`. */
export function contentAt(path: string): Content | null {
  try {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) return null;
    if (found.isSymbolicLink()) return { kind: "link", text: readlinkSync(path) };
    return found.isFile() ? { kind: "file", text: readFileSync(path, "utf8") } : { kind: "other", text: "" };
  } catch (cause) {
    throw fileFault("Reading", path, cause);
  }
}

/** SHA-256 of kind and text, in hexadecimal. */
export function checksumOf({ kind, text }: Content): string {
  return createHash("sha256").update(`${kind}\0${text}`).digest("hex");
}

/** Puts it in the place of what `path` holds, whole or not at all. The folder is there.
 *  @throws PortyardError `no-rights`, `disk-full`, `file-failed`; what was there stays. */
export async function putContent(path: string, { kind, text }: Content): Promise<void> {
  if (kind === "file") return writeWhole(path, text, { mode: FILE_MODE, fresh: fresh(path) });
  try {
    await rm(fresh(path), { force: true });
    await symlink(text, fresh(path));
    await rename(fresh(path), path);
  } catch (cause) {
    throw fileFault("Linking", path, cause);
  }
}

/** Nothing happens when there is none. @throws PortyardError `no-rights`, `file-failed`. */
export async function removeContent(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch (cause) {
    throw fileFault("Removing", path, cause);
  }
}

/** Removes what a write of `path` left that did not come to its end. @throws PortyardError as removeContent. */
export const removeUnfinished = (path: string): Promise<void> => removeContent(fresh(path));

/** Folders on the way to `path` that are not there, the topmost first. */
export function missingFolders(path: string): string[] {
  const folder = dirname(path);
  return folder === path || existsSync(folder) ? [] : [...missingFolders(folder), folder];
}

/** Makes those on the way to `path`. @throws PortyardError `no-rights`, `disk-full`, `file-failed`. */
export async function makeFolders(path: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: FOLDER_MODE });
  } catch (cause) {
    throw fileFault("Making the folder", dirname(path), cause);
  }
}

/** True when the folder is gone: it was empty, or had gone before. */
export async function removeFolder(path: string): Promise<boolean> {
  try {
    await rmdir(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}
