/** A host of names only: it keeps which networks it was made for, and refuses when it is told to. */
import type { HostLike } from "../../../agent/host/host.ts";
import type { NetworkConfig } from "../../../bindings/config/types.ts";
import { PortyardError } from "../../../bindings/error.ts";

export class FakeHost implements HostLike {
  /** What was asked, in order: "update blue green". */
  readonly asked: string[];
  /** An update with a network of this name is refused. */
  readonly refused = new Set<string>();
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

  async publish(): Promise<void> {
    this.asked.push("publish");
  }

  async leave(): Promise<void> {
    this.asked.push("leave");
  }

  async close(): Promise<void> {
    this.asked.push("close");
  }
}
