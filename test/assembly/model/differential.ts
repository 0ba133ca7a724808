/** The engine and the model side by side: every event happens to both, and whatever differs ends the run with the seed, the
 *  number of the event and the events before it.                                                                          */
import * as map from "../../../assembly/abi/memory-map.ts";
import * as port from "../../../assembly/abi/port.ts";
import * as macs from "../../../bindings/tables/mac-table.ts";
import * as networks from "../../../bindings/tables/network-table.ts";
import * as ports from "../../../bindings/tables/port-table.ts";
import type { Build } from "../../../bindings/wasm/module.ts";
import { TestEngine } from "../../support/engine.ts";
import { placeCount } from "../../support/macs.ts";
import { hexOf, nameOf } from "../../support/story.ts";
import { type ModelNetwork, type ModelPort, SwitchModel } from "./switch-model.ts";

/** The MAC table has many more places than entries, so that no bucket ever fills up. */
const PLACES_FOR = 1024;
const REMEMBERED_EVENTS = 12;

export class Differential {
  readonly engine: TestEngine;
  readonly model: SwitchModel;
  /** Events so far. */
  events = 0;
  private readonly drops = new Map<string, number>();
  private dropped = 0;
  private nowMs = 0;
  private readonly story: string[] = [];
  private readonly seed: number;

  constructor(build: Build, macLimit: number, seed: number) {
    this.engine = new TestEngine(build, PLACES_FOR);
    this.engine.tables.store32(map.HEAD_MAC_LIMIT, macLimit);
    this.model = new SwitchModel(macLimit);
    this.seed = seed;
  }

  private begin(event: string): void {
    this.events++;
    this.story.push(event);
    if (this.story.length > REMEMBERED_EVENTS) this.story.shift();
  }

  private same(what: string, engine: unknown, model: unknown): void {
    if (engine === model || JSON.stringify(engine) === JSON.stringify(model)) return;
    const [found, expected] = [onlyIn(engine, model), onlyIn(model, engine)];
    const before = this.story.map((event, index) => `  ${this.events - this.story.length + index + 1} ${event}`).join("\n");
    throw new Error(`PORTYARD_SEED=${this.seed}, event ${this.events}: ${what}\n  engine ${found}\n  model  ${expected}\nafter\n${before}`);
  }

  // ---------------------------------------------------------------- events
  frame(from: number, frame: Uint8Array): void {
    this.begin(`frame of ${frame.length} bytes into port ${from}: ${hexOf(frame.subarray(0, 22))}`);
    const expected = this.model.receive(from, frame);
    const outputs = this.engine.send(from, frame);
    const text = (output: { port: number; frame: Uint8Array }) => `${output.port} ${hexOf(output.frame)}`;
    this.same("outputs", outputs.map(text), expected.outputs.map(text));
    for (const drop of expected.drops) this.countDrop(drop.port, drop.reason);
    this.same("drops in all", this.engine.totals().dropped, this.dropped);
    this.same("entries", macs.count(this.engine.tables), this.model.macs.all().length);
  }

  private countDrop(at: number, reason: number): void {
    const key = `${at} ${reason}`;
    this.drops.set(key, (this.drops.get(key) ?? 0) + 1);
    this.dropped++;
    this.same(`drops for ${nameOf(reason)} at port ${at}`, this.engine.drops(at, reason), this.drops.get(key));
  }

  /** Time passes, and the sweep comes by everywhere. */
  time(byMs: number): void {
    this.begin(`${byMs} ms pass`);
    this.nowMs += byMs;
    this.engine.worker.setTime(this.nowMs);
    this.engine.wasm.sweepMacs(this.engine.worker.address, placeCount(this.engine));
    this.model.nowSeconds = Math.floor(this.nowMs / 1000);
    this.model.macs.age(this.model.nowSeconds, (network) => this.model.networks.get(network)?.macAgeSeconds ?? 0);
  }

