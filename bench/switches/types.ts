/** What a switch under test is to the benchmark: something that connects two namespaces. */
import type { Candidate } from "../support/comparison.ts";
import type { Pair } from "../support/peer.ts";

export interface RunningSwitch {
  pair: Pair;
  stop(): Promise<void>;
}

/** A switch; what it is `about` stands between the two ends. */
export interface SwitchUnderTest extends Candidate {
  /** Why it cannot run here, or null. */
  missing(): string | null;
  /** Builds both namespaces and the switch between them. Whatever it made is registered for removal before it can fail. */
  start(): Promise<RunningSwitch>;
}

export const CLIENT_ADDRESS = "10.200.0.1";
export const SERVER_ADDRESS = "10.200.0.2";
/** The name of the container's end of the link, in both namespaces. */
export const END_DEVICE = "eth0";
