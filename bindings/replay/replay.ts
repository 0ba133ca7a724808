/** Captured frames through a configuration, by the code that forwards in production, with the clock of the capture: what would this network
 *  have done with this traffic. No kernel, no privilege, and the same answer every time.
 *
 *      captures ── feed ── ports in memory ── engine in this thread ── onOutput, onFrame with the drops, summary            */
import { replayInto } from "./replay-into.ts";
import type { ReplaySink } from "./sink.ts";
import type { ReplayOptions, ReplaySummary } from "./types.ts";

/** Replays `inputs`. @throws PortyardError `port-missing`, `port-recording`, `capture-link-type`, `capture-unreadable`, `capture-used`, `pool-exhausted`, and
 *  whatever a callback throws. Damage of a capture is no error: what was before it is replayed, and the summary names it.
 *
 *  @example const { drops } = await replay({ config, inputs: [{ port: "web", capture: openCapture("web.pcap") }] }); */
export async function replay(options: ReplayOptions): Promise<ReplaySummary> {
  return replayInto(callbacks(options), options);
}

function callbacks({ onOutput, onFrame }: ReplayOptions): ReplaySink {
  const sink: ReplaySink = {};
  if (onOutput !== undefined) {
    sink.left = (port, memory, place, bytes, originalBytes, { timeNs }) =>
      onOutput({ port, bytes: memory.subarray(place, place + bytes), originalBytes, timeNs });
  }
  if (onFrame !== undefined) {
    sink.entered = (number, port, record, source, drops) => {
      const bytes = source.slice(record.at, record.at + record.bytes);
      onFrame({ number, port, frame: record.toFrame(bytes) }, [...drops]);
    };
  }
  return sink;
}
