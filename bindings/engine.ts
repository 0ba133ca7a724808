/** The engine: networks, ports, and a forwarder that moves frames between them. Everything that a host agent, an embedding
 *  program or a test does with Portyard goes through this class.
 *
 *      const engine = await Engine.create(parseConfig({ networks: [...], ports: [...] }), { isolation: "thread" });
 */
import { hostPortOf } from "./config/host-port.ts";
import type { EngineConfig, NetworkConfig, PortConfig, ServiceConfig } from "./config/types.ts";
import { networkDifference, networkKeysAnew, portDifference, portKeysAnew } from "./config/difference.ts";
import { Changes } from "./engine/changes.ts";
import {
  describeDrops,
  describeMacs,
  describeNetwork,
  describePort,
  describeTables,
  describeWorkers,
  REASON_NAMES,
} from "./engine/describe.ts";
import { describeFlows } from "./engine/describe-flows.ts";
import { describeService } from "./engine/describe-services.ts";
import type { InlineLink } from "./engine/inline-link.ts";
import { inlineParts } from "./engine/inline-parts.ts";
import { MemoryPort } from "./engine/memory-port.ts";
import { kernelParts, type Parts } from "./engine/parts.ts";
import { PortExplainer } from "./engine/port-explainer.ts";
import type { PortEntry } from "./engine/ports.ts";
import { hostPortStays, isHost, noMemoryPort, notInline, refuseKeys, refuseUsers } from "./engine/refusals.ts";
import type { ServiceEntry } from "./engine/service-entry.ts";
import type {
  DropInfo,
  EngineCounters,
  EngineEvents,
  EngineLike,
  EngineOptions,
  FlowFilter,
  FlowPage,
  IoBackend,
  MacInfo,
  NetworkInfo,
  PortInfo,
  ServiceBalancer,
  ServiceInfo,
  WorkerInfo,
} from "./engine/types.ts";
import type { ExplainOptions, Explanation } from "./explain/types.ts";
import type { Lease } from "./ipam/lease.ts";
import { writeTimeouts } from "./tables/flow-table.ts";

/** Networks, ports, and a forwarder that moves frames between them; made by `Engine.create`, and used until `close` or `leave`. Changes
 *  (`addPort` and its like) are made one after the other, in the order of the calls. What is read is of now. */
export class Engine implements EngineLike {
  private readonly parts: Parts;
  private readonly changes: Changes;
  private readonly explainer: PortExplainer;
  /** Name of the instance. */
  private readonly name: string;

  private constructor(name: string, parts: Parts) {
    this.name = name;
    this.parts = parts;
    this.explainer = new PortExplainer(parts);
    this.changes = new Changes(() => parts.services.refresh());
    parts.services.onDue = () => this.changes.runAside(() => parts.services.collect());
  }

  /** Starts an engine with the networks and ports of `config`; all of them forward when this resolves. What a process that died
   *  has left under this name (isolation "process") is taken over: ports of the same configuration go on without a pause,
   *  others end. Where its tables have another layout, the ports begin to forward together, when the engine settles.
   *  @throws PortyardError of whatever could not be made; nothing is left behind then. */
  static async create(config: EngineConfig, options: EngineOptions = {}): Promise<Engine> {
    const isInline = options.isolation === "inline";
    const engine = new Engine(config.name, isInline ? inlineParts(config, options) : await kernelParts(config, options));
    try {
      writeTimeouts(engine.parts.store.tables, config.flowTimeouts);
      await engine.parts.start((entry) => engine.changes.runAside(() => engine.parts.ports.lose(entry)));
      engine.parts.claims.reserve(config.ports);
      for (const network of config.networks) await engine.addNetwork(network);
      for (const port of config.ports) await engine.addPort(port);
      for (const service of config.services) await engine.addService(service);
      if (options.settle ?? true) await engine.settle();
      return engine;
    } catch (error) {
      // the first error is the one that explains; what forwarded before goes on
      await (engine.parts.hasPredecessor() ? engine.leave() : engine.close()).catch(() => undefined);
      throw error;
    }
  }

