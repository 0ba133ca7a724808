/** The host agent: one instance with its name, its engine, its state and its API. A start takes, in this order,
 *   1  the name: a folder below /run/portyard and a lock in it; a second agent is refused before anything is made. What one
 *      before it of this name left is taken over, or removed where that cannot be
 *   2  the socket, where `version` and `stop` are answered from now on
 *   3  the host's ports that are published, and the state: what the API and Docker made earlier, and what is about to be made, so that a
 *      death leaves a list behind
 *   4  rules and settings of the host, for networks with gateways
 *   5  the engine with what stands in the configuration, then the networks and ports of others
 *  and gives everything back in the opposite order, at the end or when a step fails. */
import type { FastifyInstance } from "fastify";
import { ABI_VERSION, LAYOUT_VERSION } from "../assembly/abi/limits.ts";
import type { EngineConfig } from "../bindings/config/types.ts";
import { Engine } from "../bindings/engine.ts";
import type { Origin } from "../bindings/engine/store.ts";
import { foundTables } from "../bindings/engine/tables-place.ts";
import type { EngineLike, EngineOptions } from "../bindings/engine/types.ts";
import { PortyardError } from "../bindings/error.ts";
import { layOut } from "../bindings/tables/layout.ts";
import type { Served } from "./api/route.ts";
import type { ReloadView, VersionView } from "./api/schema.ts";
import { createServer } from "./api/server.ts";
import { type DockerDriver, type DockerParts, serveDocker } from "./docker/docker.ts";
import { Records } from "./docker/records.ts";
import { cleanUp, clearWay, removeDropped, removeUnrecorded } from "./clean-up.ts";
import { logEvents } from "./engine-log.ts";
import { Host, type HostLike } from "./host/host.ts";
import type { Publisher } from "./host/publish/publisher.ts";
import { takeHostPorts } from "./host/publish/take-host-ports.ts";
import { claimPlace } from "./lock.ts";
import { forwarderLog, type Log } from "./log.ts";
import { Operations } from "./operations.ts";
import { packageVersion } from "./package-version.ts";
import { type Place, type PlaceOptions, placeOf } from "./place.ts";
import { listenPrivately } from "./socket.ts";
import { noFile, parseReload } from "./reload-input.ts";
import { writeState } from "./state/state-file.ts";
import { leaveAsBefore, leaveRest, type TakenUp, takeUpObjects } from "./state/take-up.ts";
import { Undo } from "./undo.ts";
import { Views } from "./views.ts";

export type EngineFactory = (config: EngineConfig, options: EngineOptions) => Promise<EngineLike>;

export interface AgentOptions extends PlaceOptions {
  /** How the engine runs. */
  engine?: Pick<EngineOptions, "isolation" | "io" | "spinMicroseconds" | "build" | "standby" | "forwarders">;
  /** Default: the real one. */
  createEngine?: EngineFactory;
  /** Default: the real one. */
  createHost?: (place: Place, log: Log, isMade: boolean) => HostLike;
  log: Log;
  /** The file that the configuration was read from: what `reload` reads again. */
  configFile?: ConfigFile;
  /** Descriptor of the socket for Docker's calls that a service manager handed over; without it the agent makes its own. */
  dockerDescriptor?: number | null;
  /** The abort of `signal` ends this agent alone, and everything goes on. */
  keep?: boolean;
  /** Its abort is a stop, also in the middle of the start. */
  signal?: AbortSignal;
  /** Called before each port of the configuration with the count of those that forward, and at the end. */
  onProgress?: (made: number) => void;
}

/** A configuration file, and how it is read: with what the command line said beside it. */
export interface ConfigFile {
  path: string;
  /** @throws PortyardError `configuration-unreadable`, `bad-configuration`. */
  read: (path: string) => Promise<EngineConfig>;
}

/** How long a client that reads slowly may keep the agent from its end. */
const LAST_ANSWERS_MS = 2000;

