/** Captures, merged by time, on their way into ports. */
import type { CaptureRecord } from "../capture/capture-record.ts";
import { ETHERNET, notEthernet } from "../capture/link-type.ts";
import { type RecordReader, WINDOW_BYTES } from "../capture/record-reader.ts";
import type { CaptureInterface } from "../capture/types.ts";
import type { EngineConfig } from "../config/types.ts";
import { PortyardError } from "../error.ts";
import { mergeByTime } from "./merge.ts";
import { type ReplayConfig, replayConfigOf } from "./replay-config.ts";
import { Splitter } from "./split.ts";
import type { ReplayInput, ReplaySummary } from "./types.ts";

/** Whom the frames are for. */
export interface Receiver {
  /** @param source that has the bytes of `record`. @param fcsBytes of frame check sequence that end the frame. */
  enter(record: CaptureRecord, source: Uint8Array, port: string, fcsBytes: number): void | Promise<void>;
  /** Of a frame whose source is behind no port. */
  passOver(): void;
}

/** Whether the ports of `inputs` are there and may be entered: what `feed` asks before it begins.
 *  @throws PortyardError `port-missing`, `port-recording`, `pool-exhausted`. */
export function checkInputs(config: EngineConfig, inputs: readonly ReplayInput[]): void {
  const shape = replayConfigOf(config);
  for (const input of inputs) entrance(input, shape);
}

/** Gives `receiver` every frame, with the port of `shape` that it enters by.
 *  @param lend gives the memory that a capture is read to.
 *  @param onProgress called after each burst that was read; a promise is waited for.
 *  @returns where captures are damaged. @throws PortyardError `port-missing`, `port-recording`, `capture-link-type`, `capture-unreadable`, `capture-used`. */
export async function feed(
  inputs: readonly ReplayInput[],
  shape: ReplayConfig,
  receiver: Receiver,
  lend: (bytes: number) => Uint8Array,
  onProgress: () => unknown,
): Promise<ReplaySummary["damages"]> {
  const entrances = inputs.map((input) => entrance(input, shape));
  const readers = inputs.map(({ capture }) => capture.records(lend(WINDOW_BYTES)));
  const take = (source: number): void | Promise<void> => {
    const { record, bytes } = readers[source] as RecordReader;
    const { fcsBytes } = described(inputs[source] as ReplayInput, record, source);
    const port = entrances[source]?.(record, bytes) ?? null;
    return port === null ? receiver.passOver() : receiver.enter(record, bytes, port, fcsBytes);
  };
  await mergeByTime(readers, take, onProgress);
  return inputs.flatMap(({ capture: { damage } }, input) => (damage === null ? [] : [{ input, damage }]));
}

/** The port that a frame of this input enters by. */
function entrance(
  { port }: ReplayInput,
  { config, recording }: ReplayConfig,
): (record: CaptureRecord, source: Uint8Array) => string | null {
  if (port === null) {
    const splitter = new Splitter(config.ports.filter(({ name }) => !recording.includes(name)));
    return (record, source) => splitter.portOf(record, source);
  }
  const names = config.ports.map(({ name }) => name);
  if (!names.includes(port)) {
    const remedy = names.length === 0 ? "Configure a port." : `Choose one of ${names.join(", ")}.`;
    throw new PortyardError("port-missing", `There is no port ${port} in the configuration.`, { value: port, remedy });
  }
  if (!recording.includes(port)) return () => port;
  const remedy = "Let the capture enter the port of a container; what goes to the host is written to this port's file.";
  throw new PortyardError("port-recording", `Port ${port} is the way to the host, and only records in a replay.`, { value: port, remedy });
}

function described({ capture }: ReplayInput, record: CaptureRecord, input: number): CaptureInterface {
  const found = capture.interfaces[record.interface] as CaptureInterface;
  if (found.linkType === ETHERNET) return found;
  throw notEthernet(`Capture ${input + 1} holds frames`, found.linkTypeName);
}
