/** Where an instance keeps what it needs: sockets, lock and tables in /run/portyard/NAME, which nobody else may enter and
 *  which a boot empties; its state in /var/lib/portyard/NAME, which outlives both. */
import { chmodSync, lstatSync, mkdirSync, rmdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { PortyardError } from "../bindings/error.ts";
import { fileFault } from "../bindings/file-fault.ts";

export const RUN_ROOT = "/run/portyard";
export const STATE_ROOT = "/var/lib/portyard";

export interface PlaceOptions {
  /** Folder of the run folders of all instances. */
  runRoot?: string | undefined;
  /** Folder of the state folders of all instances. */
  stateRoot?: string | undefined;
  /** Path of the API's socket, instead of agent.sock in the run folder. */
  socket?: string | undefined;
}

export interface Place {
  name: string;
  runDirectory: string;
  stateDirectory: string;
  socket: string;
  lock: string;
  stateFile: string;
  /** What Docker was told. */
  dockerFile: string;
}

/** The paths of instance `name` (an RFC 1123 label). */
export function placeOf(name: string, { runRoot = RUN_ROOT, stateRoot = STATE_ROOT, socket }: PlaceOptions = {}): Place {
  const runDirectory = join(runRoot, name);
  const stateDirectory = join(stateRoot, name);
  return {
    name,
    runDirectory,
    stateDirectory,
    socket: socket ?? join(runDirectory, "agent.sock"),
    lock: join(runDirectory, "agent.lock"),
    stateFile: join(stateDirectory, "state.json"),
    dockerFile: join(stateDirectory, "docker.json"),
  };
}

/** Makes a folder that only this user enters, and those above it that all may pass through. A folder that is there must be
 *  this user's own. Returns true when it was made.
 *  @throws PortyardError `no-rights`, `disk-full`, `file-failed`; `directory-taken` when something else is there. */
export function makePrivateDirectory(path: string): boolean {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    mkdirSync(path, { mode: 0o700 });
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") {
      removeEmptyDirectory(path);
      throw fileFault("Making the folder", path, cause);
    }
  }
  const found = lstatSync(path);
  if (!found.isDirectory() || found.uid !== process.geteuid?.()) {
    const message = `${path} is not a folder of this user.`;
    throw new PortyardError("directory-taken", message, { path, remedy: "Move away what is there; only this user may own it." });
  }
  chmodSync(path, 0o700);
  return false;
}

/** Removes a folder when it is there and empty, and the one above when that is empty too. */
export function removeEmptyDirectory(path: string): void {
  for (const folder of [path, dirname(path)]) {
    try {
      rmdirSync(folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") return;
    }
  }
}
