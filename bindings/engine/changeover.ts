/** From a forwarder over tables of another layout to this engine's, without a pause:
 *   1  this engine's forwarder runs over new tables, without a port; the predecessor's hands its descriptors over and goes on
 *   2  networks and ports are made ready in the new tables as they are asked for; nobody reads the ports yet (`holdBack`)
 *   3  the switch, when the engine settles: stations, connections and counts are carried over, then all ports are read from one epoch on
 *   4  the new file takes the old one's place; the predecessor stops reading, finishes what it has read, and ends
 *  Between 3 and 4 both forwarders read the same devices: each frame goes to one of them, and both know the way. Not so where there are
 *  services: a connection that began in one of them is not known to the other. There the predecessor ends before ports are read, and what
 *  has changed since is carried over in between, while frames wait in their devices. Whatever fails before
 *  4 leaves the predecessor as it was (`goBack`). Where the predecessor is dead there is nobody to hand over: the devices are opened
 *  again in place, as in any other takeover.                                                                              */
import { rmSync } from "node:fs";
import type { NetworkConfig, PortConfig } from "../config/types.ts";
import { OwnForwarders } from "../forwarder/forwarder-source.ts";
import type { ForwarderLink, HeldAttachment, LinkListener } from "../forwarder/link.ts";
import { ProcessLink } from "../forwarder/process-link.ts";
import type { ForwarderSettings } from "../forwarder/settings.ts";
import { closeDescriptor } from "../native/io.ts";
import type { TablesFile } from "../native/tables-file.ts";
import type { LeftFlows } from "../tables/left-flows.ts";
import { type LeftNetwork, type LeftPort, fingerprintBy } from "../tables/left-tables.ts";
import { fingerprintOf } from "../tables/identity.ts";
import * as table from "../tables/port-table.ts";
import { type Lease, withLease } from "../ipam/lease.ts";
import { type Claiming, isKept, poolEntryOf } from "./claims.ts";
import { discardDevice } from "./open-device.ts";
import { Leases, lentOf } from "./leases.ts";
import { type LeftFile, newSocketIn, replaceSocket, replaceTables } from "./left-file.ts";
import { type CarriedFlows, FlowCarrier } from "./flow-carrier.ts";
import { type FlowTargets, mapFlows, mapperOf } from "./flow-import.ts";
import { targetsIn } from "./flow-targets.ts";
import { type Carried, carryOverMacs } from "./mac-import.ts";
import type { NetworkEntry, Networks } from "./networks.ts";
import type { PortEntry, Ports } from "./ports.ts";
import type { Services } from "./services.ts";
import type { EngineStore } from "./store.ts";
import { abandonTables, removeTables } from "./tables-place.ts";
import type { EngineOptions } from "./types.ts";

/** A port of the predecessor that nobody has asked for yet. */
interface Unclaimed extends LeftPort {
  /** What its forwarder holds; null when that is dead, or holds nothing. */
  descriptor: number | null;
}

export interface ChangeoverParts {
  store: EngineStore;
  networks: Networks;
  ports: Ports;
  services: Services;
  /** To the new forwarder. */
  link: ForwarderLink;
  settings: ForwarderSettings;
  file: TablesFile;
  left: LeftFile;
  log: NonNullable<EngineOptions["log"]>;
}

/** To a forwarder that is never started again. */
function linkTo(file: TablesFile, settings: ForwarderSettings, listener: LinkListener): ProcessLink {
  const source = new OwnForwarders(settings.name, settings.runDirectory, listener.log);
  return new ProcessLink(settings, file, settings.runDirectory, listener, source, false);
}

export class Changeover implements Claiming {
  private readonly parts: ChangeoverParts;
  private readonly unclaimed = new Map<string, Unclaimed>();
  /** Index in the old tables of each port that was taken over. */
  private readonly received = new Map<PortEntry, number>();
  /** To the old forwarder; null when that is dead. */
  private predecessor: ProcessLink | null;
  private readonly leases: Leases;
  private isDone = false;

  constructor(parts: ChangeoverParts) {
    this.parts = parts;
    this.leases = new Leases(parts.store);
    const { settings, left, log } = parts;
    const down = (reason: string) => log("warn", "the forwarder that is taken over from has ended", { reason });
    this.predecessor = left.isLiving ? linkTo(left.file, settings, { down, standby() {}, log() {} }) : null;
  }

  /** This engine's forwarder runs; nothing is taken yet. */
  async begin(): Promise<void> {
    const { left, ports } = this.parts;
    ports.holdBack();
    const held = await this.adopt();
    const descriptors = new Map(held.map(({ port, descriptor }) => [port, descriptor]));
    const known = left.tables?.ports() ?? held.flatMap(({ identity }) => identity ?? []);
    this.leases.reserve(known);
    for (const port of known) this.unclaimed.set(port.name, { ...port, descriptor: descriptors.get(port.index) ?? null });
    const named = new Set(known.map(({ index }) => index));
    for (const { port, descriptor } of held) if (!named.has(port)) closeDescriptor(descriptor);
  }

  private async adopt(): Promise<HeldAttachment[]> {
    try {
      return (await this.predecessor?.adopt()) ?? [];
    } catch (error) {
      this.parts.log("warn", "the forwarder could not be taken over: it has ended", { reason: (error as Error).message });
      this.predecessor = null;
      return [];
    }
  }

