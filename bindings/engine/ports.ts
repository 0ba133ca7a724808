/** The ports of an engine: how one comes and how it goes, all or nothing.
 *
 *      add      index -> device -> record, bindings, membership -> desired up -> descriptor to the forwarder -> actual up
 *      remove   desired absent, membership and bindings gone -> every worker has seen it -> descriptor closed
 *               -> its MAC entries flushed -> record retired, next generation -> device removed, index free             */
import { MAX_PORTS, MAX_TRUNKS } from "../../assembly/abi/limits.ts";
import * as field from "../../assembly/abi/port.ts";
import { networksOf } from "../config/networks-of.ts";
import type { PortConfig, PortKind } from "../config/types.ts";
import { PortyardError } from "../error.ts";
import type { ForwarderLink } from "../forwarder/link.ts";
import { errnoName } from "../native/errno.ts";
import * as members from "../tables/network-table.ts";
import * as table from "../tables/port-table.ts";
import * as trunks from "../tables/trunk-table.ts";
import { bind, unbind } from "./bindings.ts";
import type { LeftPort } from "../tables/left-tables.ts";
import { disinherit, type Heir } from "./inheritance.ts";
import type { Networks } from "./networks.ts";
import { withLease } from "../ipam/lease.ts";
import { Numbers } from "./numbers.ts";
import { changePorts } from "./port-change.ts";
import type { Devices, PortEntry } from "./port-entry.ts";
import { recordOf } from "./port-record.ts";
import type { EngineStore } from "./store.ts";

export type { Devices, InheritedDevice, PortEntry } from "./port-entry.ts";

export class Ports {
  private readonly store: EngineStore;
  private readonly networks: Networks;
  private readonly link: ForwarderLink;
  private readonly devices: Devices;
  private readonly numbers = new Numbers(0, MAX_PORTS);
  private readonly trunkNumbers = new Numbers(0, MAX_TRUNKS);
  private readonly byName = new Map<string, PortEntry>();
  private readonly byIndex = new Map<number, PortEntry>();
  /** Those whose device another forwarder has as well. */
  private readonly received = new Set<PortEntry>();
  private isHoldingBack = false;
  /** Called when no frame comes or goes by a port any more, before its counts are gone and its index is free. */
  onRetire: (entry: PortEntry) => void = () => {};

  constructor(store: EngineStore, networks: Networks, link: ForwarderLink, devices: Devices) {
    this.store = store;
    this.networks = networks;
    this.link = link;
    this.devices = devices;
  }

  /** @param config with the addresses that it was lent; `asked`: without.
   *  @throws PortyardError of the device, `port-exists`, `network-missing`, `ports-exhausted`, `port-failed`, `address-taken`. */
  async add(config: PortConfig, asked = config): Promise<PortEntry> {
    if (this.byName.has(config.name)) {
      throw new PortyardError("port-exists", `There is a port ${config.name} already.`, {
        value: config.name,
        remedy: "Choose another name, or remove it first.",
      });
    }
    const entry = this.number(config, asked);
    try {
      entry.device = await this.devices.open(config, entry.mtu);
      await this.bringUp(entry);
      return entry;
    } catch (error) {
      await this.takeDown(entry).catch(() => undefined); // the first error is the one that explains
      throw error;
    }
  }

  /** @throws PortyardError as Devices.check. */
  async check(ports: readonly PortConfig[], leaving: readonly PortConfig[]): Promise<void> {
    await this.devices.check(ports, leaving);
  }

  /** The index, and the trunk page, that a predecessor gave out. */
  reserve(index: number): void {
    this.numbers.reserve(index);
    const page = table.trunkPage(this.store.tables, index);
    if (page !== null) this.trunkNumbers.reserve(page);
  }

  /** Takes over a port of the tables that has this configuration; null when its device is not there any more.
   *  @throws PortyardError of the device, `port-failed`. */
  async inherit({ index, descriptor }: Heir, config: PortConfig, asked = config): Promise<PortEntry | null> {
    const { tables } = this.store;
    const { networks, kind, mtu } = this.shapeOf(config);
    const record = { descriptor, flags: table.flags(tables, index), restore: table.restore(tables, index) };
    const device = await this.devices.inherit(config, mtu, record);
    if (device === null) return null;
    const worker = table.owner(tables, index);
    const entry = this.enter({ index, config, asked, kind, mtu, worker, trunk: table.trunkPage(tables, index), networks, device });
    // one that was shut stays so until it is removed
    if ([field.UP, field.SHUT].includes(table.actual(tables, index))) return entry;
    try {
      await this.connect(entry);
      return entry;
    } catch (error) {
      await this.takeDown(entry).catch(() => undefined); // the first error is the one that explains
      throw error;
    }
  }

  /** From now on ports are made ready, but forward only when `release` is called. */
  holdBack(): void {
    this.isHoldingBack = true;
  }

