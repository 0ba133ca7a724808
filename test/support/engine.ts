/** A switch for tests: tables, one worker over memory ports, and calls that say what a test wants to say. Frames go in by
 *  `send` and come out as a list; time stands still until it is set.                                                    */
import { AGENT_WORKER, MAX_MACS_PER_PORT, DEFAULT_MAC_AGE_SECONDS, MAX_TRUNKS } from "../../assembly/abi/limits.ts";
import * as counter from "../../assembly/abi/counter.ts";
import * as map from "../../assembly/abi/memory-map.ts";
import * as field from "../../assembly/abi/port.ts";
import * as trace from "../../assembly/abi/trace.ts";
import * as record from "../../assembly/abi/worker.ts";
import { copyLivingTables, Explainer, type TracedWay } from "../../bindings/explain/explainer.ts";
import type { ExplainOptions } from "../../bindings/explain/types.ts";
import { MemoryWorker, OFFLOAD_HEADER_BYTES } from "../../bindings/forwarder/memory-worker.ts";
import { splitMac } from "../../bindings/mac.ts";
import * as macs from "../../bindings/tables/mac-table.ts";
import * as networks from "../../bindings/tables/network-table.ts";
import * as ports from "../../bindings/tables/port-table.ts";
import type { Tables } from "../../bindings/tables/tables.ts";
import * as trunks from "../../bindings/tables/trunk-table.ts";
import * as workers from "../../bindings/tables/worker-table.ts";
import type { Build, EngineExports } from "../../bindings/wasm/module.ts";
import { type EngineMemory, giveMemory, takeMemory } from "./engine-memory.ts";
import { ipv4Address, ipv6Address } from "./packet/address.ts";
import { bytes } from "./packet/bytes.ts";

export const BUILDS: readonly Build[] = ["debug", "release", "single"];

export interface Output {
  port: number;
  frame: Uint8Array;
  /** The virtio-net header that goes with it. */
  offload: Uint8Array;
}

export interface PortOptions {
  /** Of an access port. */
  network?: number;
  /** Of a trunk: VLAN to network. */
  vlans?: Record<number, number>;
  /** Of a trunk: the network of untagged frames. */
  native?: number;
  mac?: string;
  flags?: number;
  mtu?: number;
  macLimit?: number;
  owner?: number;
}

export class TestEngine {
  readonly tables: Tables;
  readonly wasm: EngineExports;
  worker: MemoryWorker;
  /** Region of the agent, for the calls that change the MAC table. */
  readonly agent: number;
  /** Ports that take nothing more. */
  readonly full = new Set<number>();
  /** Frames that were counted at ports which are no longer there. */
  readonly retired = { received: 0, sent: 0, dropped: 0 };
  private readonly place: EngineMemory;
  private explainer: Explainer | null = null;
  private outputs: Output[] = [];
  private nextNetwork = 1;
  /** The port of each trunk page, -1 for nobody's. */
  private readonly trunks = new Array<number>(MAX_TRUNKS).fill(-1);

  /** @param macLimit entries that the MAC table may hold. @param flows that the flow table may hold; 0: no services either. */
  constructor(build: Build, macLimit = 1024, flows = 0) {
    this.place = takeMemory(build, macLimit, flows);
    this.tables = this.place.tables;
    this.wasm = this.place.wasm;
    this.agent = this.wasm.formatWorker(1, AGENT_WORKER);
    this.worker = this.begin();
  }

  private begin(): MemoryWorker {
    this.worker = new MemoryWorker(this.wasm, this.tables, 0, 0, (port, frame) => this.take(port, frame));
    this.worker.logDrops(this.agent);
    return this.worker;
  }

  /** Gives the memory to the next test. */
  close(): void {
    giveMemory(this.place);
  }

  private take(port: number, written: Uint8Array): boolean {
    if (this.full.has(port)) return false;
    const hasHeader = (this.tables.load32(ports.recordOf(port) + field.FLAGS) & field.FLAG_VNET) !== 0;
    const start = written.byteOffset + (hasHeader ? OFFLOAD_HEADER_BYTES : 0);
    const offload = this.tables.bytes.slice(start - OFFLOAD_HEADER_BYTES, start);
    this.outputs.push({ port, frame: this.tables.bytes.slice(start, written.byteOffset + written.length), offload });
    return true;
  }

