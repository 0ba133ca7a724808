/** A host of names only: it keeps which networks it was made for and where published ports lead, and refuses when it is told to. */
import type { HostLike } from "../../../agent/host/host.ts";
import type { ExtraRules } from "../../../agent/host/ruleset.ts";
import type { NetworkConfig } from "../../../bindings/config/types.ts";
import { PortyardError } from "../../../bindings/error.ts";

export class FakeHost implements HostLike {
  /** What was asked, in order: "update blue green", "publish 10.77.0.2:80". */
  readonly asked: string[];
  /** An update with a network of this name is refused. */
  readonly refused = new Set<string>();
  /** Thrown by the next `publish`. */
  refusal: Error | null = null;
  /** It was told that an agent before this one did something. */
  readonly isMade: boolean;

  /** @param asked where it writes what it was asked. */
  constructor(isMade = false, asked: string[] = []) {
    this.isMade = isMade;
    this.asked = asked;
  }

  async update(networks: Iterable<NetworkConfig>): Promise<void> {
    const names = [...networks].filter(({ gateways }) => gateways.length > 0).map(({ name }) => name);
    this.asked.push(["update", ...names].join(" "));
    if (names.some((name) => this.refused.has(name))) throw new PortyardError("nft-failed", "nft refuses the rules.", { remedy: "Look." });
  }

  async publish(rules: ExtraRules): Promise<void> {
    const { refusal } = this;
    this.refusal = null;
    if (refusal) throw refusal;
    this.asked.push(["publish", ...targetsOf(rules)].join(" "));
  }

  /** Puts its rules back, as after a flush. */
  putBack: () => Promise<void> = async () => {};

  onPutBack(listener: () => Promise<void>): void {
    this.putBack = listener;
  }

  async leave(): Promise<void> {
    this.asked.push("leave");
  }

  async close(): Promise<void> {
    this.asked.push("close");
  }
}

/** `10.77.0.2:80` of everything that the rules lead to, in their order. */
function targetsOf({ prerouting }: ExtraRules): string[] {
  // biome-ignore lint/suspicious/noExplicitAny: expressions are libnftables' own
  const elements = prerouting.flatMap(({ expr }) => (expr.at(-1) as any).dnat.addr.map.data.set);
  return elements.map(([, { concat }]) => concat.join(":"));
}
