/** What a configuration would do with one frame, on a network that nobody has spoken on yet. */
import type { EngineConfig } from "../config/types.ts";
import { ReplayEngine } from "../replay/replay-engine.ts";
import type { ExplainOptions, Explanation } from "./types.ts";

/** As `Engine.explain`, of an instance that would be started with `config`. Its ports become ports in memory, host ports too; a port without
 *  a MAC, but with addresses, has that of the frame.
 *  @throws PortyardError `port-missing`, `pool-exhausted`, `bad-argument`, `not-built`, `abi-mismatch`. */
export async function explain(config: EngineConfig, port: string, frame: Uint8Array, options: ExplainOptions = {}): Promise<Explanation> {
  const engine = await ReplayEngine.create(config, "single", {});
  try {
    const record = { at: 0, bytes: frame.length };
    if (engine.isWaiting(port, record)) await engine.adopt(port, record, frame);
    return engine.explain(port, frame, options);
  } finally {
    await engine.close();
  }
}
