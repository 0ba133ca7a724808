/** Where Docker's calls come in: at a socket of our own, which goes with this agent, or at one that a service manager holds and hands over.
 *  That one is neither made nor removed here: calls that come while no agent runs wait in it for the next. */
import { mkdirSync } from "node:fs";
import type { Server } from "node:net";
import { dirname } from "node:path";
import { fileFault } from "../../bindings/file-fault.ts";
import { duplicate } from "../../bindings/native/descriptor.ts";
import { removeEmptyDirectory } from "../place.ts";
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
  const isMade = mkdirSync(dirname(path), { recursive: true }) !== undefined;
  await listenPrivately(server, path);
  return () => {
    if (isMade) removeEmptyDirectory(dirname(path));
  };
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
