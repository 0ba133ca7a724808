/** The way of `portyard install`: look at everything that is there, refuse before anything is changed, then write and start. Nothing is
 *  overwritten but what an earlier install wrote and nobody has changed since. */
import { join } from "node:path";
import { PortyardError } from "../../bindings/error.ts";
import { type Content, checksumOf, contentAt, makeFolders, missingFolders, putContent } from "./content.ts";
import { RECORD } from "./record-path.ts";
import { type InstalledItem, type InstallRecord, readRecord, writeRecord } from "./record.ts";
import { runCommand, type Services, startCommands, type Target, type Words } from "./service.ts";
import { type WantedItem, wantedItems } from "./wanted.ts";

export interface InstallRequest extends Services {
  target: Target;
  /** Take the configuration that is there, whoever wrote it. */
  keepConfiguration: boolean;
}

/** What is done about one item: it is new, takes the place of an earlier one of ours, stays as it is, or is somebody's configuration. */
type Action = "write" | "replace" | "same" | "keep";

export interface PlannedItem extends WantedItem {
  action: Action;
}

export interface InstallPlan extends Services {
  target: Target;
  /** All is as it should be. */
  isDone: boolean;
  /** Folders that are not there, below `target.root` as all paths. */
  folders: string[];
  items: PlannedItem[];
  commands: Words[];
  /** As it was before. */
  record: InstallRecord;
}

/** Looks, and changes nothing. An instance that has Docker's socket keeps it.
 *  @throws PortyardError `file-taken`; `state-unreadable`, `no-rights`, `file-failed`. */
export async function planInstall({ name, target, keepConfiguration, ...asked }: InstallRequest): Promise<InstallPlan> {
  const { root, programs } = target;
  const record = await readRecord(root);
  const before = record.instances.find((instance) => instance.name === name);
  const docker = asked.docker || (before?.docker ?? false);
  const judged = wantedItems({ name, docker }, programs).map((wanted) => {
    return { ...wanted, action: judge(wanted, contentAt(join(root, wanted.path)), itemOf(record, wanted.path), keepConfiguration) };
  });
  refuse(judged, root);
  const items = judged as PlannedItem[];
  const isDone = before?.isDone === true && before.docker === docker && !items.some(isChange);
  const paths = [RECORD, ...items.map(({ path }) => path)];
  const folders = [...new Set(paths.flatMap((path) => missingFolders(join(root, path))))].filter((folder) => isBelow(root, folder));
  const commands = isDone ? [] : startCommands({ name, docker }, before !== undefined);
  return { name, docker, target, isDone, folders, items, commands, record };
}

const isBelow = (root: string, path: string): boolean => root === "/" || path.startsWith(`${root}/`);
const itemOf = (record: InstallRecord, path: string): InstalledItem | undefined => record.items.find((item) => item.path === path);
const isChange = ({ action }: PlannedItem): boolean => action === "write" || action === "replace";

/** @returns null for what is to be refused. */
function judge(
  { content, isConfiguration }: WantedItem,
  found: Content | null,
  ours: InstalledItem | undefined,
  keep: boolean,
): Action | null {
  if (found === null) return "write";
  if (checksumOf(found) === checksumOf(content)) return "same";
  if (ours?.checksums.includes(checksumOf(found))) return "replace";
  return isConfiguration && found.kind !== "other" && (keep || ours !== undefined) ? "keep" : null;
}

function refuse(items: readonly (WantedItem & { action: Action | null })[], root: string): void {
  const refused = items.filter(({ action }) => action === null);
  const [first] = refused;
  if (first === undefined) return;
  const paths = refused.map(({ path }) => join(root, path));
  const are = paths.length === 1 ? "is there and is" : "are there and are";
  const units = "Move it away; what it changes belongs into a file of its own (`systemctl edit`), which stays.";
  throw new PortyardError("file-taken", `${paths.join(", ")} ${are} not as \`portyard install\` wrote it: nothing was changed.`, {
    path: paths[0]!,
    value: paths,
    remedy: first.isConfiguration ? "Say --keep-config to start the instance with it, or move it away." : units,
  });
}

/** Does what the plan says; yields after each step, at any of which it may be cut short: the record has it by then.
 *  @throws PortyardError of the step that failed; the steps before it are done. */
export async function* install(plan: InstallPlan): AsyncGenerator<void> {
  if (plan.isDone) return;
  const { root, notRun } = plan.target;
  await writeRecord(root, recordOf(plan, false));
  yield;
  for (const { path, content } of plan.items.filter(isChange)) {
    await makeFolders(join(root, path));
    await putContent(join(root, path), content);
    yield;
  }
  if (notRun === null) {
    for (const words of plan.commands) {
      await runCommand(words);
      yield;
    }
  }
  await writeRecord(root, recordOf(plan, true));
}

/** The record with this instance in it. @param isDone false: what takes the place of an earlier one may be either. */
function recordOf({ name, docker, target, folders, items, record }: InstallPlan, isDone: boolean): InstallRecord {
  const inside = (folder: string): string => join("/", folder.slice(target.root === "/" ? 0 : target.root.length));
  const changed = items.flatMap((item) => installed(item, itemOf(record, item.path), name, isDone));
  const paths = changed.map(({ path }) => path);
  return {
    ...record,
    instances: [...record.instances.filter((instance) => instance.name !== name), { name, docker, isDone }],
    folders: [...new Set([...record.folders, ...folders.map(inside)])],
    items: [...record.items.filter(({ path }) => !paths.includes(path)), ...changed],
  };
}

/** What is there without us is none of ours, also where it is the same. */
function installed(item: PlannedItem, before: InstalledItem | undefined, name: string, isDone: boolean): InstalledItem[] {
  if (before === undefined && !isChange(item)) return [];
  const old = before?.checksums ?? [];
  const ours = item.action === "keep" ? old : isDone ? [checksumOf(item.content)] : [...old, checksumOf(item.content)];
  return [{ path: item.path, checksums: [...new Set(ours)], instances: [...new Set([...(before?.instances ?? []), name])] }];
}
