/** The services of an engine: names to table indices, and how one comes and goes, all or nothing:
 *
 *      add      records -> rules -> backends, slates -> endpoints of backends, then of virtual addresses
 *      set      as add, for what comes; then slates and weights change; then what goes, goes
 *      remove   endpoints gone -> every worker has seen it -> flows ended -> every worker has seen it -> records empty
 *
 *  Places of slates, backends that are gone, endpoints and records are used again only when every worker has seen the change (`collect`). */
import { MAX_SERVICES } from "../../assembly/abi/limits.ts";
import { HEAD_SLATES, HEAD_SLATES_END } from "../../assembly/abi/memory-map.ts";
import { addressBytes, readAddress } from "../config/ip-address.ts";
import type { ServiceConfig } from "../config/types.ts";
import { BackendNumbers } from "../service/backend-numbers.ts";
import { BalancedService } from "../service/balanced-service.ts";
import type { Member } from "../service/members.ts";
import { Picker } from "../service/picker.ts";
import { SlateRoom } from "../service/slates.ts";
import { addressOf, backendFingerprint, readBackend } from "../tables/backend-table.ts";
import { changeRules } from "../tables/service-rules.ts";
import * as table from "../tables/service-table.ts";
import { BackendMacs } from "./backend-macs.ts";
import { Endpoints } from "./endpoints.ts";
import { FailureWatch } from "./failure-watch.ts";
import { type LeftService, LeftServices } from "./left-services.ts";
import type { NetworkEntry, Networks } from "./networks.ts";
import { Numbers } from "./numbers.ts";
import type { Ports } from "./ports.ts";
import { Reclaim } from "./reclaim.ts";
import { serviceBalancer } from "./service-balancer.ts";
import { familiesOf, identify, type ServiceEntry, type ServicePlace } from "./service-entry.ts";
import { addressTaken, backendMissing, notSettable, serviceExists, serviceMissing, servicesExhausted } from "./service-refusals.ts";
import type { EngineStore } from "./store.ts";
import type { ServiceBalancer } from "./types.ts";

/** A backend's record, and where it is. */
interface BackendPlace {
  index: number;
  address: string;
}

/** Between two looks at what has become due. */
const PERIOD_MS = 100;

export class Services {
  private readonly store: EngineStore;
  private readonly networks: Networks;
  private readonly nowMs: () => number;
  private readonly numbers = new Numbers(1, MAX_SERVICES);
  private readonly backendNumbers: BackendNumbers;
  private readonly room: SlateRoom;
  private readonly endpoints: Endpoints;
  private readonly macs: BackendMacs;
  private readonly reclaim: Reclaim;
  private readonly watch: FailureWatch;
  private readonly picker: Picker;
  private timer: NodeJS.Timeout | undefined;
  private readonly left = new LeftServices();
  private readonly byName = new Map<string, ServiceEntry>();
  private readonly byRecord = new Map<number, ServiceEntry>();

  /** @param nowMs of the clock that the workers follow. */
  constructor(store: EngineStore, networks: Networks, ports: Ports, nowMs: () => number) {
    this.store = store;
    this.networks = networks;
    this.nowMs = nowMs;
    this.backendNumbers = new BackendNumbers(store.tables);
    this.room = new SlateRoom(store.tables.load32(HEAD_SLATES), store.tables.load32(HEAD_SLATES_END));
    this.endpoints = new Endpoints(store);
    this.macs = new BackendMacs(store, ports);
    this.watch = new FailureWatch(store.tables);
    this.picker = new Picker(store.tables, store.wasm, store.agent, nowMs);
    const { numbers, backendNumbers, room, endpoints, macs } = this;
    networks.onClear = (network) => this.dropIn(network);
    this.reclaim = new Reclaim({ store, numbers, backendNumbers, room, endpoints, macs });
  }

  /** @throws PortyardError `service-exists`, `network-missing`, `address-taken`, `services-exhausted`, `backends-exhausted`, `slates-exhausted`,
   *  `addresses-exhausted`; nothing is left behind then. */
  async add(config: ServiceConfig): Promise<ServiceEntry> {
    if (this.byName.has(config.name)) throw serviceExists(config.name);
    const network = this.networks.get(config.network);
    const shared = { tables: this.store.tables, numbers: this.backendNumbers, room: this.room };
    const balanced = new BalancedService(shared, network.index);
    const left = await this.claim(config, network.index);
    const entry: ServiceEntry = { config: { ...config, addresses: [], backends: [] }, network, balanced, places: left?.places ?? [] };
    if (left !== null) this.adopt(entry, config, left);
    try {
      await this.change(entry, config);
    } catch (error) {
      if (left !== null) await this.drop(left);
      throw error;
    }
    if (left !== null)
      this.retire(
        left.network,
        left.backends.filter(({ index }) => this.backendNumbers.isLeaving(index)),
      );
    this.byName.set(config.name, entry);
    return entry;
  }

