/** Where Docker's calls come in: at a socket of our own, which goes with this agent, or at one that a service manager holds and hands over.
 *  That one is neither made nor removed here: calls that come while no agent runs wait in it for the next. */
import { mkdirSync, rmdirSync } from "node:fs";
import type { Server } from "node:net";
import { dirname } from "node:path";
import { fileFault } from "../../bindings/file-fault.ts";
import { duplicate } from "../../bindings/native/descriptor.ts";
import { listenPrivately } from "../socket.ts";

/** Makes `server` listen. Returns what is to be called after its end: a folder that was made for the socket goes.
 *  @param path of the socket that is made where none was handed over.
 *  @param descriptor of the socket that was; it stays open when `server` ends, for the next server of this process.
 *  @throws PortyardError `agent-running`, `socket-taken`, `socket-path-long`, `no-rights`, `disk-full`, `file-failed`; of a descriptor
 *  `system-call-failed`, `koffi-missing`. */
export async function listenForDocker(server: Server, path: string, descriptor: number | null): Promise<() => void> {
  if (descriptor !== null) {
    await listenOn(server, duplicate(descriptor));
    return () => {};
  }
  const first = makeFolder(dirname(path));
  const clear = (): void => {
    if (first !== undefined) removeFolders(dirname(path), first);
  };
  try {
    await listenPrivately(server, path);
  } catch (error) {
    clear();
    throw error;
  }
  return clear;
}

/** Returns the topmost folder that was not there. */
function makeFolder(path: string): string | undefined {
  try {
    return mkdirSync(path, { recursive: true });
  } catch (cause) {
    throw fileFault("Making the folder", path, cause);
  }
}

function listenOn(server: Server, descriptor: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (cause: Error) => reject(fileFault("Listening on descriptor", String(descriptor), cause));
    server.once("error", failed);
    server.listen({ fd: descriptor }, () => {
      server.off("error", failed);
      resolve();
    });
  });
}

/** From `path` up to `first`, as far as they are empty. */
function removeFolders(path: string, first: string): void {
  try {
    for (let folder = path; folder.length >= first.length; folder = dirname(folder)) rmdirSync(folder);
  } catch {
    // somebody has put something there
  }
}
