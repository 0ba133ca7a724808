/** What an agent publishes: the ports of the host that it has taken, for whom, and the rules that lead them on. A change goes
 *
 *    take      sockets are bound, so that another program's port is noticed before anything is made
 *    publish   the rules lead there; the target may come up afterwards
 *    withdraw  the rules go, then the sockets
 *
 *  At a start everything is taken and published before the first table is made, so that one which takes over leads all the time.
 *  One change after another: whoever calls sees to that. */
import type { NetworkConfig, PortConfig } from "../../../bindings/config/types.ts";
import { targetsOfNetwork, targetsOfPort } from "../../../bindings/config/publish-check.ts";
import type { PortyardError } from "../../../bindings/error.ts";
import type { Log } from "../../log.ts";
import type { HostLike } from "../host.ts";
import { hostNetworks } from "../host-network.ts";
import { type OpenSocket, release, type TakenPair, takePair } from "./host-socket.ts";
import type { KeptHostPorts } from "./kept-host-ports.ts";
import { type PublishedPair, type PublishedPort, publishedPorts } from "./published-port.ts";
import { publishedRules } from "./published-rules.ts";
import { hostPlace } from "./socket-fault.ts";
import { forgetUdpFlows } from "./udp-flows.ts";

export interface PublisherOptions {
  /** Those that are there or are about to be. */
  networks: () => NetworkConfig[];
  /** Host ports that were chosen, for the state. */
  kept: KeptHostPorts;
  log: Log;
  /** Default: real ones. */
  openSocket?: OpenSocket;
  /** Default: the kernel's. */
  forgetFlows?: typeof forgetUdpFlows;
}

type Kind = "port" | "network";
type RuleMaker = Pick<HostLike, "publish" | "onPutBack">;

interface Publishing {
  pairs: TakenPair[];
  /** Host ports of these that were chosen, because they name none. */
  chosen: number[];
  /** The rules say so. */
  isLed: boolean;
}

/** It names no host port. */
const isFree = (pair: PublishedPair): boolean => pair.every(({ hostPort }) => hostPort === 0);

const ownerOf = (kind: Kind, name: string): string => `${kind} ${name}`;

