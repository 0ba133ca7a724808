/** The agent's log: one JSON object a line, on stderr or in a file, written at once so that a death loses nothing. */
import { openSync } from "node:fs";
import pino from "pino";
import type { EngineOptions } from "../bindings/engine/types.ts";
import { fileFault } from "../bindings/file-fault.ts";
import type { LogLevel } from "./log-level.ts";

export type Log = pino.Logger;

export interface LogOptions {
  level?: LogLevel | undefined;
  /** Path of a file that is appended to, instead of stderr. */
  file?: string | undefined;
  /** Name of the instance, in each line. */
  instance: string;
}

/** @throws PortyardError `no-rights`, `disk-full`, `file-failed` for a file that cannot be opened. */
export function createLog({ level = "info", file, instance }: LogOptions): Log {
  const destination = pino.destination({ dest: file === undefined ? 2 : openLog(file), sync: true });
  destination.on("error", () => {}); // a log that cannot be written ends no forwarding
  const formatters = { level: (label: string) => ({ level: label }) };
  return pino({ level, base: { pid: process.pid, instance }, timestamp: pino.stdTimeFunctions.isoTime, formatters }, destination);
}

function openLog(path: string): number {
  try {
    return openSync(path, "a", 0o640);
  } catch (cause) {
    throw fileFault("Opening the log", path, cause);
  }
}

/** The forwarder's records as lines of this log, marked `part: "forwarder"`. */
export function forwarderLog(log: Log): NonNullable<EngineOptions["log"]> {
  const child = log.child({ part: "forwarder" });
  return (level, message, details) => child[level](details ?? {}, message);
}
