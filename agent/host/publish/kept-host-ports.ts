/** Host ports that were chosen for published ports which name none. They stand in the state, so that clients find them
 *  after a restart. */
import type { PublishedPair } from "./published-port.ts";

export interface KeptHostPort {
  /** `port web` or `network blue`. */
  owner: string;
  protocol: "tcp" | "udp";
  /** Addresses of the host and of the target, for which it was chosen. */
  way: string;
  targetPort: number;
  hostPort: number;
}

type Choice = Omit<KeptHostPort, "hostPort">;

function choiceOf(owner: string, pair: PublishedPair): Choice {
  const [first] = pair;
  return {
    owner,
    protocol: first?.protocol ?? "tcp",
    way: pair.map(({ hostAddress }) => hostAddress).join(" "),
    targetPort: first?.targetPort ?? 0,
  };
}

const keyOf = ({ owner, protocol, way, targetPort }: Choice): string => `${owner} ${protocol} ${way} ${targetPort}`;

export class KeptHostPorts {
  readonly #kept = new Map<string, KeptHostPort>();

  constructor(kept: readonly KeptHostPort[] = []) {
    for (const one of kept) this.#kept.set(keyOf(one), one);
  }

  /** The one that was chosen for `pair`, or 0. */
  of(owner: string, pair: PublishedPair): number {
    return this.#kept.get(keyOf(choiceOf(owner, pair)))?.hostPort ?? 0;
  }

  keep(owner: string, pair: PublishedPair, hostPort: number): void {
    const choice = choiceOf(owner, pair);
    this.#kept.set(keyOf(choice), { ...choice, hostPort });
  }

  /** Forgets what was chosen for `owner`. */
  forget(owner: string): void {
    for (const [key, one] of this.#kept) if (one.owner === owner) this.#kept.delete(key);
  }

  toState(): KeptHostPort[] {
    return [...this.#kept.values()];
  }
}
