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

  /** Takes over what was chosen before a restart. */
  remember(kept: readonly KeptHostPort[]): void {
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

  /** Those of the owners that there are. */
  toState(names: Record<"network" | "port", readonly string[]>): KeptHostPort[] {
    const owners = new Set([...names.network.map((name) => `network ${name}`), ...names.port.map((name) => `port ${name}`)]);
    return [...this.#kept.values()].filter(({ owner }) => owners.has(owner));
  }
}