export class Publisher {
  readonly #options: PublisherOptions;
  readonly #publishing = new Map<string, Publishing>();
  #host: RuleMaker | null = null;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** Everything that is published, in the order in which it was. */
  published(): PublishedPort[] {
    return [...this.#publishing.values()].filter(({ isLed }) => isLed).flatMap(({ pairs }) => pairs.flatMap(({ pair }) => [...pair]));
  }

  /** Host ports that were chosen for what a port or network publishes without naming one. */
  chosen(kind: Kind, name: string): number[] {
    const publishing = this.#publishing.get(ownerOf(kind, name));
    return publishing?.isLed ? [...publishing.chosen] : [];
  }

  /** Takes the host ports of a port; nothing happens when they are taken already.
   *  @throws PortyardError `host-port-taken`, `host-address-missing`, `no-rights`, `host-port-failed`; then none is taken. */
  async takePort(port: PortConfig): Promise<void> {
    const { publish = [], name } = port;
    if (publish.length === 0) return;
    const targets = targetsOfPort(port, new Map(this.#options.networks().map((network) => [network.name, network])));
    const pairs = publish.flatMap((publication) => publishedPorts(publication, name, targets));
    await this.#take(ownerOf("port", name), pairs);
  }

  /** The same of a network. */
  async takeNetwork(network: NetworkConfig): Promise<void> {
    const { publish = [], name } = network;
    const pairs = publish.flatMap((publication) => {
      return publishedPorts(publication, null, targetsOfNetwork(network, publication.targetAddress!));
    });
    await this.#take(ownerOf("network", name), pairs);
  }

  /** Leads what was taken to its targets.
   *  @throws what the rules say; then it stays taken. */
  async publish(kind: Kind, name: string): Promise<void> {
    const publishing = this.#publishing.get(ownerOf(kind, name));
    if (!publishing || publishing.isLed) return;
    publishing.isLed = true;
    try {
      await this.#apply(publishing.pairs);
    } catch (fault) {
      publishing.isLed = false;
      throw fault;
    }
  }

  /** From now on the rules of `host` lead; at once what was taken so far.
   *  @throws what the rules say. */
  async leadBy(host: RuleMaker): Promise<void> {
    this.#host = host;
    host.onPutBack(() => this.forgetFlows());
    const all = [...this.#publishing.values()];
    if (all.length === 0) return;
    for (const publishing of all) publishing.isLed = true;
    await this.#apply([]);
  }

  /** To be called when the first table stands, or stands again: what was known of the host ports before is forgotten. */
  forgetFlows(): Promise<void> {
    return this.#forgetFlows(this.published());
  }

  /** Ends what a port or network publishes; nothing happens when that is nothing. Where rules cannot be changed they stay until
   *  they can. */
  async withdraw(kind: Kind, name: string): Promise<void> {
    const owner = ownerOf(kind, name);
    const publishing = this.#publishing.get(owner);
    if (!publishing) return;
    this.#publishing.delete(owner);
    if (publishing.isLed)
      await this.#apply(publishing.pairs).catch((fault) =>
        this.#options.log.error({ err: fault }, "rules of a published port stay for now"),
      );
    await Promise.all(publishing.pairs.map(release));
  }

  /** Frees the host ports and leaves the rules to whoever owns the table. */
  async close(): Promise<void> {
    const all = [...this.#publishing.values()].flatMap(({ pairs }) => pairs);
    this.#publishing.clear();
    await Promise.all(all.map(release));
  }

  async #take(owner: string, pairs: readonly PublishedPair[]): Promise<void> {
    if (pairs.length === 0 || this.#publishing.has(owner)) return;
    const taken: TakenPair[] = [];
    try {
      for (const pair of pairs) taken.push(await this.#takeOne(owner, pair));
    } catch (fault) {
      await Promise.all(taken.map(release));
      throw fault;
    }
    const chosen = new Set(taken.filter((_, index) => isFree(pairs[index]!)).flatMap(({ pair }) => pair.map(({ hostPort }) => hostPort)));
    this.#publishing.set(owner, { pairs: taken, chosen: [...chosen], isLed: false });
  }

  async #takeOne(owner: string, pair: PublishedPair): Promise<TakenPair> {
    if (!isFree(pair)) return takePair(pair, this.#options.openSocket);
    const taken = (await this.#takeKept(owner, pair)) ?? (await takePair(pair, this.#options.openSocket));
    this.#options.kept.keep(owner, pair, taken.pair[0]?.hostPort ?? 0);
    return taken;
  }

  async #takeKept(owner: string, pair: PublishedPair): Promise<TakenPair | null> {
    const hostPort = this.#options.kept.of(owner, pair);
    if (hostPort === 0) return null;
    const wanted = pair.map((one) => ({ ...one, hostPort }));
    try {
      return await takePair(wanted, this.#options.openSocket);
    } catch (fault) {
      if ((fault as PortyardError).code !== "host-port-taken") throw fault;
      this.#options.log.warn({ err: fault, place: wanted.map(hostPlace) }, "a chosen host port is gone; another one is chosen");
      return null;
    }
  }

  /** @param changed what is led since, or no longer. */
  async #apply(changed: readonly TakenPair[]): Promise<void> {
    await this.#host?.publish(publishedRules(this.published(), hostNetworks(this.#options.networks())));
    await this.#forgetFlows(changed.flatMap(({ pair }) => [...pair]));
  }

  async #forgetFlows(published: readonly PublishedPort[]): Promise<void> {
    const { forgetFlows = forgetUdpFlows, log } = this.#options;
    if (await forgetFlows(published)) return;
    log.debug("conntrack(8) is not installed: clients that went on sending stay where they were led until they are silent");
  }
}