  addPort(index: number, options: Omit<ModelPort, "generation" | "isUp">): void {
    this.begin(`port ${index} is added: ${JSON.stringify({ ...options, vlans: [...(options.vlans ?? [])] })}`);
    const { network, native, mtu, macLimit, vlans } = options;
    this.engine.port({ network, native, mtu, macLimit, ...(vlans === null ? {} : { vlans: Object.fromEntries(vlans) }) }, index);
    this.model.ports.set(index, { ...options, generation: ports.generation(this.engine.tables, index), isUp: true });
  }

  removePort(index: number): void {
    this.begin(`port ${index} is removed`);
    const own = this.model.ports.get(index) as ModelPort;
    const memberOf = [own.network, own.native, ...(own.vlans?.values() ?? [])].filter((network) => network !== 0);
    this.engine.remove(index, [...new Set(memberOf)]);
    this.model.macs.flush((entry) => entry.port === index);
    this.model.ports.delete(index);
    this.model.full.delete(index);
    this.engine.full.delete(index);
    for (const key of this.drops.keys()) if (key.startsWith(`${index} `)) this.drops.delete(key);
  }

  setUp(index: number, isUp: boolean): void {
    this.begin(`port ${index} is ${isUp ? "opened" : "shut"}`);
    this.engine.setState(index, isUp ? port.UP : port.SHUT);
    (this.model.ports.get(index) as ModelPort).isUp = isUp;
  }

  setFull(index: number, isFull: boolean): void {
    this.begin(`port ${index} is ${isFull ? "" : "not "}full`);
    for (const side of [this.engine, this.model]) isFull ? side.full.add(index) : side.full.delete(index);
  }

  setNetwork(network: number, settings: ModelNetwork): void {
    this.begin(`network ${network} becomes ${JSON.stringify(settings)}`);
    networks.write(this.engine.tables, network, { ...settings, mtu: 1500 });
    this.model.networks.set(network, settings);
  }

  flushNetwork(network: number): void {
    this.begin(`network ${network} is flushed`);
    const flushed = this.model.macs.flush((entry) => entry.network === network);
    this.same("flushed", this.engine.wasm.flushNetwork(this.engine.agent, network), flushed);
  }

  setStatic(network: number, mac: string, at: number): void {
    this.begin(`${mac} of network ${network} is put on port ${at}`);
    const generation = (this.model.ports.get(at) as ModelPort).generation;
    this.same("set", this.engine.setStatic(network, mac, at), this.model.macs.setStatic(network, mac, at, generation));
  }

  clearStatic(network: number, mac: string, at: number): void {
    this.begin(`${mac} of network ${network} is taken off port ${at}`);
    this.same("cleared", this.engine.clearStatic(network, mac, at), this.model.macs.clearStatic(network, mac, at));
  }

  // ---------------------------------------------------------------- what must be equal at any time
  compareAll(): void {
    const { learned, moved, evicted, aged, notLearned, flooded } = this.engine.totals();
    this.same("counts", { learned, moved, evicted, aged, notLearned, flooded }, { ...this.model.macs.counts, flooded: this.model.flooded });
    this.same("MAC table", texts(this.engine.macs()), texts(this.model.macs.all()));
  }

  compareDrops(): void {
    for (const [key, count] of this.drops) {
      const [at = 0, reason = 0] = key.split(" ").map(Number);
      this.same(`drops for ${nameOf(reason)} at port ${at}`, this.engine.drops(at, reason), count);
    }
  }

  /** Reasons that frames were dropped for so far. */
  reasonsSeen(): Set<string> {
    return new Set([...this.drops.keys()].map((key) => nameOf(Number(key.split(" ")[1]))));
  }
}

/** What is worth showing: of two lists, what only one of them has. */
function onlyIn(one: unknown, other: unknown): string {
  if (!Array.isArray(one) || !Array.isArray(other)) return JSON.stringify(one);
  const rest = one.filter((each) => !other.includes(each));
  return JSON.stringify(rest.length === 0 ? one : rest);
}

function texts(entries: Pick<macs.MacEntry, "network" | "mac" | "port" | "generation" | "isStatic" | "lastSeen">[]): string[] {
  return entries
    .map(({ network, mac, port: at, generation, isStatic, lastSeen }) => [network, mac, at, generation, isStatic, lastSeen].join(" "))
    .sort();
}
