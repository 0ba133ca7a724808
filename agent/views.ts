/** What an agent shows of itself: the engine's rows with their owner, and the ports that are held; filtered and cut. */
import { mtusOf } from "../bindings/config/mtus-of.ts";
import type { NetworkInput } from "../bindings/config/network-schema.ts";
import { explanationJson } from "../bindings/explain/json.ts";
import { withOffload } from "../bindings/capture/super-frame.ts";
import { normaliseNetwork } from "../bindings/config/normalise.ts";
import type { PortInput } from "../bindings/config/port-schema.ts";
import type { EngineLike, MacInfo, PortInfo } from "../bindings/engine/types.ts";
import type { Filter } from "./api/query.ts";
import type { DropView, ExplanationView, MacView, NetworkView, PortView, PublishedView, WorkerView } from "./api/schema.ts";
import { parseExplainInput } from "./api/explain-input.ts";
import type { Publisher } from "./host/publish/publisher.ts";
import type { Held, Objects } from "./objects.ts";
import { cut, type Rows } from "./rows.ts";
import { ServiceViews } from "./service-views.ts";
import type { Owner } from "./state/types.ts";
import { requireNames } from "./unknown-name.ts";
import { faultFrom, faultOf } from "./port-fault.ts";

export class Views {
  readonly services: ServiceViews;
  readonly #engine: EngineLike;
  readonly #objects: Objects;
  readonly #publisher: Pick<Publisher, "published">;

  constructor(engine: EngineLike, objects: Objects, publisher: Pick<Publisher, "published">) {
    this.#engine = engine;
    this.#objects = objects;
    this.#publisher = publisher;
    this.services = new ServiceViews(engine, objects);
  }

  network(name: string): NetworkView | null {
    return this.#networks().find((network) => network.name === name) ?? null;
  }

  port(name: string): PortView | null {
    return this.#ports().find((port) => port.name === name) ?? null;
  }

  networks({ network, limit }: Filter): Rows<NetworkView> {
    requireNames(this.#objects, { network });
    return cut(
      this.#networks().filter(({ name }) => network === undefined || name === network),
      limit,
    );
  }

  ports({ network, port, limit }: Filter): Rows<PortView> {
    requireNames(this.#objects, { network, port });
    const inNetwork = (row: PortView) => network === undefined || memberships(row).includes(network);
    return cut(
      this.#ports().filter((row) => inNetwork(row) && (port === undefined || row.name === port)),
      limit,
    );
  }

  macs({ network, port, limit }: Filter): Rows<MacView> {
    requireNames(this.#objects, { network, port });
    const wanted = (row: MacInfo) => (network === undefined || row.network === network) && (port === undefined || row.port === port);
    return cut(this.#engine.macs().filter(wanted), limit);
  }

  drops({ port, limit }: Filter): Rows<DropView> {
    requireNames(this.#objects, { port });
    return cut(
      this.#engine.drops().filter((row) => port === undefined || row.port === port),
      limit,
    );
  }

  published({ network, port, limit }: Filter): Rows<PublishedView> {
    requireNames(this.#objects, { network, port });
    const wanted = (row: PublishedView) => (network === undefined || row.network === network) && (port === undefined || row.port === port);
    return cut(this.#publisher.published().filter(wanted), limit);
  }

  workers({ limit }: Filter): Rows<WorkerView> {
    return cut(this.#engine.counters().workers, limit);
  }

  /** @param input as `explainInput`. @throws PortyardError `bad-request`, `bad-hex`, `port-missing`, and of the module and the tables as `Engine.explain`. */
  explain(input: unknown): ExplanationView {
    const { port, frame, options } = parseExplainInput(input);
    const { networks, ports, hostPorts } = this.#objects.inventory;
    const config = ports.get(port) ?? hostPorts.get(port);
    const { mtu, longest } = config === undefined ? { mtu: 0, longest: 0 } : mtusOf(config, networks);
    return explanationJson(this.#engine.explain(port, frame, withOffload(frame, options, mtu, longest)));
  }

  #networks(): NetworkView[] {
    const { heldNetworks, inventory } = this.#objects;
    const made = this.#engine.networks().map((network) => {
      return { ...network, state: "up" as const, error: null, owner: this.#objects.networkOwner(network.name) };
    });
    return [...made, ...[...heldNetworks].filter(([name]) => !inventory.networks.has(name)).map(([, held]) => heldNetworkView(held))];
  }

  #ports(): PortView[] {
    const made = this.#engine.ports().map((port: PortInfo) => ({ ...port, error: faultOf(port), owner: this.#ownerOf(port) }));
    const { heldPorts, inventory } = this.#objects;
    return [...made, ...[...heldPorts].filter(([name]) => !inventory.ports.has(name)).map(([, held]) => heldView(held))];
  }

  /** A host port is its network's. */
  #ownerOf({ name, kind, network }: PortInfo): Owner {
    return kind === "host" ? this.#objects.networkOwner(network ?? "") : this.#objects.portOwner(name);
  }
}

const memberships = ({ network, trunk, native }: PortView): string[] =>
  [network, native, ...Object.keys(trunk ?? {})].flatMap((name) => name ?? []);

function heldNetworkView({ owner, config, error }: Held<NetworkInput>): NetworkView {
  const { name, subnets, gateways, internal, mtu, learning, macAgeSeconds } = normaliseNetwork(config);
  const common = { name, subnets, gateway: gateways[0] ?? null, gateways, internal, mtu, ports: [], learning, macAgeSeconds };
  return { ...common, state: error ? "failed" : "pending", error: error && faultFrom(error), owner };
}

function heldView({ owner, config, addresses, error }: Held<PortInput>): PortView {
  return {
    name: config.name,
    network: config.network ?? null,
    trunk: config.trunk ?? null,
    native: config.native ?? null,
    kind: config.tap ? "tap" : config.packet ? "packet" : "memory",
    io: null,
    desired: "up",
    generation: null,
    state: error ? "failed" : "pending",
    error: error && faultFrom(error),
    mac: config.mac ?? null,
    addresses: [...addresses.map((address) => address.replace(/\/.*/, "")), ...(config.addresses ?? [])],
    mtu: null,
    pinned: false,
    worker: null,
    receivedFrames: 0,
    sentFrames: 0,
    receivedBytes: 0,
    sentBytes: 0,
    droppedFrames: 0,
    owner,
  };
}
