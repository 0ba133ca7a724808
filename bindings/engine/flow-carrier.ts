/** Connections come from tables of another layout into this engine's, whose workers have not had any frame, in two passes: all of them while their forwarder
 *  goes on, and what has changed since then when it reads no more. Nobody forwards during the second, so it must be short. */
import { BACKEND, CLIENT_SEQUENCE, NETWORK, SERVICE } from "../../assembly/abi/flow.ts";
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

/** A flow that came, and where it is. */
interface Known {
  flow: LeftFlow;
  number: number;
}

export class FlowCarrier {
  private readonly store: EngineStore;
  private readonly left: LeftFlows;
  private readonly map: (flow: LeftFlow) => MappedFlow | null;
  /** By their number in the other tables. */
  private readonly known = new Map<number, Known>();
  /** Of entries here that nothing is in. */
  private readonly free: number[] = [];
  private readonly places: GivenChunks;
  private readonly carried: CarriedFlows;

  /** The first pass. */
  constructor(store: EngineStore, left: LeftFlows, networks: readonly LeftNetwork[], targets: FlowTargets) {
    this.store = store;
    this.left = left;
    this.map = mapperOf(left, networks, targets);
    const { mapped, lost } = mapFlows(left, this.map);
    const kept = withinRoom(mapped, store.layout.flows);
    const room = Math.min(store.layout.flows, kept.length + Math.max(SPARE_FLOWS, Math.ceil(kept.length * SPARE_SHARE)));
    this.places = giveChunks(store.tables, store.layout, Math.ceil(room / FLOW_CHUNK));
    this.carried = { flows: 0, lostFlows: lost + mapped.filter(isConnection).length - kept.filter(isConnection).length };
    for (const [position, flow] of kept.entries()) this.enter(flow, this.places.numberOf(position));
    for (let position = room - 1; position >= kept.length; position--) this.free.push(this.places.numberOf(position));
  }

  /** The second: what began, went on or ended since the first. */
  catchUp(): void {
    const seen = new Set<number>();
    for (const flow of this.left.flows()) {
      const known = this.known.get(flow.number);
      if (known !== undefined && isSame(known.flow, flow)) {
        seen.add(flow.number);
        continue;
      }
      if (known !== undefined) this.leave(known);
      const mapped = this.map(flow);
      const number = mapped === null ? undefined : this.free.pop();
      if (mapped !== null && number !== undefined) this.enter(mapped, number);
      else if (isConnection(flow)) this.carried.lostFlows++;
      seen.add(flow.number);
    }
    for (const [number, known] of this.known) if (!seen.has(number)) this.leave(known);
  }

  /** Lets the workers have what came. */
  finish(): CarriedFlows {
    this.places.hand();
    return this.carried;
  }

  private enter(flow: MappedFlow, number: number): void {
    const { tables, wasm, agent } = this.store;
    const draft = wasm.flowDraft(agent);
    tables.bytes.set(flow.entry, draft);
    tables.store16(draft + NETWORK, flow.to.network);
    tables.store32(draft + SERVICE, flow.to.service);
    tables.store32(draft + BACKEND, flow.to.backend === null ? 0 : flow.to.backend + 1);
    const isIn = Boolean(wasm.importFlow(agent, number, flow.state, flow.flags, flow.seenSeconds));
    if (isIn) this.known.set(flow.number, { flow, number });
    else this.free.push(number);
    if (isConnection(flow)) this.carried[isIn ? "flows" : "lostFlows"]++;
  }

  private leave({ flow, number }: Known): void {
    this.store.wasm.takeBackFlow(number);
    this.known.delete(flow.number);
    this.free.push(number);
    if (isConnection(flow)) this.carried.flows--;
  }
}

/** No packet of it was seen in between, and nobody ended it; what its neighbours in a list are may have changed. */
function isSame(before: LeftFlow, now: LeftFlow): boolean {
  if (before.instance !== now.instance || before.state !== now.state || before.flags !== now.flags) return false;
  const [then, after] = [before.entry, now.entry].map((entry) => entry.subarray(CLIENT_SEQUENCE)) as [Uint8Array, Uint8Array];
  return before.seenSeconds === now.seenSeconds && Buffer.compare(then, after) === 0;
}
