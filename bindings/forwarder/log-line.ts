/** The forwarder's log: one JSON object a line on its stderr, which is a file in the run folder. */
import { readFileSync } from "node:fs";

export type LogLevel = "debug" | "info" | "warn" | "error";

/** A line of the log, with its end. */
export function logLine(level: LogLevel, message: string, details: Record<string, unknown>): string {
  return `${JSON.stringify({ level, time: new Date().toISOString(), process: "forwarder", pid: process.pid, message, ...details })}\n`;
}

/** The reason in the last line of the log at `path`, when that is an error; null when it is none, or cannot be read. */
export function lastError(path: string): string | null {
  try {
    const line = JSON.parse(readFileSync(path, "utf8").trimEnd().split("\n").at(-1) ?? "") as { level?: LogLevel; reason?: string };
    return line.level === "error" ? (line.reason ?? null) : null;
  } catch {
    return null;
  }
}
