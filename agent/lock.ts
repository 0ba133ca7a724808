/** One agent for each name: the lock file in the run folder, held by a lock of the kernel that ends with the process that
 *  took it, however it ends. The pid in the file is for people. */
import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync, statSync, unlinkSync, writeSync } from "node:fs";
import { PortyardError } from "../bindings/error.ts";
import { fileFault } from "../bindings/file-fault.ts";
import { AGENT_LIFE, claimLife, isAlive } from "../bindings/native/tables-file.ts";
import { makePrivateDirectory, type Place, removeEmptyDirectory } from "./place.ts";
import type { Undo } from "./undo.ts";

const FLAGS = constants.O_RDWR | constants.O_NOFOLLOW;

/** Ends the claim and removes the file. */
export type Release = () => void;

/** Takes the name of `place`, whose run folder exists.
 *  @throws PortyardError `agent-running` when a living agent has it; `no-rights`, `disk-full`, `file-failed`. */
export function claimName(place: Place): Release {
  const descriptor = open(place.lock);
  if (!claimLife(descriptor, AGENT_LIFE)) {
    const pid = readPid(descriptor);
    closeSync(descriptor);
    throw agentRunning(place, pid);
  }
  if (!isStill(place.lock, descriptor)) {
    closeSync(descriptor);
    return claimName(place);
  }
  ftruncateSync(descriptor, 0);
  writeSync(descriptor, `${process.pid}\n`, 0);
  return () => {
    unlinkSync(place.lock);
    closeSync(descriptor);
  };
}

/** Makes the folders of `place` and takes its name; `undo` gives both back.
 *  @throws PortyardError as `claimName`, and `directory-taken`. */
export function claimPlace(place: Place, undo: Undo): void {
  for (const folder of [place.runDirectory, place.stateDirectory]) {
    makePrivateDirectory(folder);
    undo.push(() => removeEmptyDirectory(folder));
  }
  undo.push(claimName(place));
}

/** The pid of the living agent of `place`, 0 when it left none, or null when none lives. */
export function livingAgent(place: Place): number | null {
  let descriptor: number;
  try {
    descriptor = openSync(place.lock, FLAGS);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw fileFault("Opening", place.lock, cause);
  }
  const pid = isAlive(descriptor, AGENT_LIFE) ? readPid(descriptor) : null;
  closeSync(descriptor);
  return pid;
}

function open(path: string): number {
  try {
    return openSync(path, FLAGS | constants.O_CREAT, 0o600);
  } catch (cause) {
    throw fileFault("Opening", path, cause);
  }
}

/** False when the one who had the lock before removed the file between our opening and our lock. */
function isStill(path: string, descriptor: number): boolean {
  const there = statSync(path, { throwIfNoEntry: false });
  return there !== undefined && there.ino === fstatSync(descriptor).ino;
}

function readPid(descriptor: number): number {
  const buffer = Buffer.alloc(16);
  const length = readSync(descriptor, buffer, 0, buffer.length, 0);
  return Number.parseInt(buffer.toString("latin1", 0, length), 10) || 0;
}

function agentRunning(place: Place, pid: number): PortyardError {
  const who = pid > 0 ? ` (pid ${pid})` : "";
  return new PortyardError("agent-running", `An agent named ${place.name} is running already${who}.`, {
    path: place.lock,
    value: place.name,
    remedy: `Stop it with \`portyard down --name ${place.name}\`, or choose another name with \`--name\`.`,
  });
}
