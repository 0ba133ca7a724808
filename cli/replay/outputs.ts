/** The capture files of a replay: one for each port with what left it, and one with every frame of which something was dropped, as it
 *  entered, with the reasons as its comment. */
import { fstatSync, mkdirSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import { BUFFER_BYTES, CaptureFile } from "../../bindings/capture/capture-file.ts";
import { PcapngEncoder } from "../../bindings/capture/index.ts";
import type { CaptureRecord } from "../../bindings/capture/capture-record.ts";
import type { EngineConfig } from "../../bindings/config/types.ts";
import { PortyardError } from "../../bindings/error.ts";
import { fileFault } from "../../bindings/file-fault.ts";
import type { DirectWay } from "../../bindings/forwarder/direct-way.ts";
import { dropComment } from "../../bindings/replay/drop-comment.ts";
import { replayConfigOf } from "../../bindings/replay/replay-config.ts";
import type { ReplaySink } from "../../bindings/replay/sink.ts";
import type { ReplayedDrop } from "../../bindings/replay/types.ts";
import { STANDARD_INPUT } from "./inputs.ts";

const DROPS = "drops";

export class Outputs implements ReplaySink {
  readonly #ports = new Map<string, CaptureFile>();
  readonly #drops: CaptureFile;
  /** Index of each port among the interfaces of the file of drops. */
  readonly #indices: ReadonlyMap<string, number>;

  private constructor(folder: string, names: readonly string[]) {
    const interfaces = names.map((name) => ({ name }));
    this.#indices = new Map(names.map((name, index) => [name, index]));
    this.#drops = file(folder, DROPS, interfaces);
    try {
      for (const one of interfaces) this.#ports.set(one.name, file(folder, one.name, [one]));
    } catch (error) {
      this.abandon();
      throw error;
    }
  }

  /** Makes the folder, if it is not there, and the files, which replace those of their names.
   *  @param inputs paths of the captures that are going to be read.
   *  @throws PortyardError `no-rights`, `disk-full`, `file-failed`; `name-taken` where a port is called as the file of drops, `file-taken` where
   *  a file would replace a capture that is to be read. Nothing is written then. */
  static open(folder: string, config: EngineConfig, inputs: readonly string[]): Outputs {
    const names = replayConfigOf(config).config.ports.map(({ name }) => name);
    if (names.includes(DROPS)) {
      const remedy = "Call the port otherwise in a copy of the configuration, or leave out --out.";
      throw new PortyardError("name-taken", `The file of port ${DROPS} would be that of the dropped frames.`, { value: DROPS, remedy });
    }
    const own = [DROPS, ...names].map((name) => pathIn(folder, name));
    const taken = own.find((path) => inputs.some((input) => isSameFile(input, path)));
    if (taken !== undefined) {
      const remedy = "Say another folder with --out.";
      throw new PortyardError("file-taken", `${taken} is a capture that is to be replayed: writing there would empty it.`, {
        path: taken,
        remedy,
      });
    }
    try {
      mkdirSync(folder, { recursive: true });
    } catch (cause) {
      throw fileFault("Making the folder", folder, cause);
    }
    return new Outputs(folder, names);
  }

  /** Every file, that of the drops first. */
  get paths(): string[] {
    return [this.#drops, ...this.#ports.values()].map(({ path }) => path);
  }

  /** Files gather in the engine's memory, as far as it goes: what leaves is there. */
  begin(way: DirectWay): void {
    for (const file of this.#ports.values()) file.gatherIn(way.lend(BUFFER_BYTES), way.memory);
  }

  left(port: string, memory: Uint8Array, place: number, bytes: number, originalBytes: number, record: CaptureRecord): void {
    this.#ports.get(port)?.append(memory, place, bytes, originalBytes, record.seconds, record.nanoseconds);
  }

  entered(_number: number, port: string, record: CaptureRecord, source: Uint8Array, drops: readonly ReplayedDrop[]): void {
    if (drops.length === 0) return;
    const { at, originalBytes, timeNs } = record;
    const bytes = source.subarray(at, at + record.bytes);
    this.#drops.write({ bytes, originalBytes, timeNs, interface: this.#indices.get(port) ?? 0, comment: dropComment(drops) });
  }

  /** Also where one of them fails; the first error comes out. @throws PortyardError `disk-full`, `file-failed`. */
  close(): void {
    const failures: unknown[] = [];
    for (const one of [this.#drops, ...this.#ports.values()]) {
      try {
        one.close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  /** After a failure: what is written is written, and no further error hides the first. */
  abandon(): void {
    try {
      this.close();
    } catch {
      // the first error is the one that explains
    }
  }
}

/** A replay goes on where a file cannot hold a time: the nearest that it holds is written. */
function file(folder: string, name: string, interfaces: { name: string }[]): CaptureFile {
  return new CaptureFile(pathIn(folder, name), new PcapngEncoder({ interfaces, times: "nearest" }));
}

const pathIn = (folder: string, name: string): string => join(folder, `${name}.pcapng`);

/** Also by another name, or as standard input; false where one of them is not there. */
function isSameFile(input: string, path: string): boolean {
  try {
    const [first, second] = [statusOf(input), statSync(path)];
    return first.dev === second.dev && first.ino === second.ino;
  } catch {
    return false;
  }
}

const statusOf = (input: string): Stats => (input === STANDARD_INPUT ? fstatSync(0) : statSync(input));
