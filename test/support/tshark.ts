/** tshark, the judge of the files that we write: what it finds in them. */
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { type CaptureFrame, readCapture } from "../../bindings/capture/index.ts";

export interface SeenFrame {
  timeNs: bigint;
  originalBytes: number;
  capturedBytes: number;
  /** Null where the format has none. */
  interface: string | null;
  /** Empty for none. */
  comments: string[];
}

/** Bytes of JSON that it may print. */
const MAX_OUTPUT_BYTES = 1 << 28;
const FIELDS = ["frame.time_epoch", "frame.len", "frame.cap_len", "frame.interface_name", "frame.comment"] as const;

export function hasTshark(): boolean {
  return ["tshark", "editcap"].every((program) => spawnSync(program, ["--version"], { stdio: "ignore" }).error === undefined);
}

/** Every frame of a capture file. @throws Error with its words when it finds fault with the file. */
export function tsharkFrames(path: string): SeenFrame[] {
  const text = run("tshark", ["-n", "-r", path, "-T", "json", ...FIELDS.flatMap((field) => ["-e", field])]);
  const rows = JSON.parse(text === "" ? "[]" : text) as { _source: { layers: Partial<Record<(typeof FIELDS)[number], string[]>> } }[];
  return rows.map(({ _source: { layers } }) => ({
    timeNs: nanoseconds(layers["frame.time_epoch"]?.[0] ?? ""),
    originalBytes: Number(layers["frame.len"]?.[0]),
    capturedBytes: Number(layers["frame.cap_len"]?.[0]),
    interface: layers["frame.interface_name"]?.[0] ?? null,
    comments: layers["frame.comment"] ?? [],
  }));
}

/** The same file, read by Wireshark's library and written in another of its formats: bytes, times and lengths as it sees them. */
export function editcapFrames(path: string, type: string): CaptureFrame[] {
  const other = `${path}.${type}`;
  try {
    run("editcap", ["-F", type, path, other]);
    const { frames, damage } = readCapture(readFileSync(other));
    if (damage !== null) throw new Error(`editcap wrote ${damage.reason}`);
    return frames;
  } finally {
    rmSync(other, { force: true });
  }
}

function run(program: string, words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, words, { encoding: "utf8", maxBuffer: MAX_OUTPUT_BYTES });
  const faults = stderr.split("\n").filter((line) => line !== "" && !line.startsWith("Running as user"));
  if (status !== 0 || faults.length > 0) throw new Error(`${program} ${words.join(" ")}: ${faults.join("\n")}`);
  return stdout;
}

/** "12.000000034" */
function nanoseconds(text: string): bigint {
  const [seconds = "", fraction = ""] = text.split(".");
  return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, "0"));
}