export class Agent implements Served {
  readonly place: Place;
  /** Resolves when nothing is left of it; true when it left everything to a successor that asked for that. */
  readonly closed: Promise<boolean>;
  readonly #options: AgentOptions;
  readonly #log: Log;
  readonly #undo = new Undo();
  readonly #server: FastifyInstance;
  readonly #startedMs = performance.now();
  #state: "starting" | "running" | "stopping" = "starting";
  #engine: EngineLike | null = null;
  #running: { views: Views; operations: Operations } | null = null;
  #configFile: ConfigFile | null;
  #config: EngineConfig;
  #started: Promise<void> = Promise.resolve();
  #stopped: Promise<void> | null = null;
  /** What it found forwards without it too: a start that fails leaves that so. */
  #isTakingOver = false;
  /** Everything is to go on without this agent. */
  #isLeaving = false;
  #close: (isLeft: boolean) => void = () => {};

  private constructor(config: EngineConfig, options: AgentOptions) {
    this.place = placeOf(config.name, options);
    this.#options = options;
    this.#log = options.log;
    this.#config = config;
    this.#configFile = options.configFile ?? null;
    this.#server = createServer(this, options.log);
    this.closed = new Promise((resolve) => {
      this.#close = resolve;
    });
  }

  /** What the file said when it was last applied. */
  get config(): EngineConfig {
    return this.#config;
  }

  /** The file that `reload` reads; null where there is none. */
  get configFile(): ConfigFile | null {
    return this.#configFile;
  }

  /** Starts an agent; resolves when every port of the configuration forwards.
   *  @throws PortyardError `agent-running`, `no-rights`, `disk-full`, or what the engine says; then nothing is left behind. */
  static async start(config: EngineConfig, options: AgentOptions): Promise<Agent> {
    const agent = new Agent(config, options);
    agent.#started = agent.#start(config);
    const end = () => (options.keep ? agent.leave() : agent.stop());
    options.signal?.addEventListener("abort", () => void end().catch(() => {}));
    try {
      await agent.#started;
      return agent;
    } catch (error) {
      await agent.stop().catch(() => {});
      throw error;
    }
  }

  /** Stops the engine and removes what was made; what the API and Docker made stands in the state for the next start. Asked again, or
   *  during the start, it is the same stop.
   *  @throws the first fault of the taking back, after all of it. */
  stop(): Promise<void> {
    this.#state = "stopping";
    this.#stopped ??= this.#started.catch(() => {}).then(() => this.#end());
    return this.#stopped;
  }

