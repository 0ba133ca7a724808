/** An engine of names only, for tests of what stands in front of one: it keeps what it is given, counts nothing, refuses
 *  what it is told to refuse, and says what was asked of it. */
import { EventEmitter } from "node:events";
import type { EngineConfig, NetworkConfig, PortConfig, ServiceConfig } from "../../../bindings/config/types.ts";
import type {
  DropInfo,
  EngineCounters,
  EngineEvents,
  EngineLike,
  EngineOptions,
  FlowFilter,
  FlowInfo,
  FlowPage,
  MacInfo,
  NetworkInfo,
  PortInfo,
  ServiceBalancer,
  ServiceInfo,
} from "../../../bindings/engine/types.ts";
import { PortyardError } from "../../../bindings/error.ts";
import type { ExplainOptions, Explanation } from "../../../bindings/explain/types.ts";
import { networksOf } from "../../../bindings/config/networks-of.ts";
import { type Lease, withLease } from "../../../bindings/ipam/lease.ts";
import { FakeServices } from "./fake-services.ts";

export class FakeEngine implements EngineLike {
  /** What was asked, in order: "addPort a". */
  readonly asked: string[] = [];
  /** Ports of these names are refused with `namespace-missing`. */
  readonly refused = new Set<string>();
  /** Changes of ports of these names are refused with `address-taken`. */
  readonly unset = new Set<string>();
  /** Devices of ports of these names could not be made: known before. */
  readonly absent = new Set<string>();
  /** Ports of these names are shown as gone. */
  readonly gone = new Set<string>();
  readonly stations: MacInfo[] = [];
  readonly dropped: DropInfo[] = [];
  readonly options: EngineOptions;
  /** Services of these names are refused with `slates-exhausted`. */
  readonly unserved = new Set<string>();
  /** The places of the flow table. */
  readonly connections: (FlowInfo | null)[] = [];
  /** Awaited before a port is made. */
  gate: Promise<void> = Promise.resolve();
  readonly #networks = new Map<string, NetworkConfig>();
  readonly #ports = new Map<string, PortConfig>();
  readonly #emitter = new EventEmitter();
  readonly #services = new FakeServices(this.#networks, this.connections, this.unserved);

  constructor(config: EngineConfig, options: EngineOptions = {}) {
    this.options = options;
    for (const network of config.networks) this.#networks.set(network.name, network);
    for (const port of config.ports) this.#ports.set(port.name, port);
    for (const service of config.services) this.#services.add(service);
  }

  async addService(service: ServiceConfig): Promise<ServiceInfo> {
    this.asked.push(`addService ${service.name}`);
    return this.#services.add(service);
  }

  async setService(service: ServiceConfig): Promise<ServiceInfo> {
    this.asked.push(`setService ${service.name}`);
    return this.#services.set(service);
  }

  async removeService(name: string): Promise<void> {
    this.asked.push(`removeService ${name}`);
    this.#services.remove(name);
  }

  async endFlows(service: string, backend: string): Promise<number> {
    this.asked.push(`endFlows ${service} ${backend}`);
    return this.#services.endFlows(service, backend);
  }

  services(): ServiceInfo[] {
    return this.#services.list();
  }

  /** The agent asks for none. */
  balancer(service: string): ServiceBalancer {
    throw new PortyardError("service-missing", `There is no balancer of ${service} here.`, { value: service });
  }

  flows(filter: FlowFilter = {}, page: { from?: number; limit?: number } = {}): FlowPage {
    return this.#services.flows(filter, page);
  }

  hasLeft(): boolean {
    return false;
  }

  async settle(): Promise<string[]> {
    this.asked.push("settle");
    return [];
  }

  async leave(): Promise<void> {
    this.asked.push("leave");
  }

  async addNetwork(network: NetworkConfig): Promise<NetworkInfo> {
    this.asked.push(`addNetwork ${network.name}`);
    this.#networks.set(network.name, network);
    return this.networks().find(({ name }) => name === network.name)!;
  }

  async setNetwork(network: NetworkConfig): Promise<NetworkInfo> {
    this.asked.push(`setNetwork ${network.name}`);
    this.#networks.set(network.name, network);
    return this.networks().find(({ name }) => name === network.name)!;
  }

  async setPorts(ports: readonly PortConfig[]): Promise<PortInfo[]> {
    this.asked.push(`setPorts ${ports.map(({ name }) => name).join(" ")}`);
    const unset = ports.find(({ name }) => this.unset.has(name));
    if (unset) throw new PortyardError("address-taken", "It is bound already.", { value: unset.name });
    for (const port of ports) this.#ports.set(port.name, port);
    return this.ports().filter(({ name }) => ports.some((port) => port.name === name));
  }