  /** The very service that a predecessor left; what it left in its way goes. */
  private async claim(config: ServiceConfig, network: number): Promise<LeftService | null> {
    const same = this.left.get(config.name);
    const others = config.addresses.map((address) => this.left.at(this.endpoints.serviceAt(network, address)));
    for (const left of new Set([same, ...others])) {
      if (left !== null && (left !== same || left.network !== network)) await this.drop(left);
    }
    if (same === null || same.network !== network) return null;
    this.left.take(same);
    return same;
  }

  /** Its backends are known again by their names and addresses; others are gone. */
  private adopt({ balanced, network }: ServiceEntry, config: ServiceConfig, left: LeftService): void {
    for (const { index, fingerprint, address } of left.backends) {
      const leaving = this.backendNumbers.leave(index, network.index);
      const found = config.backends.find((backend) => backend.address === address && backendFingerprint(backend.name) === fingerprint);
      if (found !== undefined) balanced.members.adopt(leaving, found);
    }
  }

  /** Begins with what a predecessor left in the tables: it goes on until it is asked for, or nobody has asked for it (`settle`). */
  async begin(): Promise<void> {
    const { store, numbers, backendNumbers, room, endpoints } = this;
    const broken = this.left.begin({ tables: store.tables, numbers, backendNumbers, room, endpoints });
    await this.reclaim.end(broken, []);
    await this.reclaim.collect();
  }

  /** Ends what nobody has asked for. */
  async settle(): Promise<void> {
    for (const left of this.left.all()) await this.drop(left);
  }

  /** Ends what nobody has asked for in a network that goes. */
  async dropIn(network: number): Promise<void> {
    for (const left of this.left.all()) if (left.network === network) await this.drop(left);
  }

  private async drop(left: LeftService): Promise<void> {
    this.left.take(left);
    for (const { index } of left.backends) if (!this.backendNumbers.isLeaving(index)) this.backendNumbers.leave(index, left.network);
    this.retire(left.network, left.backends);
    await this.end(left.network, left.places, left.backends);
  }

  /** Flows that have a backend keep it; those to a virtual address that is left out end.
   *  @throws PortyardError `service-missing`, and as `add`; all is as it was then. */
  async set(config: ServiceConfig): Promise<ServiceEntry> {
    const entry = this.get(config.name);
    if (entry.config.network !== config.network) throw notSettable(config.name);
    await this.change(entry, config);
    return entry;
  }

  /** @throws PortyardError `service-missing`. */
  async remove(name: string): Promise<void> {
    const entry = this.get(name);
    this.byName.delete(name);
    const gone = entry.balanced.set({ ...entry.config, backends: [] }, [], this.nowMs()).map(recordOf);
    this.retire(entry.network.index, gone);
    await this.end(entry.network.index, entry.places, gone);
  }

  private async change(entry: ServiceEntry, config: ServiceConfig): Promise<void> {
    const places = this.placesFor(entry, config);
    const added = places.filter((place) => !entry.places.includes(place));
    const left = entry.places.filter((place) => !places.includes(place));
    try {
      await this.prepare(entry, config, added);
      const gone = entry.balanced.set(config, places, this.nowMs(), (joined) => this.announce(entry, added, joined));
      this.retire(entry.network.index, gone.map(recordOf));
    } catch (error) {
      await this.end(entry.network.index, added, []);
      throw error;
    }
    Object.assign(entry, { config, places });
    for (const { service } of places) {
      table.setAffinity(this.store.tables, service, config.affinitySeconds);
      this.byRecord.set(service, entry);
    }
    await this.changeRules(config, places);
    await this.end(entry.network.index, left, []);
  }

  /** Nobody begins anything with these backends any more. */
  private retire(network: number, gone: readonly BackendPlace[]): void {
    for (const { index, address } of gone) this.endpoints.retireBackend(network, address, index);
  }

  /** Ends records, and backends that go with them. */
  private async end(network: number, places: readonly ServicePlace[], gone: readonly BackendPlace[]): Promise<void> {
    for (const { address, service } of places) {
      if (address !== null && this.endpoints.serviceAt(network, address) === service) this.endpoints.removeService(network, address);
      this.byRecord.delete(service);
    }
    const records = new Set(gone.map(({ index }) => index));
    const members = this.backendNumbers.leaving().filter(({ index }) => records.has(index));
    await this.reclaim.end(
      places.map(({ service }) => service),
      members,
    );
    await this.reclaim.collect();
  }

  /** Records of before where they fit, else new ones. @throws PortyardError `address-taken`, `services-exhausted`; nothing is taken then. */
  private placesFor({ places, network }: ServiceEntry, config: ServiceConfig): ServicePlace[] {
    const wanted = familiesOf(config);
    for (const { address } of wanted) if (address !== null) this.refuseTaken(network, address, places);
    const taken: number[] = [];
    return wanted.map(({ family, address }) => {
      const kept = places.find((place) => place.family === family && place.address === address);
      if (kept !== undefined) return kept;
      const service = this.numbers.take();
      if (service === null) {
        for (const number of taken) this.numbers.free(number);
        throw servicesExhausted(config.name);
      }
      taken.push(service);
      return { service, family, address };
    });
  }

