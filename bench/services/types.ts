/** What a way from clients to backends is to the benchmark. */
import type { Candidate } from "../support/comparison.ts";
import type { World } from "./world.ts";

/** A client and backends that are connected. */
export interface Connected {
  world: World;
  /** Where the client sends its connections: several, and it spreads them itself. */
  targets: readonly string[];
  /** Somebody else spreads them: each backend must get its share. */
  isBalanced: boolean;
}

/** A way from the client to the backends. */
export interface Way extends Candidate {
  /** Why it cannot be taken here, or null. */
  missing(): string | null;
  /** Makes world and way. Everything is registered for removal before it can fail. */
  connect(): Promise<Connected>;
}
