/** Captures of made frames through a network, and what was told of them. */
import { type FrameToWrite, CaptureStream, writePcapng } from "../../../bindings/capture/index.ts";
import { parseConfig } from "../../../bindings/config/parse.ts";
import { PortyardError } from "../../../bindings/error.ts";
import { replay } from "../../../bindings/replay/replay.ts";
import type { ReplayOptions, ReplaySummary } from "../../../bindings/replay/types.ts";
import { ramp } from "../../support/packet/bytes.ts";
import { BROADCAST, ethernet, station, TYPE_EXPERIMENT } from "../../support/packet/ethernet.ts";

export const SECOND = 1_000_000_000n;
export const [A, B] = [station(1), station(2)];

export const memory = (name: string, extra: object = {}) => ({ name, network: "blue", memory: {}, ...extra });
export const blue = (ports: object[], network: object = {}) => parseConfig({ networks: [{ name: "blue", ...network }], ports });
export const two = blue([memory("a"), memory("b")]);
export const from = (mac: string, to = BROADCAST, bytes = 60) => ethernet(to, mac, TYPE_EXPERIMENT, ramp(bytes - 14));

export function capture(frames: readonly (Uint8Array | FrameToWrite)[], write = writePcapng): CaptureStream {
  return captureOf(write(frames.map((frame, index) => ("timeNs" in frame ? frame : { bytes: frame, timeNs: BigInt(index) * SECOND }))));
}

export function captureOf(file: Uint8Array): CaptureStream {
  return new CaptureStream(
    (async function* () {
      yield file;
    })(),
  );
}

export interface Told {
  summary: ReplaySummary;
  left: string[];
  drops: string[];
}

export async function tell(options: ReplayOptions): Promise<Told> {
  const [left, drops]: [string[], string[]] = [[], []];
  const summary = await replay({
    ...options,
    onOutput: ({ port, bytes, originalBytes, timeNs }) => left.push(`${port} ${bytes.length}/${originalBytes} at ${timeNs / SECOND}`),
    onFrame: ({ number, port }, list) => {
      for (const drop of list) drops.push(`${number} from ${port}: ${drop.reason} at ${drop.port}`);
    },
  });
  return { summary, left, drops };
}

export async function codeOf(options: ReplayOptions): Promise<string> {
  const failure = await replay(options).then(
    () => "none",
    (error: unknown) => error,
  );
  return failure instanceof PortyardError ? failure.code : String(failure);
}
