/** The tables file of an engine of this name that has another layout: what is read of it, and how another file takes its place.
 *
 *      tables        of the predecessor, also while everything is made ready
 *      tables.new    of this engine, until the switch; beside it forwarder.new.sock
 *      tables.old    the predecessor's, from the switch until its forwarder has ended
 *
 *  A death at any moment leaves files that tell how far it had come; `tidy` goes back, or forward.                       */
import { existsSync, linkSync, readSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { HEAD_LAYOUT, HEAD_MAGIC, MAGIC, TABLES } from "../../assembly/abi/memory-map.ts";
import { socketPathIn } from "../forwarder/forwarder-process.ts";
import { endForwarders, type Instance, newTables, oldTables, tablesPlaces } from "../forwarder/left-over-forwarder.ts";
import type { TablesFile } from "../native/tables-file.ts";
import { layoutOf } from "../tables/layouts/known-layouts.ts";
import { LeftTables } from "../tables/left-tables.ts";

/** What is known of a file of another layout. */
export interface LeftContent {
  /** Number of its layout; 0 when it is no tables file. */
  version: number;
  /** Null when nothing is known of its layout. */
  tables: LeftTables | null;
}

/** One that is to be replaced; this engine holds the lock that proves its owner's life. */
export interface LeftFile extends LeftContent {
  file: TablesFile;
  /** Its forwarder goes on. */
  isLiving: boolean;
}

/** Where the forwarder over the new tables listens until the switch. */
export function newSocketIn(directory: string): string {
  return join(directory, "forwarder.new.sock");
}

/** @param descriptor of the file, which stays open as long as the result is used. */
export function readLeft(descriptor: number): LeftContent {
  const head = new DataView(new ArrayBuffer(8));
  readSync(descriptor, head, 0, 8, 0);
  const isTables = head.getUint32(HEAD_MAGIC - TABLES, true) === MAGIC;
  const version = isTables ? head.getUint32(HEAD_LAYOUT - TABLES, true) : 0;
  const layout = layoutOf(version);
  return { version, tables: layout && LeftTables.open(descriptor, layout) };
}

/** The new file takes the place of the left one, which goes by another name until its forwarder has ended.
 *  @throws Error of the file system; nothing is changed then. */
export function replaceTables(file: TablesFile, left: TablesFile): void {
  linkSync(left.path, oldTables(left.path));
  try {
    renameSync(file.path, left.path);
  } catch (error) {
    rmSync(oldTables(left.path));
    throw error;
  }
  file.path = left.path;
  left.path = oldTables(left.path);
}

/** After the end of the predecessor's forwarder, whose socket had the usual place until now. */
export function replaceSocket(directory: string): void {
  renameSync(newSocketIn(directory), socketPathIn(directory));
}

/** Undoes, or ends, a takeover in whose middle its engine died. */
export async function tidy(instance: Instance): Promise<void> {
  for (const path of tablesPlaces(instance)) await tidyPlace(instance, path);
}

async function tidyPlace(instance: Instance, path: string): Promise<void> {
  const [added, replaced] = [newTables(path), oldTables(path)];
  const isBefore = existsSync(added);
  if (isBefore) await dropFile(instance, added);
  if (!existsSync(replaced)) return;
  if (existsSync(path) && statSync(path).ino === statSync(replaced).ino) return rmSync(replaced);
  await dropFile(instance, replaced);
  const socket = newSocketIn(instance.runDirectory);
  if (!isBefore && existsSync(socket)) renameSync(socket, socketPathIn(instance.runDirectory));
}

async function dropFile(instance: Instance, path: string): Promise<void> {
  await endForwarders(instance, [path]);
  rmSync(path);
  if (path.endsWith(newTables(""))) rmSync(newSocketIn(instance.runDirectory), { force: true });
}
