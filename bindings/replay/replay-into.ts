/** A replay whose frames go to a sink (sink.ts), which makes no object for any of them. */
import type { CaptureRecord } from "../capture/capture-record.ts";
import { feed } from "./feed.ts";
import { ReplayEngine } from "./replay-engine.ts";
import type { ReplaySink } from "./sink.ts";
import type { ReplayOptions, ReplaySummary } from "./types.ts";

/** As `replay`. */
export async function replayInto(
  sink: ReplaySink,
  { config, inputs, build, onProgress }: Pick<ReplayOptions, "config" | "inputs" | "build" | "onProgress">,
): Promise<ReplaySummary> {
  const engine = await ReplayEngine.create(config, build ?? "single", sink);
  let number = 0;
  const put = (record: CaptureRecord, source: Uint8Array, port: string, fcsBytes: number): void => {
    const drops = engine.enter(record, source, port, fcsBytes);
    sink.entered?.(number, port, record, source, drops);
    number++;
  };
  try {
    const damages = await feed(
      inputs,
      engine,
      {
        enter: (record, source, port, fcsBytes) => {
          if (engine.isWaiting(port, record)) return engine.adopt(port, record, source).then(() => put(record, source, port, fcsBytes));
          put(record, source, port, fcsBytes);
        },
        passOver: () => engine.passOver(),
      },
      (bytes) => engine.lend(bytes),
      () => onProgress?.(number),
    );
    return { ...engine.summary(), damages };
  } finally {
    await engine.close();
  }
}