  async checkPorts(ports: readonly PortConfig[]): Promise<void> {
    const absent = ports.find(({ name }) => this.absent.has(name));
    if (absent) throw new PortyardError("namespace-missing", "There is no such namespace.", { path: absent.name, remedy: "Make it." });
  }

  async removeNetwork(name: string): Promise<void> {
    this.asked.push(`removeNetwork ${name}`);
    const service = this.services().find(({ network }) => network === name);
    if (service) throw new PortyardError("network-in-use", "A service is in it.", { value: service.name });
    this.#networks.delete(name);
  }

  async addPort(asked: PortConfig, lease: Lease = []): Promise<PortInfo> {
    const port = withLease(asked, lease);
    this.asked.push(`addPort ${port.name}`);
    await this.gate;
    if (this.refused.has(port.name)) throw new PortyardError("namespace-missing", "There is no such namespace.", { remedy: "Make it." });
    this.#ports.set(port.name, port);
    return this.ports().find(({ name }) => name === port.name)!;
  }

  async removePort(name: string): Promise<void> {
    this.gone.delete(name);
    this.asked.push(`removePort ${name}`);
    this.#ports.delete(name);
  }

  ports(): PortInfo[] {
    return [...this.#ports.values()].map((port) => ({
      name: port.name,
      network: port.network ?? null,
      trunk: port.trunk ?? null,
      native: port.native ?? null,
      kind: port.tap ? "tap" : port.packet ? "packet" : "memory",
      io: "uring",
      desired: "up",
      generation: 1,
      state: this.gone.has(port.name) ? "gone" : "up",
      error: this.gone.has(port.name) ? "EBADFD" : null,
      mac: port.mac ?? null,
      addresses: port.addresses,
      mtu: 1500,
      pinned: false,
      worker: 0,
      receivedFrames: 5,
      sentFrames: 4,
      receivedBytes: 500,
      sentBytes: 400,
      droppedFrames: 1,
    }));
  }

  networks(): NetworkInfo[] {
    const members = (name: string) => [...this.#ports.values()].filter((port) => networksOf(port).includes(name)).map((port) => port.name);
    return [...this.#networks.values()].map(({ name, subnets, gateways, internal, mtu, learning, macAgeSeconds }) => {
      return { name, subnets, gateway: gateways[0] ?? null, gateways, internal, mtu, ports: members(name), learning, macAgeSeconds };
    });
  }

  /** Every frame leaves by the port that it came from. */
  explain(port: string, frame: Uint8Array, { originalBytes = frame.length, offload }: ExplainOptions = {}): Explanation {
    if (!this.#ports.has(port)) throw new PortyardError("port-missing", `There is no port ${port}.`, { value: port });
    const outputs = [{ port, frame, originalBytes, offload: offload ?? null }];
    return { port, steps: [], verdict: "forwarded", reason: null, outputs, drops: [] };
  }

  macs(): MacInfo[] {
    return this.stations;
  }

  drops(): DropInfo[] {
    return this.dropped;
  }

  counters(): EngineCounters {
    const zeros = {
      received: 0,
      originated: 0,
      copies: 0,
      segments: 0,
      sent: 0,
      dropped: 0,
      consumed: 0,
      slotsTaken: 0,
      slotsReleased: 0,
      turns: 0,
      learned: 0,
      moved: 0,
      evicted: 0,
      aged: 0,
      notLearned: 0,
      flooded: 0,
      answered: 0,
      lost: 0,
    };
    const states = { halfOpen: 0, established: 0, closing: 0, timeWait: 0, udpUnanswered: 0, udp: 0, icmp: 0 };
    const flows = { inserted: 0, refused: 0, rivals: 0, ended: 0, expired: states, evicted: states };
    const worker = { worker: 0, state: "running", io: "uring", pid: 4711, incarnation: 1, ...zeros, flows } as const;
    const tables = { macs: this.stations.length, macLimit: 65536, flows: 0, flowLimit: 1024, eventsLost: 0 };
    return { ports: this.ports(), drops: this.dropped, workers: [worker], ...tables };
  }

  standbyPid(): number | null {
    return null;
  }

  forwarderPid(): number | null {
    return 4711;
  }

  on<Name extends keyof EngineEvents>(event: Name, listener: EngineEvents[Name]): void {
    this.#emitter.on(event, listener);
  }

  off<Name extends keyof EngineEvents>(event: Name, listener: EngineEvents[Name]): void {
    this.#emitter.off(event, listener);
  }

  emit<Name extends keyof EngineEvents>(event: Name, ...args: Parameters<EngineEvents[Name]>): void {
    this.#emitter.emit(event, ...args);
  }

  async close(): Promise<void> {
    this.asked.push("close");
  }
}