  /** Ends this agent alone: forwarder, devices and state stay for the next one of its name. The same as `stop` with isolation "thread".
   *  @throws as `stop`. */
  leave(): Promise<void> {
    if (this.#stopped === null) this.#isLeaving = this.#options.engine?.isolation !== "thread";
    return this.stop();
  }

  version(): VersionView {
    return {
      version: packageVersion(),
      instance: this.place.name,
      state: this.#state,
      pid: process.pid,
      forwarderPid: this.#engine?.forwarderPid() ?? null,
      standbyPid: this.#engine?.standbyPid() ?? null,
      uptimeSeconds: Math.floor((performance.now() - this.#startedMs) / 1000),
      layoutVersion: LAYOUT_VERSION,
      abiVersion: ABI_VERSION,
      node: process.versions.node,
    };
  }

  views(): Views {
    return this.#ready().views;
  }

  operations(): Operations {
    return this.#ready().operations;
  }

  /** Applies what the configuration file says now, all or nothing.
   *  @param input `config`: another file, which is the agent's from then on; `dryRun`: check, and change nothing.
   *  @throws PortyardError `reload-refused`, `bad-request`, or as Operations.reload; nothing is changed then. */
  async reload(input: unknown = {}): Promise<ReloadView> {
    const { config, dryRun = false } = parseReload(input);
    const file = this.#configFile;
    if (file === null) throw noFile();
    const path = config ?? file.path;
    let wanted = this.#config;
    const read = async () => {
      wanted = await file.read(path);
      return wanted;
    };
    const changes = await this.#ready().operations.reload(read, dryRun);
    if (!dryRun) [this.#config, this.#configFile] = [wanted, { ...file, path }];
    return { config: path, dryRun, changes };
  }

  #ready(): { views: Views; operations: Operations } {
    if (this.#state === "running" && this.#running) return this.#running;
    throw new PortyardError(this.#state, `The agent is ${this.#state}.`, {
      remedy: this.#state === "starting" ? "Ask again in a moment." : "Start it again.",
    });
  }

  async #start(config: EngineConfig): Promise<void> {
    claimPlace(this.place, this.#undo);
    const takenUp = await takeUpObjects(this.place, config);
    const { objects } = takenUp;
    const records = config.docker && (await Records.open(this.place.dockerFile)); // an unreadable one is to stop nothing that runs
    await this.#clearWay(config, takenUp);
    await this.#listen();
    const publisher = await this.#takeHostPorts(takenUp);
    await this.#writeObjects(config, takenUp);
    const host = await this.#prepareHost(takenUp, publisher);
    const engine = await this.#createEngine(config);
    await this.#removeUnrecorded(engine, takenUp);
    const save = (state: Parameters<typeof writeState>[1]) => writeState(this.place.stateFile, state);
    const operations = new Operations({ config, engine, host, publisher, objects, save, log: this.#log });
    this.#undo.push(() => operations.close());
    await operations.makeFilePorts((made) => {
      this.#goOn();
      this.#options.onProgress?.(made);
    });
    await operations.services.makeFile();
    await operations.makeHeld();
    this.#goOn();
    const docker = config.docker && records && (await this.#serveDocker({ config: config.docker, engine, objects, operations, records }));
    await this.#settle(engine, takenUp);
    this.#options.onProgress?.(config.ports.length);
    this.#goOn();
    docker?.begin();
    this.#running = { views: new Views(engine, objects, publisher), operations };
    this.#state = "running";
    this.#log.info({ socket: this.place.socket, forwarder: engine.forwarderPid() }, "agent running");
  }

  /** A stop that was asked for in the middle of the start ends it here. */
  #goOn(): void {
    if (this.#state === "stopping")
      throw new PortyardError("stopping", "The agent was stopped before it was ready.", { remedy: "Start it again." });
  }

  /** What a dead agent of this name left, and this one cannot take over, goes first. */
  async #clearWay(config: EngineConfig, takenUp: TakenUp): Promise<void> {
    const origin = this.#predecessor(config);
    this.#isTakingOver = origin !== "new";
    const { forwarder, devices, files } = origin === "new" ? await cleanUp(this.place) : await clearWay(this.place, origin, takenUp);
    if (forwarder !== null || devices.length > 0 || files.length > 0) {
      this.#log.warn({ forwarder, devices, files }, "removed what an agent that died had left");
    }
    if (origin !== "new") this.#log.info({ forwarder: origin, ports: [...takenUp.kept] }, "taking over from an agent before this one");
  }

  async #removeUnrecorded(engine: EngineLike, takenUp: TakenUp): Promise<void> {
    if (!this.#isTakingOver) return;
    const devices = await removeUnrecorded(engine, takenUp);
    if (devices.length > 0) this.#log.warn({ devices }, "removed what an agent that died in the middle of a change had left");
  }

  /** What an agent of this name left that an engine of this configuration takes over. */
  #predecessor(config: EngineConfig): Origin {
    if (this.#options.engine?.isolation === "thread" || this.#options.createEngine !== undefined) return "new";
    return foundTables(this.place, layOut({ macs: config.tables.macs, flows: config.tables.flows, workers: config.workers }));
  }

  /** Every object stands in the state before it is made. At the end only those of the API and Docker do, unless all goes on without this agent. */
  async #writeObjects(config: EngineConfig, { objects, before }: TakenUp): Promise<void> {
    await objects.noteInterfaces(config.ports);
    this.#undo.push(async () => {
      if (this.#isTakingOver) await leaveAsBefore(this.place, before);
      else if (!this.#isLeaving) await leaveRest(this.place, objects);
    });
    await writeState(this.place.stateFile, objects.toState());
  }

  /** From here on a stop takes everything back; before, what was taken over goes on without this agent. */
  async #settle(engine: EngineLike, takenUp: TakenUp): Promise<void> {
    const { objects } = takenUp;
    const ended = await engine.settle();
    if (ended.length > 0) this.#log.info({ ports: ended }, "ended ports that the configuration does not name any more");
    if (objects.forgetLeftovers()) {
      const devices = this.#isTakingOver ? await removeDropped(takenUp) : [];
      if (devices.length > 0) this.#log.warn({ devices }, "removed devices of ports that are not wanted any more");
      await writeState(this.place.stateFile, objects.toState());
    }
    this.#isTakingOver = false;
  }

  /** Rules and settings for every network with a gateway, before there is one. */
  async #prepareHost({ objects, before }: TakenUp, publisher: Publisher): Promise<HostLike> {
    this.#goOn();
    const { createHost = (place, log, isMade) => new Host(place, log, isMade) } = this.#options;
    const isMade = this.#isTakingOver && (before?.networks ?? []).some(({ config }) => config.gateway !== undefined);
    const host = createHost(this.place, this.#log, isMade);
    this.#undo.push(() => (this.#isTakingOver || this.#isLeaving ? host.leave() : host.close()));
    await publisher.leadBy(host);
    await host.update(objects.networksToBe());
    if (!isMade) await publisher.forgetFlows();
    return host;
  }

  async #takeHostPorts({ objects }: TakenUp): Promise<Publisher> {
    this.#goOn();
    const publisher = await takeHostPorts(objects, this.#log);
    this.#undo.push(() => publisher.close());
    return publisher;
  }

  async #listen(): Promise<void> {
    await this.#server.ready();
    await listenPrivately(this.#server.server, this.place.socket);
    this.#undo.push(() => void this.#server.server.close());
  }

  async #createEngine(config: EngineConfig): Promise<EngineLike> {
    this.#goOn();
    const { engine: how, createEngine = Engine.create } = this.#options;
    const engine = await createEngine(
      { ...config, ports: [], services: [] },
      { ...how, log: forwarderLog(this.#log), runDirectory: this.place.runDirectory, settle: false },
    );
    this.#undo.push(() => (this.#isTakingOver || this.#isLeaving ? engine.leave() : engine.close()));
    this.#goOn();
    logEvents(engine, this.#log);
    this.#engine = engine;
    return engine;
  }

  /** Listens, so that nothing can refuse that any more when all is settled. */
  async #serveDocker(parts: Omit<DockerParts, "descriptor" | "log">): Promise<DockerDriver> {
    this.#goOn();
    const { dockerDescriptor: descriptor = null, log } = this.#options;
    const driver = await serveDocker({ ...parts, descriptor, log });
    this.#undo.push(() => driver.close());
    return driver;
  }

  async #end(): Promise<void> {
    const faults = await this.#undo.run();
    for (const fault of faults) this.#log.error({ err: fault }, "something could not be taken back");
    if (this.#running) this.#log.info("agent stopped");
    this.#closeServer();
    if (faults.length > 0) throw faults[0];
  }

  /** Those who wait for an answer, the one to `stop` among them, still get it. */
  #closeServer(): void {
    const cut = setTimeout(() => this.#server.server.closeAllConnections(), LAST_ANSWERS_MS);
    void this.#server.close().finally(() => {
      clearTimeout(cut);
      this.#close(this.#isLeaving && !this.#options.signal?.aborted);
    });
  }
}
