/** What agent and forwarder say to each other over forwarder.sock: one JSON object a message, descriptors beside it
 *  (SCM_RIGHTS). The agent speaks first; the forwarder answers `start` and reports what happens to it.
 *
 *      agent -> forwarder   prepare {settings}    to one that is to stand by
 *                           start  {settings, tablesPath}  [eventfd of each worker]
 *                           adopt                 by a new agent, to a forwarder that outlived the last one
 *                           attach {port}      [descriptor]
 *                           detach {port}
 *                           stop
 *      forwarder -> agent   adopted {settings}  [eventfd of each worker]
 *                           held {port, identity}  [descriptor]       of each port, then: started
 *                           prepared | started | failed {reason} | log {level, text, details}
 *
 *  `adopt` and what answers it, and the end by SIGTERM, are what versions with different tables have in common: they stay. */
import type { HeldPort } from "./held-port.ts";
import type { ForwarderSettings } from "./settings.ts";

export type ToForwarder =
  | { kind: "prepare"; settings: ForwarderSettings }
  | { kind: "start"; settings: ForwarderSettings; tablesPath: string }
  | { kind: "adopt" }
  | { kind: "attach"; port: number }
  | { kind: "detach"; port: number }
  | { kind: "stop" };

export type ToAgent =
  | { kind: "adopted"; settings: ForwarderSettings }
  | { kind: "held"; port: number; identity?: HeldPort }
  | { kind: "prepared" }
  | { kind: "started" }
  | { kind: "failed"; reason: string }
  | { kind: "log"; level: "debug" | "info" | "warn" | "error"; text: string; details?: Record<string, unknown> };

/** Longest message in bytes. */
export const MAX_MESSAGE_BYTES = 65536;

/** A message as it goes over the socket. */
export function encode(message: ToForwarder | ToAgent): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(message));
}

/** The message that `encode` made these bytes of. */
export function decode<Message extends ToForwarder | ToAgent>(payload: Uint8Array): Message {
  return JSON.parse(new TextDecoder().decode(payload)) as Message;
}