  /** How frames are moved: "uring", "syscall" or "memory". */
  get io(): IoBackend {
    return this.parts.io;
  }

  /** With its host port, if it has a gateway.
   *  @throws PortyardError `network-exists`, `networks-exhausted`, `engine-closed`, and of the host port (ports/host.ts); nothing is left
   *  behind then. */
  async addNetwork(network: NetworkConfig): Promise<NetworkInfo> {
    const { claims, networks, ports } = this.parts;
    return this.changes.run(async () => {
      const entry = await claims.network(network);
      const host = hostPortOf(this.name, network);
      try {
        if (host !== null) await claims.port(host);
      } catch (error) {
        await networks.remove(network.name).catch(() => undefined); // the first error is the one that explains
        throw error;
      }
      return describeNetwork(entry, ports.all());
    });
  }

  /** Changes `learning` and `macAgeSeconds` of a living network; what was learned stays.
   *  @throws PortyardError `network-missing`, `not-settable`, `engine-closed`. */
  async setNetwork(network: NetworkConfig): Promise<NetworkInfo> {
    return this.changes.run(async () => {
      const { networks, ports } = this.parts;
      refuseKeys("Network", network.name, networkKeysAnew(networkDifference(networks.get(network.name).config, network)));
      return describeNetwork(networks.set(network), ports.all());
    });
  }

  /** With its host port. @throws PortyardError `network-missing`, `network-in-use`, `engine-closed`. */
  async removeNetwork(name: string): Promise<void> {
    return this.changes.run(async () => {
      const { networks, ports, services } = this.parts;
      const members = describeNetwork(networks.get(name), ports.all()).ports.map((port) => ports.get(port));
      refuseUsers(
        name,
        "ports",
        members.filter((port) => !isHost(port)).map(({ config }) => config.name),
      );
      refuseUsers(name, "services", services.in(name));
      for (const { config } of members) await ports.remove(config.name);
      await networks.remove(name);
    });
  }

  /** Resolves when the port forwards; in the middle of a takeover from another layout, when it is ready. A TAP without address, in a network with subnets, is lent one of each.
   *  @param lease what it is to be lent, with prefix length: addresses that somebody remembers; default: what a predecessor
   *  lent it, else the next free ones.
   *  @throws PortyardError (see Ports.add and the device's kind), `pool-exhausted`; nothing is left behind. */
  async addPort(port: PortConfig, lease: Lease = []): Promise<PortInfo> {
    return this.changes.run(async () => this.describe(await this.parts.claims.port(port, lease)));
  }

  /** Changes `addresses`, `staticMacs`, `macLimit` and `sourceCheck` of living ports, all or nothing; devices, counters and leases stay.
   *  @throws PortyardError `port-missing`, `not-settable`, and as `addPort` for what is bound; all is as it was then. */
  async setPorts(ports: readonly PortConfig[]): Promise<PortInfo[]> {
    return this.changes.run(async () => {
      for (const port of ports) {
        const { asked } = this.parts.ports.get(port.name);
        refuseKeys("Port", port.name, portKeysAnew(portDifference(asked, port)));
      }
      return (await this.parts.ports.set(ports)).map((entry) => this.describe(entry));
    });
  }

  /** Looks whether the devices of `ports` could be made when those of `leaving` are gone, and touches nothing.
   *  @throws PortyardError of the first that could not, with the port's name as its path. */
  async checkPorts(ports: readonly PortConfig[], leaving: readonly PortConfig[] = []): Promise<void> {
    await this.parts.ports.check(ports, leaving);
  }

  /** Resolves when no frame can leave by the port any more and its device is gone.
   *  @throws PortyardError `port-missing`; `port-kind` for a host port, which goes with its network. */
  async removePort(name: string): Promise<void> {
    return this.changes.run(async () => {
      const entry = this.parts.ports.get(name);
      if (isHost(entry)) throw hostPortStays(entry);
      await this.parts.ports.remove(name);
    });
  }

  /** Whether a predecessor left this very port, and it has not been asked for since: `addPort` takes it over. */
  hasLeft(port: PortConfig): boolean {
    return this.parts.claims.hasLeft(port);
  }

