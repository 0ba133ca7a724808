/** The agent of the two-worker test: it adds ports and takes them away as the design says, while both workers forward.
 *  A port goes in this order: wanted absent, out of its networks, epoch raised, passed by every worker; only then is its
 *  device closed, its entries flushed, its index free.                                                                    */
import type { Worker } from "node:worker_threads";
import { AGENT_WORKER, MAX_MACS_PER_PORT } from "../../../assembly/abi/limits.ts";
import * as map from "../../../assembly/abi/memory-map.ts";
import * as port from "../../../assembly/abi/port.ts";
import { splitMac } from "../../../bindings/mac.ts";
import { layOut, memoryPages } from "../../../bindings/tables/layout.ts";
import * as networks from "../../../bindings/tables/network-table.ts";
import * as ports from "../../../bindings/tables/port-table.ts";
import { Tables, createMemory } from "../../../bindings/tables/tables.ts";
import * as trunks from "../../../bindings/tables/trunk-table.ts";
import * as workers from "../../../bindings/tables/worker-table.ts";
import { type Build, type EngineExports, instantiateEngine, loadModule } from "../../../bindings/wasm/module.ts";
import { station } from "../../support/packet/ethernet.ts";
import { type Random, random } from "../../support/packet/random.ts";
import * as traffic from "./traffic.ts";

const WORKERS = 2;
const PORTS = 16;
/** Entries while traffic is random: fewer than there are stations. */
const CROWDED_MACS = 80;
const MAC_AGE_SECONDS = 15;
/** Stations that the agent pins, the last ones of each network; they speak like all others. */
const STATIC_STATIONS = 3;

interface Live {
  device: number;
  memberOf: number[];
}

export class Agent {
  readonly memory: WebAssembly.Memory;
  readonly tables: Tables;
  readonly yard = new traffic.Yard();
  readonly layout = layOut({ macs: 1024, flows: 0, workers: WORKERS });
  private readonly wasm: EngineExports;
  private readonly region: number;
  private readonly chance: Random;
  private readonly live = new Map<number, Live>();
  private nextDevice = 0;
  private hear: () => void = () => undefined;
  removed = 0;

  constructor(build: Build, seed: number) {
    this.memory = createMemory(memoryPages(this.layout, WORKERS + 1), true);
    this.tables = new Tables(this.memory);
    this.tables.format(this.layout, BigInt(seed) * 0x9e37_79b9n);
    this.tables.configure(0n, this.layout.workersBase);
    this.tables.store32(map.HEAD_MAC_LIMIT, CROWDED_MACS);
    this.wasm = instantiateEngine(loadModule(build), this.memory);
    this.region = this.wasm.formatWorker(WORKERS, AGENT_WORKER);
    this.chance = random(seed);
    for (const network of traffic.NETWORKS)
      networks.write(this.tables, network, { learning: true, macAgeSeconds: MAC_AGE_SECONDS, mtu: 1500 });
    for (let index = 0; index < PORTS; index++) this.add(index);
  }

  watch(threads: Worker[]): void {
    for (const thread of threads) thread.on("message", () => this.hear());
  }

  /** Waits for a word of any thread. */
  private word(): Promise<void> {
    return new Promise((resolve) => {
      this.hear = resolve;
    });
  }
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await this.word();
  }

  /** One random deed, or none for a while. */
  async act(): Promise<void> {
    const { below, pick } = this.chance;
    const index = pick([...this.live.keys()]);
    const roll = below(4);
    if (roll === 0) this.pin(index);
    if (roll > 1) return this.word();
    await this.remove(index);
    this.add(index);
  }

  private add(index: number): void {
    const { below, pick } = this.chance;
    const isTrunk = below(4) === 0;
    const memberOf = isTrunk ? traffic.NETWORKS.filter(() => below(3) > 0) : [pick(traffic.NETWORKS)];
    const trunk = isTrunk ? index + 1 : 0;
    if (isTrunk) trunks.write(this.tables, index, new Map(memberOf.map((network) => [traffic.vlanOf(network), network])), 0);
    const network = isTrunk ? 0 : (memberOf[0] ?? 0);
    const common = { kind: port.KIND_MEMORY, flags: 0, mtu: 1500, mac: null, native: 0 };
    ports.write(this.tables, index, { ...common, network, trunk, owner: below(WORKERS), macLimit: 1 + below(20) });
    const device = this.nextDevice++;
    this.yard.open(
      device,
      index,
      ports.generation(this.tables, index),
      memberOf.reduce((bits, each) => bits | (1 << each), 0),
    );
    ports.attach(this.tables, index, device);
    ports.setDesired(this.tables, index, port.UP);
    for (const each of memberOf) networks.addMember(this.tables, each, index);
    this.live.set(index, { device, memberOf });
    this.tables.raiseEpoch();
  }

  private async remove(index: number): Promise<void> {
    const { device, memberOf } = this.live.get(index) as Live;
    ports.setDesired(this.tables, index, port.ABSENT);
    for (const network of memberOf) networks.removeMember(this.tables, network, index);
    const epoch = this.tables.raiseEpoch();
    await this.until(() => workers.havePassed(this.tables, epoch));
    this.yard.close(device);
    this.wasm.flushPort(this.region, index);
    ports.retire(this.tables, index);
    this.live.delete(index);
    this.removed++;
  }

  /** Pins a station to a port, or lets it go. */
  private pin(index: number): void {
    const { below, pick } = this.chance;
    const network = pick(this.live.get(index)?.memberOf.length ? (this.live.get(index) as Live).memberOf : traffic.NETWORKS);
    const [low, high] = splitMac(station(traffic.STATIONS - 1 - below(STATIC_STATIONS)));
    if (below(2) === 0) this.wasm.setStaticMac(this.region, network, low, high, index, ports.generation(this.tables, index));
    else this.wasm.clearStaticMac(this.region, network, low, high, index);
  }

  /** Gives every station of every network that has a port a place to stay, and each port room for all of them. */
  assignPlaces(): void {
    this.tables.store32(map.HEAD_MAC_LIMIT, this.layout.macs);
    for (const [index] of this.live) this.tables.store32(ports.recordOf(index) + port.MAC_LIMIT, MAX_MACS_PER_PORT);
    for (const [position, network] of traffic.NETWORKS.entries()) {
      const members = [...this.live].filter(([, { memberOf }]) => memberOf.includes(network)).map(([index]) => index);
      for (let each = 0; each < traffic.STATIONS; each++) {
        this.yard.places[position * traffic.STATIONS + each] = members.length === 0 ? -1 : this.chance.pick(members);
      }
    }
  }

  /** Ends what the threads do, and begins another phase. */
  begin(phase: number): void {
    Atomics.store(this.yard.control, traffic.DONE, 0);
    Atomics.store(this.yard.control, traffic.PHASE, phase);
    Atomics.notify(this.yard.control, traffic.PHASE);
  }
  /** Lets the threads go through a phase. */
  async pass(phase: number): Promise<void> {
    this.begin(phase);
    await this.until(() => Atomics.load(this.yard.control, traffic.DONE) === WORKERS);
  }

  recount(): number {
    return this.wasm.recountMacs();
  }

  isMember(network: number, index: number): boolean {
    return this.live.get(index)?.memberOf.includes(network) ?? false;
  }
}
