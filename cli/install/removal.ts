/** The way of `portyard uninstall`: end the instance, then remove what the record says was written for it, unless somebody has changed it or
 *  another instance needs it, and last the record itself. Cut short anywhere, the same again finishes it. */
import { join } from "node:path";
import { checksumOf, contentAt, removeContent, removeFolder, removeUnfinished } from "./content.ts";
import { type InstalledItem, type InstallRecord, readRecord, removeRecord, writeRecord } from "./record.ts";
import { READ_UNITS, runCommand, type Services, stopCommands, type Target, type Words } from "./service.ts";
import { ALWAYS, DOCKER, unitPath } from "./wanted.ts";

export interface RemovalRequest {
  name: string;
  target: Target;
  /** Remove also what was changed, and forget what the API and Docker made. */
  purge: boolean;
}

/** What is done about one item: it goes, it stays because it was changed or for another instance, or it has gone already. */
type Action = "remove" | "keep" | "share" | "gone";

export interface RemovalPlan extends Services {
  target: Target;
  /** Nothing of this name is installed; `others` are. */
  isAbsent: boolean;
  others: string[];
  items: { path: string; action: Action }[];
  /** Folders that were made, the lowest first: they go when they are empty. */
  folders: string[];
  before: Words[];
  after: Words[];
  /** As it was before. */
  record: InstallRecord;
}

/** Looks, and changes nothing. @throws PortyardError `state-unreadable`, `no-rights`, `file-failed`. */
export async function planRemoval({ name, target, purge }: RemovalRequest): Promise<RemovalPlan> {
  const record = await readRecord(target.root);
  const { docker = false } = record.instances.find((instance) => instance.name === name) ?? {};
  const ours = record.items.filter(({ instances }) => instances.includes(name));
  const items = ours.map((item) => ({ path: item.path, action: judge(item, target.root, purge) }));
  const others = record.instances.map((instance) => instance.name).filter((other) => other !== name);
  const isThere = (unit: string) => contentAt(join(target.root, unitPath(unit))) !== null;
  const services = { name, docker: docker && isThere(DOCKER) };
  const mayRun = ours.length > 0 && ALWAYS.every(isThere);
  return {
    ...services,
    target,
    isAbsent: others.length === record.instances.length,
    others,
    items,
    folders: record.folders.toReversed(),
    before: mayRun ? stopCommands(services, target.programs, purge) : [],
    after: ours.length > 0 ? [READ_UNITS] : [],
    record,
  };
}

function judge({ path, checksums, instances }: InstalledItem, root: string, purge: boolean): Action {
  if (instances.length > 1) return "share";
  const found = contentAt(join(root, path));
  if (found === null) return "gone";
  return checksums.includes(checksumOf(found)) || (purge && found.kind !== "other") ? "remove" : "keep";
}

/** Does what the plan says; yields after each step.
 *  @throws PortyardError of the step that failed; what it was about is there still, and in the record. */
export async function* remove(plan: RemovalPlan): AsyncGenerator<void> {
  if (plan.isAbsent) return;
  const { root, notRun } = plan.target;
  const run = async (commands: readonly Words[]) => {
    if (notRun === null) for (const words of commands) await runCommand(words);
  };
  await run(plan.before);
  yield;
  for (const { path, action } of plan.items.filter(({ action }) => action !== "share")) {
    if (action === "remove") await removeContent(join(root, path));
    await removeUnfinished(join(root, path));
    yield;
  }
  await run(plan.after);
  yield;
  await forget(plan);
}

/** Takes the instance out of the record, or the record away with the last one, and the folders with it. */
async function forget({ name, target: { root }, folders, record }: RemovalPlan): Promise<void> {
  const instances = record.instances.filter((instance) => instance.name !== name);
  if (instances.length === 0) await removeRecord(root);
  const gone: string[] = [];
  for (const folder of folders) if (await removeFolder(join(root, folder))) gone.push(folder);
  if (instances.length === 0) return;
  const items = record.items.map((item) => ({ ...item, instances: item.instances.filter((other) => other !== name) }));
  await writeRecord(root, {
    ...record,
    instances,
    folders: record.folders.filter((folder) => !gone.includes(folder)),
    items: items.filter((item) => item.instances.length > 0),
  });
}