  /** The forwarder has every descriptor: a port that is read while another cannot be written to yet would lose what it has for that one.
   *  @throws PortyardError `worker-stuck`. */
  async untilHeld(): Promise<void> {
    const { tables } = this.store;
    const areHeld = () => this.all().every(({ index, device }) => device === null || table.attachedDescriptor(tables, index) >= 0);
    await this.store.until(areHeld, "worker-stuck", "The forwarder has not taken the descriptors of all ports.");
  }

  /** All ports begin to forward at once, which are held by now; resolves when they do. @throws PortyardError `port-failed`, `worker-stuck`. */
  async release(): Promise<void> {
    const { tables } = this.store;
    this.isHoldingBack = false;
    for (const { index } of this.all()) table.setDesired(tables, index, field.UP);
    this.store.publish();
    for (const entry of this.all()) await this.untilTaken(entry);
    this.received.clear();
  }

  /** A port that another forwarder, over other tables, still reads: its device with what its station has announced. Null when the
   *  device is not there any more. @throws PortyardError of the device, `ports-exhausted`. */
  async receive(left: LeftPort, descriptor: number | null, config: PortConfig, asked = config): Promise<PortEntry | null> {
    const { mtu } = this.shapeOf(config);
    const device = await this.devices.inherit(config, mtu, { descriptor, flags: left.flags, restore: left.restore });
    if (device === null) return null;
    const entry = this.number(config, asked);
    entry.device = device;
    this.received.add(entry);
    try {
      await this.bringUp(entry);
    } catch (error) {
      await this.refuse(entry, descriptor === null);
      throw error;
    }
    table.setLinkLocals(this.store.tables, entry.index, left.linkLocals);
    if (left.isShut) table.setActual(this.store.tables, entry.index, field.SHUT, field.SHUT_POISON);
    return entry;
  }

  /** The port is taken off again, and its device is not touched.
   *  @param isOwn the descriptor was opened here. */
  private async refuse(entry: PortEntry, isOwn: boolean): Promise<void> {
    const { device } = entry;
    entry.device = null;
    this.received.delete(entry);
    await this.takeDown(entry).catch(() => undefined); // the first error is the one that explains
    if (isOwn) device?.leave();
  }

  /** Lets go of devices that another forwarder goes on with, and removes those that were made here. */
  async giveBack(): Promise<void> {
    for (const entry of this.all()) {
      if (this.received.has(entry)) entry.device?.leave();
      else await entry.device?.close();
    }
  }

  /** Ends a port of the tables whose configuration is not known any more. */
  async drop({ index, descriptor }: Heir): Promise<void> {
    const { tables } = this.store;
    const page = table.trunkPage(tables, index);
    const [kind, restore] = [table.kind(tables, index), table.restore(tables, index)];
    disinherit(tables, index);
    await this.retire(index);
    this.numbers.free(index);
    if (page !== null) this.trunkNumbers.free(page);
    if (descriptor !== null) await this.devices.discard(kind, descriptor, restore);
  }

  /** Gives the port its numbers. */
  private number(config: PortConfig, asked: PortConfig): PortEntry {
    const { networks, kind, mtu } = this.shapeOf(config);
    const index = this.numbers.take();
    if (index === null) throw new PortyardError("ports-exhausted", `An engine has at most ${MAX_PORTS} ports.`, { value: config.name });
    const trunk = config.trunk === undefined ? null : this.trunkNumbers.take();
    if (config.trunk !== undefined && trunk === null) {
      this.numbers.free(index);
      throw new PortyardError("trunks-exhausted", `An engine has at most ${MAX_TRUNKS} trunk ports.`, { value: config.name });
    }
    return this.enter({ index, config, asked, kind, mtu, worker: index % this.store.layout.workers, trunk, networks, device: null });
  }

  private shapeOf(config: PortConfig): Pick<PortEntry, "networks" | "kind" | "mtu"> {
    const networks = networksOf(config).map((name) => this.networks.get(name));
    return { networks, kind: kindOf(config), mtu: config.mtu ?? Math.max(...networks.map(({ config: network }) => network.mtu)) };
  }

  private enter(entry: PortEntry): PortEntry {
    this.byName.set(entry.config.name, entry);
    this.byIndex.set(entry.index, entry);
    return entry;
  }

  private async bringUp(entry: PortEntry): Promise<void> {
    const { tables } = this.store;
    const { index, networks, config, asked } = entry;
    if (entry.trunk !== null) this.writeTrunk(entry, entry.trunk);
    table.write(tables, index, recordOf(entry));
    table.identify(tables, index, asked, entry.device?.restore ?? 0);
    bind(this.store, index, config, networks);
    for (const network of networks) members.addMember(tables, network.index, index);
    table.setDesired(tables, index, this.isHoldingBack ? field.SHUT : field.UP);
    await this.connect(entry);
  }

