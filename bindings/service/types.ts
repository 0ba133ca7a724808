/** What a balancer is told, and what it tells. */
import type { BalancerInput } from "./schema.ts";

/** How a backend is chosen (docs/balancers.md). */
export type Algorithm =
  | "round-robin"
  | "weighted-round-robin"
  | "least-response-time"
  | "least-load"
  | "power-of-two"
  | "source-hash"
  | "maglev"
  | "random";

/** What people write, with clock and seed of tests. */
export interface BalancerOptions extends BalancerInput {
  /** Milliseconds of a clock that never goes back; default: the monotonic one. */
  nowMs?: () => number;
  /** Of what is drawn by chance and of hashes that are this balancer's own; default: a random one. */
  seed?: bigint;
}

/** An instance of a service, with every default filled in. */
export interface BackendConfig {
  /** By which it is known, keeps its counts and its place in a ring; default: address, or address and port. */
  name: string;
  /** IPv4 or IPv6, without prefix length. */
  address: string;
  /** 1-65,535, null: none was named. */
  port: number | null;
  /** 0-65,535; of weight 0 nothing new comes to it. */
  weight: number;
  /** At once, 1-1,000,000; null: any number. */
  maxFlows: number | null;
}

/** When a backend that fails is left out for a while. */
export interface EjectionConfig {
  /** In a row, 1-1,000,000. */
  failures: number;
  /** Of the first time; of the nth in succession n times as long. */
  seconds: number;
  /** At most. */
  maxSeconds: number;
  /** Of all backends at once, 0-1; one may always be. */
  share: number;
}

/** `BalancerInput` with every default filled in. */
export interface BalancerConfig {
  algorithm: Algorithm;
  backends: BackendConfig[];
  /** 0: a backend that comes has its whole weight at once. */
  slowStartSeconds: number;
  /** Null: none is. */
  ejection: EjectionConfig | null;
  /** When less than this share of the backends is left, ejections are passed over, 0-1. */
  panicShare: number;
}

/** What is told of a backend. */
export interface BackendInfo extends BackendConfig {
  /** `drained`: its weight is 0. */
  state: "usable" | "drained" | "ejected";
  /** Picks that are not done. */
  active: number;
  /** Smoothed (peak EWMA), in milliseconds; null: never measured. */
  responseTimeMs: number | null;
  /** Since it came. */
  picked: number;
  failed: number;
  /** Null: it is not ejected. */
  ejectedForSeconds: number | null;
}

/** What is to be chosen for. */
export interface PickOptions {
  /** Of `source-hash` and `maglev`: the same key has the same backend. A text or bytes are hashed; a number is one of 64 bits. Without one every
   *  pick has a key of its own. */
  key?: string | Uint8Array | bigint;
}

/** How it went. */
export interface PickResult {
  /** From the request to the first answer; default: the time since the pick. */
  responseTimeMs?: number;
  /** Anything but undefined: the backend refused or did not answer. Its time does not count then. */
  error?: unknown;
}

/** A backend that was chosen. */
export interface PickedBackend {
  readonly backend: Readonly<Omit<BackendConfig, "weight" | "maxFlows">>;
  /** Says that it is over, and how it went: once for each pick, as the backend has one more until then. Only the first call counts.
   *  @throws PortyardError `bad-argument` of a time that is no number from 0 on. */
  done(result?: PickResult): void;
}