  /** @throws PortyardError `address-taken`. */
  private refuseTaken(network: NetworkEntry, address: string, own: readonly ServicePlace[]): void {
    const service = this.endpoints.serviceAt(network.index, address);
    if (service !== 0 && !own.some((place) => place.service === service)) {
      const owner = this.byRecord.get(service)?.config.name;
      throw addressTaken(address, `the virtual address of ${owner === undefined ? "another service" : `service ${owner}`}`);
    }
    this.store.putAddress(Uint8Array.from(addressBytes(address)));
    const port = this.store.wasm.boundPort(network.index, readAddress(address)?.family ?? 4);
    if (port >= 0) throw addressTaken(address, "bound to a port");
  }

  /** Fills new records, which nobody knows yet. */
  private async prepare({ network }: ServiceEntry, config: ServiceConfig, added: readonly ServicePlace[]): Promise<void> {
    for (const place of added) {
      identify(this.store.tables, place, config, network);
      table.setAffinity(this.store.tables, place.service, config.affinitySeconds);
    }
    await this.changeRules(config, added);
  }

  private async changeRules({ ports }: ServiceConfig, places: readonly ServicePlace[]): Promise<void> {
    for (const { service, address } of places) {
      if (address !== null) await changeRules(this.store.tables, service, ports, () => this.store.publishAndWait());
    }
  }

  /** Lets workers know of new backends, then of new virtual addresses. */
  private announce({ network }: ServiceEntry, added: readonly ServicePlace[], members: readonly Member[]): void {
    const done: (() => void)[] = [];
    try {
      const joined = members.map(recordOf);
      this.macs.refresh(network, joined);
      for (const { index } of joined) this.watch.begin(index);
      for (const { index, address } of joined) {
        this.endpoints.addBackend(network.index, address, index);
        done.push(() => this.endpoints.retireBackend(network.index, address, index));
      }
      for (const { service, address } of added) {
        if (address === null) continue;
        this.endpoints.setService(network.index, address, service);
        done.push(() => this.endpoints.removeService(network.index, address));
      }
    } catch (error) {
      for (const undo of done.reverse()) undo();
      throw error;
    }
  }

  /** Ends the flows of a backend; how many there were. @throws PortyardError `service-missing`, `backend-missing`. */
  async endFlows(name: string, backend: string): Promise<number> {
    const member = this.get(name).balanced.members.get(backend);
    if (member === undefined) throw backendMissing(name, backend);
    return this.reclaim.endFlows(0, member.index + 1);
  }

  /** Does what has become due by time, and by what workers have counted. */
  tick(): void {
    const now = this.nowMs();
    for (const entry of this.byName.values()) {
      this.watch.look(entry, now);
      entry.balanced.advance(now);
    }
    if (this.reclaim.isDue) this.onDue();
  }

  /** Called when `collect` would free something. */
  onDue: () => void = () => {};

  /** Frees what is no longer used. */
  async collect(): Promise<void> {
    await this.reclaim.collect();
  }

  /** From now on `tick` is called by a timer, which does not keep the process alive. */
  start(): void {
    this.timer = setInterval(() => this.tick(), PERIOD_MS).unref();
  }
  stop(): void {
    clearInterval(this.timer);
  }

  /** What a program picks from. @throws PortyardError `service-missing`, at each pick too. */
  balancer(name: string): ServiceBalancer {
    this.get(name);
    const { store, picker, watch, nowMs } = this;
    return serviceBalancer({ store, picker, watch, nowMs }, () => this.get(name));
  }

  /** Says where backends are, as ports have it now: at the end of each change of them. */
  refresh(): void {
    for (const { network, balanced } of this.byName.values()) this.macs.refresh(network, balanced.members.all().map(recordOf));
    for (const { network: number, index } of this.backendNumbers.leaving()) {
      const network = this.networks.at(number);
      if (network !== null) this.macs.refresh(network, [{ index, address: addressOf(this.store.tables, index) }]);
    }
  }

  /** @throws PortyardError `service-missing`. */
  get(name: string): ServiceEntry {
    const entry = this.byName.get(name);
    if (entry === undefined) throw serviceMissing(name, [...this.byName.keys()]);
    return entry;
  }

  /** The service that has the record; null: none. */
  at(record: number): ServiceEntry | null {
    return this.byRecord.get(record) ?? null;
  }

  /** The service whose backend has this record; null: none has. */
  ownerOf(backend: number): ServiceEntry | null {
    return this.at(readBackend(this.store.tables, backend)?.service ?? 0);
  }

  /** Names of those in a network. */
  in(network: string): string[] {
    return this.all().flatMap(({ config }) => (config.network === network ? [config.name] : []));
  }

  /** In the order in which they were added. */
  all(): ServiceEntry[] {
    return [...this.byName.values()];
  }
}

const recordOf = ({ index, config: { address } }: Member): BackendPlace => ({ index, address });
