/** The socket of the API: only this user may connect. What a dead agent left is removed, what lives or is no socket is not. */
import { existsSync, lstatSync, unlinkSync } from "node:fs";
import { connect, type Server } from "node:net";
import { dirname } from "node:path";
import { PortyardError } from "../bindings/error.ts";
import { fileFault } from "../bindings/file-fault.ts";

/** sun_path of unix(7), less the final zero. */
const MAX_SOCKET_BYTES = 107;

/** True when somebody accepts connections at `path`. */
export async function isListening(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (cause: NodeJS.ErrnoException) => {
      if (cause.code === "ECONNREFUSED" || cause.code === "ENOENT" || cause.code === "ENOTSOCK") resolve(false);
      else reject(fileFault("Connecting to", path, cause));
    });
  });
}

async function clear(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return;
  const remedy = "Choose another path with `--socket`, or move away what is there.";
  if (!found.isSocket()) throw new PortyardError("socket-taken", `${path} is there and is not a socket.`, { path, remedy });
  if (await isListening(path)) throw new PortyardError("agent-running", `An agent listens on ${path} already.`, { path, remedy });
  unlinkSync(path);
}

/** Makes `server` listen on a new socket of mode 0600.
 *  @throws PortyardError `agent-running`, `socket-taken`, `socket-path-long`, `no-rights`, `disk-full`, `file-failed`. */
export async function listenPrivately(server: Server, path: string): Promise<void> {
  if (Buffer.byteLength(path) > MAX_SOCKET_BYTES) {
    const remedy = "Choose a shorter one with `--socket`.";
    throw new PortyardError("socket-path-long", `A socket's path has at most ${MAX_SOCKET_BYTES} bytes.`, { path, remedy });
  }
  if (!existsSync(dirname(path))) throw fileFault("Listening on", path, { code: "ENOENT" });
  await clear(path);
  await new Promise<void>((resolve, reject) => {
    const failed = (cause: Error) => reject(fileFault("Listening on", path, cause));
    server.once("error", failed);
    // The kernel makes the socket within the call of listen, with the mask of that moment.
    const mask = process.umask(0o177);
    server.listen(path, () => {
      server.off("error", failed);
      resolve();
    });
    process.umask(mask);
  });
}