  /** Ends what was taken over from a predecessor and has not been asked for since, by the same configuration. `create` does it, unless
   *  told otherwise. Returns the names of the ports. */
  async settle(): Promise<string[]> {
    return this.changes.run(async () => {
      await this.parts.services.settle();
      const ended = await this.parts.claims.settle();
      this.parts.watcher.settled();
      return ended;
    });
  }

  /** In the order in which they were added, with their counts; so `portyard show ports --json` prints them. */
  ports(): PortInfo[] {
    return this.parts.ports.all().map((entry) => this.describe(entry));
  }

  /** In the order in which they were added, with the names of their ports. */
  networks(): NetworkInfo[] {
    return this.parts.networks.all().map((entry) => describeNetwork(entry, this.parts.ports.all()));
  }

  /** Stations that were learned or are bound, in the order of the table. */
  macs(): MacInfo[] {
    return describeMacs(this.parts.store, this.parts.networks, this.parts.ports, this.parts.nowMs());
  }

  /** By reason and port, those that happened; counts of ports that were removed went with them. */
  drops(): DropInfo[] {
    return describeDrops(this.parts.store, this.parts.ports.all());
  }

  /** Lets a service be served.
   *  @throws PortyardError as EngineServices says it, `engine-closed`; nothing is left behind. */
  async addService(service: ServiceConfig): Promise<ServiceInfo> {
    return this.changes.run(async () => this.describeService(await this.parts.services.add(service)));
  }

  /** Changes a living service. Flows that have a backend keep it; those to a virtual address that it has no more end.
   *  @throws PortyardError as EngineServices says it, `engine-closed`; all is as it was then. */
  async setService(service: ServiceConfig): Promise<ServiceInfo> {
    return this.changes.run(async () => this.describeService(await this.parts.services.set(service)));
  }

  /** New requests are refused at once; its flows end. @throws PortyardError `service-missing`, `engine-closed`. */
  async removeService(name: string): Promise<void> {
    return this.changes.run(() => this.parts.services.remove(name));
  }

  /** Ends the flows of a backend, a hard drain. Returns how many there were.
   *  @throws PortyardError `service-missing`, `backend-missing`, `engine-closed`. */
  async endFlows(service: string, backend: string): Promise<number> {
    return this.changes.run(() => this.parts.services.endFlows(service, backend));
  }

  /** In the order in which they were added, with what was measured of their backends. */
  services(): ServiceInfo[] {
    return this.parts.services.all().map((entry) => this.describeService(entry));
  }

  /** Connections that are followed, a page at a time. It is read while they come and go.
   *  @param page place to go on from, which the page before has told, and how many at most (1-100,000, default 1,000).
   *  @throws PortyardError `bad-argument`. */
  flows(filter: FlowFilter = {}, page: { from?: number; limit?: number } = {}): FlowPage {
    return describeFlows(this.parts, filter, page);
  }

  /** Chooses instances of a service for this program, by the code and the counts of the hot path. @throws PortyardError `service-missing`. */
  balancer(service: string): ServiceBalancer {
    return this.parts.services.balancer(service);
  }

  /** Totals of each worker; they outlive its deaths. */
  workers(): WorkerInfo[] {
    return describeWorkers(this.parts.store);
  }

  /** All of these at once, and what the tables hold. They are read while workers count: what belongs together may differ by a burst. */
  counters(): EngineCounters {
    const { ports, drops, workers } = { ports: this.ports(), drops: this.drops(), workers: this.workers() };
    return { ports, drops, workers, ...describeTables(this.parts) };
  }

  /** Process id of the forwarder; null when it runs in this process, or is being restarted. */
  forwarderPid(): number | null {
    return this.parts.link.pid;
  }

  /** Process id of the forwarder that stands by; null while there is none. */
  standbyPid(): number | null {
    return this.parts.link.standbyPid;
  }

