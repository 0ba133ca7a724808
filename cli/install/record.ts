/** What `portyard install` has written, so that `portyard uninstall` removes exactly that. It is written before any of it, and goes as the
 *  last: whatever is cut short in between, the record has all that may be there. Paths in it are those of the installed system, without the
 *  folder of --root that it may lie in now. */
import { join } from "node:path";
import { z } from "zod";
import { readJson, writeWhole } from "../../agent/state/json-file.ts";
import { PortyardError } from "../../bindings/error.ts";
import { makeFolders, removeContent } from "./content.ts";
import { RECORD } from "./record-path.ts";

/** Raised when the meaning of the file changes. */
const VERSION = 1;

const item = z.strictObject({
  path: z.string(),
  /** Of contents that are ours: what was written, and, until that is there, what was written before. */
  checksums: z.array(z.string()),
  /** Names of the instances that need it. */
  instances: z.array(z.string()),
});
const schema = z.strictObject({
  version: z.literal(VERSION),
  instances: z.array(z.strictObject({ name: z.string(), docker: z.boolean(), isDone: z.boolean() })),
  /** Folders that were made, each behind the one above it. */
  folders: z.array(z.string()),
  items: z.array(item),
});

export type InstalledItem = z.output<typeof item>;
export type InstallRecord = z.output<typeof schema>;

/** Of the system below `root`; an empty one where nothing is installed. @throws PortyardError `state-unreadable`, `no-rights`, `file-failed`. */
export async function readRecord(root: string): Promise<InstallRecord> {
  const path = join(root, RECORD);
  const found = await readJson(path);
  if (found === null) return { version: VERSION, instances: [], folders: [], items: [] };
  const { success, data } = schema.safeParse(found);
  if (success) return data;
  throw new PortyardError("state-unreadable", `${path} is no record of this version.`, {
    path,
    remedy: "Use the Portyard that wrote it, or move it away and remove by hand what it lists.",
  });
}

/** @throws PortyardError `no-rights`, `disk-full`, `file-failed`; what was there stays. */
export async function writeRecord(root: string, record: InstallRecord): Promise<void> {
  const path = join(root, RECORD);
  await makeFolders(path);
  await writeWhole(path, JSON.stringify(record, null, 1), { mode: 0o644 });
}

/** @throws PortyardError `no-rights`, `file-failed`. */
export async function removeRecord(root: string): Promise<void> {
  const path = join(root, RECORD);
  await removeContent(`${path}.new`);
  await removeContent(path);
}