  async network(config: NetworkConfig): Promise<NetworkEntry> {
    return this.parts.networks.add(config);
  }

  reserve(ports: readonly PortConfig[]): void {
    this.leases.reserve(ports);
  }

  async port(config: PortConfig, lease: Lease = []): Promise<PortEntry> {
    const { networks, ports } = this.parts;
    const left = this.unclaimed.get(config.name);
    const pool = poolEntryOf(config, networks);
    const kept = left === undefined || pool === null ? [] : lentOf(left.addresses, config, pool.config);
    const isKeeping = isKept(pool, kept, lease);
    const isSame = left !== undefined && this.isSame(left, config) && isKeeping;
    const entry = isSame ? await ports.receive(left, left.descriptor, withLease(config, kept), config) : null;
    if (entry === null) {
      await this.discard(config.name);
      const lent = pool === null ? [] : isKeeping ? kept : lease.length > 0 ? lease : this.leases.lend(config, pool, []);
      return ports.add(withLease(config, lent), config);
    }
    this.unclaimed.delete(config.name);
    this.received.set(entry, left?.index ?? 0);
    return entry;
  }

  hasLeft(config: PortConfig): boolean {
    const left = this.unclaimed.get(config.name);
    return left !== undefined && this.isSame(left, config);
  }

  private isSame({ fingerprint, isGone }: LeftPort, config: PortConfig): boolean {
    const layout = this.parts.left.tables?.layout;
    return !isGone && fingerprint === (layout === undefined ? fingerprintOf(config) : fingerprintBy(layout, "port", config));
  }

  /** The device of a port that is not taken over goes. */
  private async discard(name: string): Promise<void> {
    const left = this.unclaimed.get(name);
    this.unclaimed.delete(name);
    if (left !== undefined && left.descriptor !== null) await discardDevice(left.kind, left.descriptor, left.restore);
  }

  async settle(): Promise<string[]> {
    if (this.isDone) return [];
    await this.parts.ports.untilHeld();
    const stations = this.carryOver();
    const connections = this.parts.services.all().length > 0 ? await this.replaceServing() : await this.replaceSwitching();
    removeTables(this.parts.left.file);
    this.parts.log("info", "forwarding over tables of another layout", { ...stations, ...connections, ports: this.received.size });
    const names = [...this.unclaimed.keys()];
    for (const name of names) await this.discard(name);
    return names;
  }

  /** Both forwarders read for a while. Nothing here has connections. */
  private async replaceSwitching(): Promise<CarriedFlows> {
    const found = this.leftFlows();
    const lostFlows = found === null ? 0 : mapFlows(found[0].flows(), mapperOf(...found)).lost;
    await this.parts.ports.release();
    await this.replace();
    return { flows: 0, lostFlows };
  }

  /** Neither of them reads for a moment. */
  private async replaceServing(): Promise<CarriedFlows> {
    const found = this.leftFlows();
    const carrier = found === null ? null : new FlowCarrier(this.parts.store, ...found);
    await this.replace();
    carrier?.catchUp();
    const carried = carrier?.finish() ?? { flows: 0, lostFlows: 0 };
    await this.parts.ports.release();
    return carried;
  }

  /** Connections of the old tables, and what their networks and services are here; null where nothing is known of them. */
  private leftFlows(): [LeftFlows, LeftNetwork[], FlowTargets] | null {
    const { left, networks, services } = this.parts;
    const flows = left.tables?.flows() ?? null;
    return left.tables === null || flows === null ? null : [flows, left.tables.networks(), targetsIn(networks, services)];
  }

  /** Stations and counts, as they stand in the old tables now. */
  private carryOver(): Carried {
    const { store, networks, left } = this.parts;
    if (left.tables === null) return { macs: 0, lostMacs: 0 };
    for (const [{ index }, before] of this.received) {
      const { counts, drops } = left.tables.countsOf(before);
      table.addCounts(store.tables, index, counts, drops);
    }
    const ports = new Map([...this.received].map(([entry, before]) => [before, entry]));
    return carryOverMacs(store, left.tables, networks.all(), ports);
  }

  private async replace(): Promise<void> {
    const { file, left, link, settings } = this.parts;
    replaceTables(file, left.file);
    this.isDone = true;
    await this.predecessor?.stop();
    replaceSocket(settings.runDirectory);
    link.settleIn();
  }

  /** True until the new tables have taken the place of the old ones. */
  get isUnderWay(): boolean {
    return !this.isDone;
  }

  /** The predecessor goes on alone. This engine's forwarder has ended by now. */
  async goBack(): Promise<void> {
    const { ports, file, left, settings } = this.parts;
    await ports.giveBack();
    for (const { descriptor } of this.unclaimed.values()) if (descriptor !== null) closeDescriptor(descriptor);
    this.predecessor?.leave();
    removeTables(file);
    abandonTables(left.file);
    rmSync(newSocketIn(settings.runDirectory), { force: true });
  }

  /** Everything is to end: the predecessor too. */
  async end(): Promise<void> {
    await this.predecessor?.stop();
    for (const name of [...this.unclaimed.keys()]) await this.discard(name);
    removeTables(this.parts.left.file);
  }
}