  // ---------------------------------------------------------------- what the agent does
  network({ learning = true, macAgeSeconds = DEFAULT_MAC_AGE_SECONDS, mtu = 1500 } = {}, index = this.nextNetwork++): number {
    networks.write(this.tables, index, { learning, macAgeSeconds, mtu });
    return index;
  }

  /** Adds a port at the lowest free index, or at `index`, and lets the worker see it unless more are to follow. */
  port(options: PortOptions, index = this.freeIndex(), isLast = true): number {
    const { network = 0, vlans, native = 0, mac = null, flags = 0, mtu = 1500, macLimit = MAX_MACS_PER_PORT, owner = 0 } = options;
    const trunk = vlans === undefined ? 0 : this.writeTrunk(index, vlans, native) + 1;
    ports.write(this.tables, index, { kind: field.KIND_MEMORY, flags, network, mtu, mac, owner, trunk, native, macLimit });
    ports.attach(this.tables, index, 0);
    for (const member of networksOf(options)) networks.addMember(this.tables, member, index);
    return this.setState(index, field.UP, isLast);
  }

  private freeIndex(): number {
    let index = 0;
    while (ports.desired(this.tables, index) !== field.ABSENT) index++;
    return index;
  }

  /** Writes the first free page for `port`. */
  private writeTrunk(port: number, vlans: Record<number, number>, native: number): number {
    const page = this.trunks.indexOf(-1);
    if (page < 0) throw new Error(`there are ${MAX_TRUNKS} trunks already`);
    this.trunks[page] = port;
    trunks.write(this.tables, page, new Map(Object.entries(vlans).map(([vlan, network]) => [Number(vlan), network])), native);
    return page;
  }

  /** `count` access ports of `network`. */
  accessPorts(network: number, count: number, options: PortOptions = {}): number[] {
    return Array.from({ length: count }, () => this.port({ ...options, network }));
  }

  setState(port: number, state: number, isLast = true): number {
    ports.setDesired(this.tables, port, state);
    if (isLast) this.apply();
    return port;
  }

  /** Ends a change of the tables: the worker takes it over. */
  apply(): void {
    this.tables.raiseEpoch();
    this.worker.applyEpoch();
  }

  /** Takes a port away as the agent does: out of the networks, past the grace period, flushed, and only then free. */
  remove(port: number, memberOf: number[]): void {
    for (const network of memberOf) networks.removeMember(this.tables, network, port);
    this.setState(port, field.ABSENT);
    this.wasm.flushPort(this.agent, port);
    this.retired.received += ports.sum(this.tables, port, counter.RECEIVED_FRAMES);
    this.retired.sent += ports.sum(this.tables, port, counter.SENT_FRAMES);
    this.retired.dropped += ports.sum(this.tables, port, counter.DROPPED_FRAMES);
    ports.retire(this.tables, port);
    if (this.trunks.includes(port)) this.trunks[this.trunks.indexOf(port)] = -1;
  }

  /** Binds an address, as text, to the MAC of `port`. */
  bind(network: number, port: number, address: string, mac: string): boolean {
    return Boolean(this.wasm.bindAddress(network, this.putAddress(address), port, ...splitMac(mac)));
  }
  unbind(network: number, port: number, address: string): boolean {
    return Boolean(this.wasm.unbindAddress(network, this.putAddress(address), port));
  }

  /** Puts an address where the module takes it from; its family. */
  private putAddress(address: string): number {
    const isIpv6 = address.includes(":");
    this.tables.bytes.set(isIpv6 ? ipv6Address(address) : bytes(ipv4Address(address), new Uint8Array(12)), map.CONFIG_SCRATCH);
    return isIpv6 ? 6 : 4;
  }

  setStatic(network: number, mac: string, port: number): boolean {
    const [low, high] = splitMac(mac);
    return Boolean(this.wasm.setStaticMac(this.agent, network, low, high, port, ports.generation(this.tables, port)));
  }
  clearStatic(network: number, mac: string, port: number): boolean {
    return Boolean(this.wasm.clearStaticMac(this.agent, network, ...splitMac(mac), port));
  }

