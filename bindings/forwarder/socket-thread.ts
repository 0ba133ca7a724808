/** Entry of the thread that waits on a socket of forwarder.sock, because waiting blocks: posts each connection, message and
 *  end to its owner. Listening it takes one connection after the other; connected it ends with the connection. */
import { parentPort, workerData } from "node:worker_threads";
import { closeDescriptor } from "../native/io.ts";
import { accept, receive } from "../native/scm.ts";
import { MAX_MESSAGE_BYTES } from "./message.ts";

/** What this thread posts. */
export type SocketEvent =
  | { kind: "connected"; socket: number }
  | { kind: "message"; payload: Uint8Array; descriptors: number[] }
  | { kind: "ended" };

const { socket, isListening } = workerData as { socket: number; isListening: boolean };

function post(event: SocketEvent): void {
  parentPort?.postMessage(event);
}

function receiveAll(connection: number): void {
  for (let message = receive(connection, MAX_MESSAGE_BYTES); message !== null; message = receive(connection, MAX_MESSAGE_BYTES)) {
    post({ kind: "message", ...message });
  }
  post({ kind: "ended" });
}

if (isListening) {
  for (let connection = accept(socket); connection !== null; connection = accept(socket)) {
    post({ kind: "connected", socket: connection });
    receiveAll(connection);
    closeDescriptor(connection);
  }
} else {
  receiveAll(socket);
}
