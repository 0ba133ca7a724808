/** The burial of a dead worker by its successor, over the same memory and before anything of it is formatted: the frame that it
 *  died of is saved, what it had under way is counted, its claims are cleared, and when it dies too often the port
 *  that its death comes from is shut. */
import * as descriptor from "../../assembly/abi/descriptor.ts";
import { WORKER_RESTART_SECONDS, WORKER_SLOTS } from "../../assembly/abi/limits.ts";
import * as map from "../../assembly/abi/memory-map.ts";
import * as field from "../../assembly/abi/port.ts";
import * as record from "../../assembly/abi/worker.ts";
import { PortyardError } from "../error.ts";
import { noteDeath } from "../tables/death-list.ts";
import * as ports from "../tables/port-table.ts";
import type { Tables } from "../tables/tables.ts";
import * as workers from "../tables/worker-table.ts";
import type { EngineExports } from "../wasm/module.ts";
import { monotonicMs } from "./clock.ts";
import { OFFLOAD_HEADER_BYTES } from "./memory-worker.ts";
import { poisonPath, savePoison } from "./poison-file.ts";
import type { WorkerSettings } from "./settings.ts";

/** What a worker died of. */
export interface Death {
  /** DEATH_* of abi/worker.ts. */
  kind: number;
  /** In words, without a full stop. */
  reason: string;
}

/** What is known when it is buried. */
export interface Obituary extends Death {
  worker: number;
  /** Whose frame it was working on; null between two frames. */
  port: number | null;
  /** Number of the file that the frame was saved to, and its path; null: there was none, or `problem` says why it could not be. */
  fileNumber: number | null;
  file: string | null;
  problem: string | null;
  /** The port that was shut because of it, or null. */
  shut: number | null;
}

/** What `error`, thrown in a worker's loop, is as a death. */
export function deathBy(error: unknown): Death {
  const isTrap = error instanceof WebAssembly.RuntimeError || (error instanceof PortyardError && error.code === "engine-check");
  return { kind: isTrap ? record.DEATH_TRAP : record.DEATH_ERROR, reason: error instanceof Error ? error.message : String(error) };
}

/** Buries the last incarnation of the worker; a port that is shut is so from the next epoch on.
 *  @throws PortyardError `worker-failed`: it died too often, and of no frame. */
export function bury(settings: WorkerSettings, tables: Tables, wasm: EngineExports, death: Death): Obituary {
  const { index } = settings;
  const inWork = workers.frameInWork(tables, index);
  const port = inWork !== null && inWork.port < ports.end(tables) ? inWork.port : null;
  const obituary: Obituary = { ...death, worker: index, port, fileNumber: null, file: null, problem: null, shut: null };
  if (inWork !== null && port !== null) save(settings, tables, inWork.slot, port, obituary);
  wasm.buryWorker(index, index);
  const sentence = noteDeath(tables, index, monotonicMs(), port, death.kind);
  if (sentence.kind === "give-up") throw tooOften(index, sentence.deaths, death);
  if (sentence.kind === "shut") {
    obituary.shut = sentence.port;
    ports.setActual(tables, sentence.port, field.SHUT, field.SHUT_POISON);
    tables.raiseEpoch();
  }
  return obituary;
}

function save(settings: WorkerSettings, tables: Tables, slot: number, port: number, obituary: Obituary): void {
  const frame = frameIn(tables, settings, slot);
  if (frame === null) {
    obituary.problem = "its slot holds no frame";
    return;
  }
  const life = workers.incarnation(tables, settings.index);
  const name = ports.name(tables, port);
  const comment = `port ${name} (${port}); worker ${settings.index} in its life ${life} died: ${obituary.reason}; virtio-net ${frame.offload}`;
  try {
    obituary.fileNumber = savePoison(settings.runDirectory, { bytes: frame.bytes, port: name, comment });
    obituary.file = poisonPath(settings.runDirectory, obituary.fileNumber);
  } catch (error) {
    obituary.problem = (error as Error).message;
  }
}

/** The frame as it lies in `slot`, and its virtio-net header in hexadecimal; null when the descriptor names no place in the slot:
 *  the memory of a worker that died is not believed. */
function frameIn(tables: Tables, settings: WorkerSettings, slot: number): { bytes: Uint8Array; offload: string } | null {
  if (slot >= WORKER_SLOTS) return null;
  const region = settings.layout.workersBase + settings.index * map.WORKER_BYTES;
  const at = region + map.DESCRIPTORS + slot * map.DESCRIPTOR_BYTES;
  const start = region + map.SLOTS + slot * map.SLOT_BYTES;
  const [frame, bytes] = [tables.load32(at + descriptor.FRAME), tables.load32(at + descriptor.BYTES)];
  if (frame < start + OFFLOAD_HEADER_BYTES || frame + bytes > start + map.SLOT_BYTES) return null;
  const offload = Buffer.from(tables.bytes.slice(frame - OFFLOAD_HEADER_BYTES, frame)).toString("hex");
  return { bytes: tables.bytes.slice(frame, frame + bytes), offload };
}

function tooOften(worker: number, deaths: number, { reason }: Death): PortyardError {
  const sentence = `Worker ${worker} died ${deaths} times within ${WORKER_RESTART_SECONDS} s, at last of: ${reason}`;
  return new PortyardError("worker-failed", sentence, { value: worker, remedy: "Look at the forwarder's log, and report it." });
}
