/** Captured frames through a configuration, by the code that forwards in production, with the clock of the capture: what would this network
 *  have done with this traffic. No kernel, no privilege, and the same answer every time.
 *
 *      captures ── feed ── ports in memory ── engine in this thread ── onOutput, onFrame with the drops, summary            */
import { feed } from "./feed.ts";
import { ReplayEngine } from "./replay-engine.ts";
import type { ReplayOptions, ReplaySummary } from "./types.ts";

/** Replays `inputs`. @throws PortyardError `port-missing`, `port-recording`, `capture-link-type`, `capture-unreadable`, `pool-exhausted`, and
 *  whatever a callback throws. Damage of a capture is no error: what was before it is replayed, and the summary names it.
 *
 *  @example const { drops } = await replay({ config, inputs: [{ port: "web", capture: openCapture("web.pcap") }] }); */
export async function replay({ config, inputs, build, onOutput, onFrame, onProgress }: ReplayOptions): Promise<ReplaySummary> {
  const engine = await ReplayEngine.create(config, build ?? "single", onOutput ?? (() => {}));
  let number = 0;
  const put = (...entry: Parameters<ReplayEngine["enter"]>): void => {
    const drops = engine.enter(...entry);
    const [frame, port] = entry;
    onFrame?.({ number: number++, port, frame }, drops);
  };
  try {
    const damages = await feed(
      inputs,
      engine,
      {
        enter: (frame, port, fcsBytes) => {
          if (engine.isWaiting(port, frame)) return engine.adopt(port, frame).then(() => put(frame, port, fcsBytes));
          put(frame, port, fcsBytes);
        },
        passOver: () => engine.passOver(),
      },
      () => onProgress?.(number),
    );
    return { ...engine.summary(), damages };
  } finally {
    await engine.close();
  }
}
