/** Connections come from tables of another layout into this engine's, whose workers have not had any frame, in two passes: all of them while their forwarder
 *  goes on, and what has changed since then when it reads no more. Nobody forwards during the second, so it must be short. */
import { BACKEND, NETWORK, SERVICE } from "../../assembly/abi/flow.ts";
import { FLOW_CHUNK } from "../../assembly/abi/limits.ts";
import { type GivenChunks, giveChunks } from "../tables/flow-chunks.ts";
import type { LeftFlow, LeftFlows } from "../tables/left-flows.ts";
import type { LeftNetwork } from "../tables/left-tables.ts";
import { type FlowTargets, isConnection, type MappedFlow, mapFlows, mapperOf, withinRoom } from "./flow-import.ts";
import type { EngineStore } from "./store.ts";

/** Room that is kept for what begins between the passes: a share of what there was, and this many at least. */
const SPARE_SHARE = 0.25;
const SPARE_FLOWS = 4096;

/** How many came, and how many did not. Clients that come back to their backend are none. */
export interface CarriedFlows {
  flows: number;
  lostFlows: number;
}

export class FlowCarrier {
  private readonly store: EngineStore;
  private readonly left: LeftFlows;
  private readonly map: (flow: LeftFlow) => MappedFlow | null;
  /** By their numbers in the other tables: the number here + 1 of each that came, and whether it is a connection. */
  private readonly numbers: Uint32Array;
  private readonly connections: Uint8Array;
  private readonly marks: Uint32Array;
  /** Of entries here that nothing is in. */
  private readonly free: number[] = [];
  private readonly places: GivenChunks;
  private readonly carried: CarriedFlows;

  /** The first pass. */
  constructor(store: EngineStore, left: LeftFlows, networks: readonly LeftNetwork[], targets: FlowTargets) {
    this.store = store;
    this.left = left;
    this.map = mapperOf(left, networks, targets);
    this.numbers = new Uint32Array(left.capacity);
    this.connections = new Uint8Array(left.capacity);
    this.marks = left.marks();
    const { mapped, lost } = mapFlows(left.flows(this.marks), this.map);
    const kept = withinRoom(mapped, store.layout.flows);
    const room = Math.min(store.layout.flows, kept.length + Math.max(SPARE_FLOWS, Math.ceil(kept.length * SPARE_SHARE)));
    this.places = giveChunks(store.tables, store.layout, Math.ceil(room / FLOW_CHUNK));
    this.carried = { flows: 0, lostFlows: lost + connectionsIn(mapped) - connectionsIn(kept) };
    for (const [position, flow] of kept.entries()) this.enter(flow, this.places.numberOf(position));
    for (let position = room - 1; position >= kept.length; position--) this.free.push(this.places.numberOf(position));
  }

  /** The second, which is the last: what began, went on or ended since the first. */
  catchUp(): void {
    const begun: LeftFlow[] = [];
    for (const { number, flow } of this.left.changes(this.marks)) {
      this.leave(number);
      if (flow !== null) begun.push(flow);
    }
    for (const flow of begun) {
      const mapped = this.map(flow);
      const number = mapped === null ? undefined : this.free.pop();
      if (mapped !== null && number !== undefined) this.enter(mapped, number);
      else if (isConnection(flow)) this.carried.lostFlows++;
    }
  }

  /** Lets the workers have what came. */
  finish(): CarriedFlows {
    this.places.hand();
    return this.carried;
  }

  private enter({ flow, network, service, backend }: MappedFlow, number: number): void {
    const { tables, wasm, agent } = this.store;
    const draft = wasm.flowDraft(agent);
    tables.bytes.set(flow.entry, draft);
    tables.store16(draft + NETWORK, network);
    tables.store32(draft + SERVICE, service);
    tables.store32(draft + BACKEND, backend === null ? 0 : backend + 1);
    const isIn = Boolean(wasm.importFlow(agent, number, flow.state, flow.flags, flow.seenSeconds));
    if (isIn) this.numbers[flow.number] = number + 1;
    else this.free.push(number);
    if (!isConnection(flow)) return;
    this.connections[flow.number] = 1;
    this.carried[isIn ? "flows" : "lostFlows"]++;
  }

  /** What came of an entry of the other tables, if anything did, goes. */
  private leave(left: number): void {
    const number = this.numbers[left] ?? 0;
    if (number === 0) return;
    this.store.wasm.takeBackFlow(number - 1);
    this.free.push(number - 1);
    this.carried.flows -= this.connections[left] ?? 0;
  }
}

const connectionsIn = (flows: readonly MappedFlow[]): number => flows.filter(({ flow }) => isConnection(flow)).length;
