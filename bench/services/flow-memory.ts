/** An engine with a service over three backends and as many flows as are wanted, and the bench's own module over its memory, which
 *  takes frames through it (bench/wasm/services.ts). A second network has the same stations and no service. */
import { BURST_FRAMES } from "../../assembly/abi/limits.ts";
import * as map from "../../assembly/abi/memory-map.ts";
import { virtualMac } from "../../bindings/config/mac-address.ts";
import { parseConfig } from "../../bindings/config/parse.ts";
import type { ServiceConfig } from "../../bindings/config/types.ts";
import { Engine } from "../../bindings/engine.ts";
import { PortyardError } from "../../bindings/error.ts";
import { random, shuffled } from "../engine/random.ts";
import { onEnd } from "../support/cleanup.ts";
import { type Exports, instantiateBench } from "../support/wasm.ts";
import { Fingerprint } from "./fingerprint.ts";
import * as kind from "./frame-kinds.ts";
import * as frames from "./templates.ts";

/** With a service, and without one. */
export const SERVED = "served";
export const PLAIN = "plain";
export type NetworkName = typeof SERVED | typeof PLAIN;

/** Whose frames a kind is. */
const SENDERS = [...Array(3).fill("client"), ...["b1", "b2", "b3"], ...["b1", "b2", "b3"], ...Array(2).fill("client")] as readonly string[];
const BEGIN_MS = 1_000_000;
/** Room for the default number, or for the greatest. */
const CAPACITIES = [262_144, 1_048_576];
/** That are begun at a time. */
export const NEW_FLOWS = 4096;
const NEW_NUMBERS = 2 ** 23;

export const VIRTUAL_MAC = virtualMac(SERVED, frames.VIRTUAL);

export class FlowMemory {
  readonly flows: number;
  readonly capacity: number;
  /** Numbers of flows, in the order of their frames. */
  readonly order: Uint32Array;
  readonly #engine: Engine;
  readonly #wasm: Exports;
  readonly #worker: number;
  readonly #room: number;
  readonly #memory: WebAssembly.Memory;
  #nowMs = BEGIN_MS;
  #position = 0;
  #round = 0;

