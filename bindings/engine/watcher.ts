/** Turns the event rings of the tables into the engine's events, and notices interfaces that were deleted under a packet
 *  socket (which reads as "nothing now" for ever), and namespaces that a pinned port alone keeps. Runs on a timer that does not keep the process alive. */
import { EventEmitter } from "node:events";
import { ENODEV } from "../../assembly/abi/errno.ts";
import * as event from "../../assembly/abi/event.ts";
import * as field from "../../assembly/abi/port.ts";
import * as record from "../../assembly/abi/worker.ts";
import { type EngineEvent, EventReader } from "../tables/event-ring.ts";
import * as table from "../tables/port-table.ts";
import { eventWriters, SHUT_NAMES } from "./describe.ts";
import { DropSampler, SAMPLE_MS } from "./drop-sampler.ts";
import type { OpenPort } from "../ports/open-port.ts";
import { givePrecedence } from "./precedence.ts";
import type { Networks } from "./networks.ts";
import type { PortEntry, Ports } from "./ports.ts";
import type { EngineStore } from "./store.ts";
import type { EngineEvents, WorkerDeath } from "./types.ts";

const PERIOD_MS = 50;
const DEATHS: Record<number, WorkerDeath> = {
  [record.DEATH_TRAP]: "trap",
  [record.DEATH_ERROR]: "error",
  [record.DEATH_HANG]: "hang",
  [record.DEATH_EXIT]: "exit",
};
/** Interfaces of packet ports are looked at once in so many periods. */
const INTERFACE_PERIODS = 5;

export class Watcher {
  private readonly emitter = new EventEmitter().setMaxListeners(0);
  private readonly drops: DropSampler;
  /** When drops were last told; null until the ports are those that are asked for. */
  private sampledMs: number | null = null;
  private readonly store: EngineStore;
  private readonly networks: Networks;
  private readonly ports: Ports;
  private readonly readers: (readonly [writer: number, reader: EventReader])[];
  private readonly nameOfErrno: (errno: number) => string;
  private readonly onLost: (entry: PortEntry) => void;
  private readonly poisonPath: (number: number) => string;
  private readonly forwarderPid: () => number | null;
  private readonly nowMs: () => number;
  private timer: NodeJS.Timeout | null = null;
  private periods = 0;
  private readonly thrown: { error: unknown }[] = [];

  /** @param onLost called when the device of a port went away.
   *  @param poisonPath where the forwarder saves frame `number` of which a worker died.
   *  @param forwarderPid process of the workers; null while there is none, or when it is this one.
   *  @param nowMs time of any clock that never goes back. */
  constructor(
    store: EngineStore,
    networks: Networks,
    ports: Ports,
    nameOfErrno: (errno: number) => string,
    onLost: (entry: PortEntry) => void,
    poisonPath: (number: number) => string,
    forwarderPid: () => number | null,
    nowMs: () => number,
  ) {
    this.store = store;
    this.networks = networks;
    this.ports = ports;
    this.nameOfErrno = nameOfErrno;
    this.onLost = onLost;
    this.poisonPath = poisonPath;
    this.forwarderPid = forwarderPid;
    this.nowMs = nowMs;
    this.drops = new DropSampler(store.tables);
    ports.onRetire = (entry) => this.tellLast(entry);
    this.readers = eventWriters(store).map((writer) => [writer, new EventReader(store.tables, writer)]);
  }

  /** @param isThere tells whether what a port stands on is still what was opened, for those whose descriptor does not tell. */
  start(isThere: (device: OpenPort) => boolean): void {
    this.timer = setInterval(() => {
      if (++this.periods % INTERFACE_PERIODS === 0) this.checkDevices(isThere);
      this.poll();
    }, PERIOD_MS);
    this.timer.unref();
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
  }

  /** Events that were overwritten before they could be read. */
  get lost(): number {
    return this.readers.reduce((sum, [, reader]) => sum + reader.lost, 0);
  }

  on(name: keyof EngineEvents, listener: (...args: never[]) => void): void {
    if (name === "dropSampled" && this.emitter.listenerCount(name) === 0) this.drops.skip(this.ports.all());
    this.emitter.on(name, listener as () => void);
  }