  /** Hands the descriptor over and waits until the owner worker reads it, if it is to. */
  private async connect(entry: PortEntry): Promise<void> {
    await this.link.attach({ port: entry.index, descriptor: entry.device?.descriptor ?? 0 });
    if (this.isHoldingBack) return;
    await this.untilTaken(entry);
    if (table.actual(this.store.tables, entry.index) !== field.UP) throw this.portFailed(entry);
  }

  /** @throws PortyardError `port-failed`, `worker-stuck`. */
  private async untilTaken(entry: PortEntry): Promise<void> {
    const state = () => table.actual(this.store.tables, entry.index);
    await this.store.until(
      () => state() !== field.ABSENT,
      "worker-stuck",
      `The forwarder has not taken port ${entry.config.name} into service.`,
    );
    if (state() === field.FAILED) throw this.portFailed(entry);
  }

  private portFailed({ index, config }: PortEntry): PortyardError {
    const error = errnoName(table.errno(this.store.tables, index));
    return new PortyardError("port-failed", `Port ${config.name} cannot be read: ${error}.`, { value: error });
  }

  private writeTrunk(entry: PortEntry, page: number): void {
    const vlans = Object.entries(entry.config.trunk ?? {}).map(([name, vlan]) => [vlan, this.networks.get(name).index] as const);
    const native = entry.config.native === undefined ? 0 : this.networks.get(entry.config.native).index;
    trunks.write(this.store.tables, page, new Map(vlans), native);
  }

  /** Gives living ports what nothing of their devices depends on, all or nothing. @throws PortyardError as `changePorts`, `port-missing`. */
  async set(configs: readonly PortConfig[]): Promise<PortEntry[]> {
    const changes = configs.map((asked) => {
      const entry = this.get(asked.name);
      const lease = asked.tap?.addresses.length === 0 ? (entry.config.tap?.addresses ?? []) : [];
      return { entry, from: { config: entry.config, asked: entry.asked }, to: { config: withLease(asked, lease), asked } };
    });
    await changePorts(this.store, changes);
    return changes.map(({ entry }) => entry);
  }

  async remove(name: string): Promise<void> {
    await this.takeDown(this.get(name));
  }

  /** Its device and name go in any case, its index only when no worker can know it any more. */
  private async takeDown(entry: PortEntry): Promise<void> {
    try {
      await this.withdraw(entry);
      this.numbers.free(entry.index);
      if (entry.trunk !== null) this.trunkNumbers.free(entry.trunk);
    } finally {
      this.byName.delete(entry.config.name);
      this.byIndex.delete(entry.index);
      await entry.device?.close();
    }
  }

  private async withdraw(entry: PortEntry): Promise<void> {
    const { tables } = this.store;
    table.setDesired(tables, entry.index, field.ABSENT);
    for (const network of entry.networks) members.removeMember(tables, network.index, entry.index);
    unbind(this.store, entry.index, entry.config, entry.networks);
    await this.retire(entry.index);
  }

  /** The end of an index that no configuration gives anything to any more. */
  private async retire(index: number): Promise<void> {
    const { tables, wasm, agent } = this.store;
    await this.store.publishAndWait();
    await this.link.detach(index);
    wasm.flushPort(agent, index);
    const entry = this.at(index);
    if (entry !== null) this.onRetire(entry);
    table.retire(tables, index);
  }

  /** Lets go of every device, which somebody else has too. */
  leaveDevices(): void {
    for (const { device } of this.all()) device?.leave();
  }

  /** Closes every device that does not outlive the engine, whatever becomes of another. @throws the first error. */
  async closeDevices(): Promise<void> {
    const end = async ({ device }: PortEntry) => (device?.outlives ? device.leave() : device?.close());
    const closings = await Promise.allSettled(this.all().map(end));
    for (const closing of closings) if (closing.status === "rejected") throw closing.reason;
  }

  /** The device of a port went away: descriptor closed, learned entries flushed; the port stays, `gone`, until it is removed. */
  async lose(entry: PortEntry): Promise<void> {
    if (entry.device === null || this.byIndex.get(entry.index) !== entry) return;
    const { device } = entry;
    entry.device = null;
    for (const network of entry.networks) members.removeMember(this.store.tables, network.index, entry.index);
    await this.store.publishAndWait();
    await this.link.detach(entry.index);
    this.store.wasm.flushPort(this.store.agent, entry.index);
    await device.close();
  }

  /** @throws PortyardError `port-missing`. */
  get(name: string): PortEntry {
    const entry = this.byName.get(name);
    if (entry !== undefined) return entry;
    throw new PortyardError("port-missing", `There is no port ${name}.`, {
      value: name,
      remedy: `Known are: ${[...this.byName.keys()].join(", ") || "none"}.`,
    });
  }

  at(index: number): PortEntry | null {
    return this.byIndex.get(index) ?? null;
  }

  all(): PortEntry[] {
    return [...this.byName.values()];
  }
}

function kindOf({ tap, packet, host }: PortConfig): PortKind {
  return tap !== undefined ? "tap" : packet !== undefined ? "packet" : host !== undefined ? "host" : "memory";
}