  private constructor(engine: Engine, flows: number, capacity: number) {
    const { store, inline } = engine["parts"];
    this.flows = flows;
    this.capacity = capacity;
    this.#engine = engine;
    this.#memory = store.memory;
    this.#worker = inline?.memory.address as number;
    // the agent's region has room for frames that nobody uses here
    this.#room = store.agent + map.SLOTS;
    this.order = new Uint32Array(store.memory.buffer, this.#room + kind.ORDER, flows);
    this.#layOut();
    this.#wasm = instantiateBench("services", store.memory);
  }

  /** All flows are established, and each frame of the order was seen once. @throws PortyardError `load-failed`. */
  static async create(flows: number): Promise<FlowMemory> {
    const capacity = CAPACITIES.find((one) => flows + 2 * NEW_FLOWS <= one) as number;
    const ports = [SERVED, PLAIN].flatMap((network) => stationsOf(network));
    const networks = [SERVED, PLAIN].map((name) => ({ name, subnet: "10.0.0.0/8" }));
    const parsed = parseConfig({ networks, ports });
    const config = { ...parsed, tables: { ...parsed.tables, flows: capacity } };
    const engine = await Engine.create(config, { isolation: "inline", build: "release", hashSeed: 7n });
    onEnd("the engine", () => engine.close());
    engine.tick(BEGIN_MS);
    await engine.addService(SERVICE);
    return new FlowMemory(engine, flows, capacity);
  }

  close(): Promise<void> {
    return this.#engine.close();
  }

  #layOut(): void {
    const bytes = new Uint8Array(this.#memory.buffer);
    const view = new DataView(this.#memory.buffer);
    for (const [of, template] of frames.templates(VIRTUAL_MAC).entries()) bytes.set(template, this.#room + of * kind.TEMPLATE_BYTES);
    for (const [of, port] of portsOfKinds().entries()) view.setUint32(this.#room + kind.PORTS + of * 4, port, true);
    this.order.set(shuffled(this.flows, random(1)));
  }

  /** Begins and establishes all flows. Then hashes frames as they leave: those of known flows, and of new ones, which end again. */
  establish(): { known: string; new: string; flows: number } {
    for (let first = 0; first < this.flows; first += BURST_FRAMES) {
      const count = Math.min(BURST_FRAMES, this.flows - first);
      this.#expect(count, this.#call("begin", first, count), "a flow did not begin");
      this.#expect(2 * count, this.#call("establish", first, count), "a flow was not established");
    }
    const known = new Fingerprint(this.#memory, this.#room);
    for (let at = 0; at + BURST_FRAMES <= this.flows && at < NEW_FLOWS; at += BURST_FRAMES) {
      this.#call("known", at, BURST_FRAMES);
      known.add(BURST_FRAMES);
    }
    const fresh = new Fingerprint(this.#memory, this.#room);
    for (let at = 0; at < NEW_FLOWS; at += BURST_FRAMES) {
      this.#call("begin", this.flows + at, BURST_FRAMES);
      fresh.add(BURST_FRAMES);
    }
    this.#expect(NEW_FLOWS, this.#forget(this.flows), "a new flow was not there");
    this.known(this.flows);
    return { known: known.text, new: fresh.text, flows: new DataView(this.#memory.buffer).getUint32(map.HEAD_FLOW_COUNT, true) };
  }

  /** Takes `count` frames of known flows through the service stage. */
  known(count: number): void {
    this.#expect(count, this.#inOrder("known", count), "a frame of a known flow did not pass");
  }

  /** The same, their whole way. */
  knownWay(count: number): void {
    this.#expect(count, this.#inOrder("knownWay", count), "a frame of a known flow did not leave");
  }

  #inOrder(name: string, count: number): number {
    let passed = 0;
    for (let done = 0, each = 0; done < count; done += each) {
      if (this.#position === this.flows) this.#position = 0;
      each = Math.min(BURST_FRAMES, this.flows - this.#position, count - done);
      this.#passTime(each);
      passed += this.#call(name, this.#position, each);
      this.#position += each;
    }
    return passed;
  }

  /** Begins NEW_FLOWS flows of clients that were not there before; `endNew` ends them. */
  beginNew(): void {
    let passed = 0;
    const first = this.#firstNew();
    for (let at = 0; at < NEW_FLOWS; at += BURST_FRAMES) {
      this.#passTime(BURST_FRAMES);
      passed += this.#call("begin", first + at, BURST_FRAMES);
    }
    this.#expect(NEW_FLOWS, passed, "a new flow did not pass");
  }

  endNew(): void {
    this.#expect(NEW_FLOWS, this.#forget(this.#firstNew()), "a new flow was not there");
    this.#round++;
  }

  #firstNew(): number {
    return this.flows + NEW_FLOWS + ((this.#round * NEW_FLOWS) % NEW_NUMBERS);
  }

  #forget(first: number): number {
    return this.#call("forget", first, NEW_FLOWS);
  }

  /** Takes `count` frames, a multiple of BURST_FRAMES, that no service has to do with their whole way through a network. */
  unrelated(of: number, network: NetworkName, count: number): void {
    let left = 0;
    const port = portsOfKinds()[kind.DATA]! + (network === SERVED ? 0 : stationsOf(PLAIN).length);
    for (let done = 0; done < count; done += BURST_FRAMES) {
      this.#passTime(BURST_FRAMES);
      left += this.#wasm.unrelatedWay!(this.#worker, this.#room, of, port, BURST_FRAMES) as number;
    }
    this.#expect(count, left, "a frame did not leave");
  }

  #call(name: string, at: number, count: number): number {
    return this.#wasm[name]!(this.#worker, this.#room, at, count) as number;
  }

  #passTime(count: number): void {
    this.#nowMs += (count * 1000) / kind.FRAMES_PER_SECOND;
    this.#wasm.setTime!(this.#worker, this.#nowMs);
  }

  #expect(wanted: number, found: number, what: string): void {
    if (wanted !== found) throw new PortyardError("load-failed", `${what}: ${found} of ${wanted} did.`, { value: found });
  }
}

/** Ports have the index of their place in the configuration. */
export function portsOfKinds(): number[] {
  const names = stationsOf(SERVED).map(({ name }) => name);
  return SENDERS.map((sender) => names.indexOf(`${sender}-${SERVED}`));
}

/** The client sends for all clients: no address is bound to its port. */
function stationsOf(network: string) {
  const port = (name: string, station: object) => ({ name: `${name}-${network}`, network, memory: {}, sourceCheck: false, ...station });
  const backends = frames.BACKEND_ADDRESSES.map((address, index) =>
    port(`b${index + 1}`, { mac: frames.BACKEND_MACS[index], addresses: [address] }),
  );
  return [port("client", { staticMacs: [frames.CLIENT_MAC] }), ...backends, port("other", { staticMacs: [frames.OTHER_MAC] })];
}

const SERVICE: ServiceConfig = {
  name: "my-service",
  network: SERVED,
  addresses: [frames.VIRTUAL],
  ports: [{ protocol: "tcp", port: frames.SERVICE_PORT, lastPort: frames.SERVICE_PORT, targetPort: frames.TARGET_PORT }],
  algorithm: "round-robin",
  backends: frames.BACKEND_ADDRESSES.map((address, index) => ({ name: `b${index + 1}`, address, port: null, weight: 1, maxFlows: null })),
  slowStartSeconds: 0,
  ejection: null,
  panicShare: 0,
  affinitySeconds: 0,
};