  off(name: keyof EngineEvents, listener: (...args: never[]) => void): void {
    this.emitter.off(name, listener as () => void);
  }

  /** The ports are those that are asked for: what was dropped before, under a predecessor, is told to nobody. Nothing happens when they
   *  were so before. */
  settled(): void {
    if (this.sampledMs !== null) return;
    this.drops.skip(this.ports.all());
    this.sampledMs = Number.NEGATIVE_INFINITY;
  }

  /** Reads and emits what has come. @throws what a listener threw first since the last call, when everything has been told. */
  poll(): void {
    this.tellAll();
    const nowMs = this.nowMs();
    if (this.sampledMs !== null && nowMs - this.sampledMs >= SAMPLE_MS && this.emitter.listenerCount("dropSampled") > 0) {
      this.sampledMs = nowMs;
      for (const entry of this.ports.all()) this.tellDrops(entry);
    }
    const [first] = this.thrown.splice(0);
    if (first !== undefined) throw first.error;
  }

  private tellAll(): void {
    for (const [writer, reader] of this.readers) {
      for (const one of reader.read()) this.tell(writer, one);
    }
  }

  /** Before another port may have its index. */
  private tellLast(entry: PortEntry): void {
    this.tellAll();
    if (this.sampledMs !== null && this.emitter.listenerCount("dropSampled") > 0) this.tellDrops(entry);
  }

  private tellDrops(entry: PortEntry): void {
    for (const [reason, count] of this.drops.take(entry)) this.emit("dropSampled", reason, entry.config.name, count);
  }

  /** Tells every listener; what one throws keeps neither another nor the engine from going on, and comes out of the next `poll`. */
  emit<Name extends keyof EngineEvents>(name: Name, ...args: Parameters<EngineEvents[Name]>): void {
    for (const listener of this.emitter.listeners(name)) {
      try {
        listener(...args);
      } catch (error) {
        this.thrown.push({ error });
      }
    }
  }

  private tell(writer: number, one: EngineEvent): void {
    if (one.kind === event.WORKER_DOWN) this.workerDown(writer, one);
    else if (one.kind === event.WORKER_UP) this.workerUp(writer, one);
    else this.tellOfPort(one);
  }

  /** It may run in another thread than before. */
  private workerUp(worker: number, { detail }: EngineEvent): void {
    givePrecedence(this.forwarderPid());
    this.emit("workerUp", worker, detail);
  }

  private workerDown(worker: number, { port, network: file, detail }: EngineEvent): void {
    const name = port === 0 ? null : table.name(this.store.tables, port - 1);
    this.emit("workerDown", worker, DEATHS[detail] ?? "error", name, file === 0 ? null : this.poisonPath(file));
  }

  private tellOfPort(one: EngineEvent): void {
    const entry = this.ports.at(one.port);
    if (entry === null) return;
    const { name } = entry.config;
    const network = this.networks.nameOf(one.network);
    if (one.kind === event.PORT_UP) this.emit("portUp", name);
    else if (one.kind === event.PORT_GONE) this.gone(entry, one.detail);
    else if (one.kind === event.PORT_SHUT) this.emit("portDown", name, SHUT_NAMES[one.detail] ?? null);
    else if (one.kind === event.PORT_FAILED) this.emit("portDown", name, this.nameOfErrno(one.detail));
    else if (network === null) return;
    else if (one.kind === event.MAC_LEARNED) this.emit("macLearned", network, one.mac, name);
    else if (one.kind === event.MAC_MOVED) this.emit("macMoved", network, one.mac, name);
    else if (one.kind === event.MAC_EVICTED) this.emit("macEvicted", network, one.mac, name);
    else this.emit("macAged", network, one.mac, name);
  }

  private gone(entry: PortEntry, errno: number): void {
    this.onLost(entry);
    this.emit("portDown", entry.config.name, this.nameOfErrno(errno));
  }

  private checkDevices(isThere: (device: OpenPort) => boolean): void {
    for (const entry of this.ports.all()) {
      if (entry.device === null || isThere(entry.device)) continue;
      table.setActual(this.store.tables, entry.index, field.GONE, ENODEV);
      this.gone(entry, ENODEV);
    }
  }
}