  /** The memory port `name`, of an engine with isolation "inline". @throws PortyardError `port-missing`, `port-kind`. */
  memoryPort(name: string): MemoryPort {
    const entry = this.parts.ports.get(name);
    const { inline } = this.parts;
    if (entry.kind !== "memory" || inline === null) throw noMemoryPort(entry);
    return new MemoryPort(name, inline, entry.index, () => !this.changes.isClosed && this.parts.ports.at(entry.index) === entry);
  }

  /** For replays, which move frames without an object for each.
   *  @internal */
  get inline(): InlineLink | null {
    return this.parts.inline;
  }

  /** Sets the time of an inline engine. Ageing follows it, and the events since the last tick are emitted; a listener that throws keeps
   *  no other from hearing, and its error comes out of here at the end.
   *  @param nowMs milliseconds of any clock that never goes back, less than 2^32 s; fractions are left out. It begins at 0.
   *  @throws PortyardError `isolation`, `engine-closed`, `bad-argument` (no such time, or one before the last). */
  tick(nowMs: number): void {
    if (this.parts.inline === null) throw notInline("takes its time from its caller");
    this.changes.refuseClosed();
    this.parts.inline.setTime(nowMs);
    this.parts.services.tick();
    this.parts.watcher.poll();
  }

  /** What would become of `frame` now if it entered `port`, step by step: by the pipeline itself, over a copy of the tables. Nothing is changed,
   *  learned or counted; forwarding goes on meanwhile. The first call takes some 100 ms and 35 MB more than the others.
   *  @param frame from the destination MAC to the last byte of payload; of any length, since that is for the pipeline to judge.
   *  @throws PortyardError `port-missing`, `engine-closed`, `bad-argument` (`options`, see ExplainOptions); of the first call `not-built` and
   *  `abi-mismatch`; `system-call-failed` where the tables cannot be mapped. */
  explain(port: string, frame: Uint8Array, options: ExplainOptions = {}): Explanation {
    this.changes.refuseClosed();
    return this.explainer.explain(port, frame, options);
  }

  /** Tells `listener` of every frame of an inline engine that ends undelivered, before the `send` that put it in returns: the reason as
   *  `show drops` names it, and the port at fault. There is one listener; null takes it away. What it puts in and what it throws fares as
   *  with MemoryPort.onFrame. @throws PortyardError `isolation`. */
  onDrop(listener: ((reason: string, port: string) => void) | null): void {
    const { inline, ports } = this.parts;
    if (inline === null) throw notInline("tells of each drop", 'Use isolation "inline", or `counters`.');
    const tell = (port: number, reason: number) => listener?.(REASON_NAMES.get(reason) ?? "", ports.at(port)?.config.name ?? "");
    inline.memory.onDrop(listener === null ? null : tell);
  }

  /** Calls `listener` at each `event` from now on: of an inline engine in `tick`, else in a timer, at most 50 ms later; what a port has to tell
   *  also when it is removed. A port that was removed tells nothing more, its stations neither. What a listener throws keeps
   *  neither other listeners nor the engine from going on; it comes out of `tick`, else it is an uncaught exception of the process. */
  on<Name extends keyof EngineEvents>(event: Name, listener: EngineEvents[Name]): void {
    this.parts.watcher.on(event, listener);
  }

  /** Ends what `on` began with the same two. */
  off<Name extends keyof EngineEvents>(event: Name, listener: EngineEvents[Name]): void {
    this.parts.watcher.off(event, listener);
  }

  /** Ends this engine, and nothing else: forwarder, tables and devices go on (isolation "process") until an engine of the same name
   *  takes them over. */
  async leave(): Promise<void> {
    if (await this.changes.close()) await this.parts.leave();
  }

  /** Ends the forwarder and removes every device that this engine made. Called again it does nothing. */
  async close(): Promise<void> {
    if (await this.changes.close()) await this.parts.close();
  }

  private describe(entry: PortEntry): PortInfo {
    return describePort(this.parts.store, entry, this.parts.io, this.parts.nameOfErrno);
  }

  private describeService(entry: ServiceEntry): ServiceInfo {
    return describeService(this.parts.store, entry, this.parts.nowMs());
  }
}