  // ---------------------------------------------------------------- frames and what became of them
  /** Puts a frame in and returns what came out for it, in the order of the writes. */
  send(port: number, frame: Uint8Array, offload?: Uint8Array): Output[] {
    this.worker.receive(port, frame, offload);
    return this.takeOutputs();
  }

  /** What an explanation finds of a frame. */
  trace(port: number, frame: Uint8Array, options: ExplainOptions = {}, nowMs = 0): TracedWay {
    const { layout } = this.place;
    this.explainer ??= new Explainer(layout, (memory) => copyLivingTables(this.tables, layout, memory), this.tables);
    return this.explainer.trace(port, frame, options, nowMs);
  }

  /** Reasons by which an explanation says that a frame ends. */
  explainedDrops(port: number, frame: Uint8Array, options: ExplainOptions = {}): number[] {
    const { notes } = this.trace(port, frame, options);
    return notes.filter(({ step }) => step === trace.DROP).map(({ outcome }) => outcome);
  }

  /** As a back end that read `length` bytes, of which the first are `head`: past what the memory worker takes. */
  sendUnchecked(port: number, head: Uint8Array, length: number): Output[] {
    const { address } = this.worker;
    const slot = this.wasm.takeSlot(address);
    const place = this.wasm.framePlace(address, slot);
    this.tables.bytes.set(head, place);
    this.wasm.clearOffload(place);
    this.wasm.received(address, slot, port, place, length);
    this.worker.run();
    return this.takeOutputs();
  }

  /** Puts a frame in; every write of it fails with `errno`, as a kernel's port may fail. */
  sendRefused(port: number, frame: Uint8Array, errno: number): void {
    const { address } = this.worker;
    this.worker.enqueue(port, frame);
    this.wasm.process(address);
    while (this.wasm.waitingWrites(address) > 0) {
      const entry = this.wasm.shiftWrite(address);
      this.wasm.finished(address, this.tables.load32(entry), this.tables.load32(entry + 4), -errno);
    }
  }

  /** The worker dies, with what it has under way, and is begun anew.
   *  @param port whose frame it was working on, `frame`; nothing: it died between two frames. */
  die(port?: number, frame?: Uint8Array): void {
    if (port !== undefined && frame !== undefined) this.workOn(port, frame);
    this.wasm.buryWorker(0, 0);
    this.begin();
  }

  /** As the pipeline when it begins with a frame and does not come to an end. */
  private workOn(port: number, frame: Uint8Array): void {
    const slot = this.wasm.takeSlot(this.worker.address);
    this.tables.bytes.set(frame, this.wasm.framePlace(this.worker.address, slot));
    this.tables.store32(workers.recordOf(0) + record.SLOT_IN_WORK, slot + 1);
    this.tables.store32(workers.recordOf(0) + record.PORT_IN_WORK, port);
    for (const pointer of [workers.recordOf(0) + record.RECEIVED, ports.countersOf(this.tables, 0, port) + counter.RECEIVED_FRAMES])
      this.tables.store64(pointer, this.tables.load64(pointer) + 1n);
  }

  takeOutputs(): Output[] {
    const outputs = this.outputs;
    this.outputs = [];
    return outputs;
  }

  drops(port: number, reason: number): number {
    return ports.drops(this.tables, port, reason);
  }
  totals(): ReturnType<typeof workers.read> {
    return workers.read(this.tables, 0);
  }
  portCount(port: number, offset: number): number {
    return ports.sum(this.tables, port, offset);
  }
  macs(): macs.MacEntry[] {
    return [...macs.entries(this.tables)];
  }
  /** Port of a station, or -1. */
  portOf(network: number, mac: string): number {
    return this.wasm.findMac(network, ...splitMac(mac));
  }
}

function networksOf({ network, vlans = {}, native = 0 }: PortOptions): number[] {
  return [...new Set([network ?? 0, native, ...Object.values(vlans)])].filter((index) => index !== 0);
}
