/** What services leave behind, and when it may be used again: records of services and backends, endpoints, places of slates. Nothing is as long as a
 *  worker may know of it, or a flow does. */
import { AGENT_WORKER } from "../../assembly/abi/limits.ts";
import { HEAD_FLOW_COUNT } from "../../assembly/abi/memory-map.ts";
import type { BackendNumbers, Leaving } from "../service/backend-numbers.ts";
import type { SlateRoom } from "../service/slates.ts";
import * as backends from "../tables/backend-table.ts";
import { usedEnd } from "../tables/flow-table.ts";
import * as services from "../tables/service-table.ts";
import type { BackendMacs } from "./backend-macs.ts";
import type { Endpoints } from "./endpoints.ts";
import type { Numbers } from "./numbers.ts";
import type { EngineStore } from "./store.ts";

/** Entries of the flow table that are looked at without a pause. */
const STRETCH = 16384;

export interface ReclaimParts {
  store: EngineStore;
  /** Of services. */
  numbers: Numbers;
  backendNumbers: BackendNumbers;
  room: SlateRoom;
  endpoints: Endpoints;
  macs: BackendMacs;
}

export class Reclaim {
  private readonly parts: ReclaimParts;

  constructor(parts: ReclaimParts) {
    this.parts = parts;
  }

  /** Whether there is something that `collect` would free. */
  get isDue(): boolean {
    return this.parts.room.hasRetired || this.parts.backendNumbers.idle().length > 0;
  }

  /** Frees what can be freed. @throws PortyardError `worker-stuck`; what was not freed is the next time. */
  async collect(): Promise<void> {
    await this.pass();
    await this.free(this.parts.backendNumbers.idle());
  }

  /** Ends services, whose addresses nobody answers for any more, with their flows.
   *  @param members records of backends that go with them. */
  async end(records: readonly number[], members: readonly Leaving[]): Promise<void> {
    const { store, numbers } = this.parts;
    await this.pass();
    if (records.length === 0) return;
    for (const service of records) services.leaveService(store.tables, service);
    for (const { index } of members) backends.leaveBackend(store.tables, index);
    await this.endFlows(0, 0);
    await store.publishAndWait();
    for (const service of records) {
      services.clearService(store.tables, service);
      numbers.free(service);
    }
    for (const { index } of members) backends.keepPicks(store.tables, index);
  }

  /** Every worker knows of what has been given up until now. */
  private async pass(): Promise<void> {
    const { store, room, backendNumbers } = this.parts;
    const [gaps, leaving] = [room.takeRetired(), backendNumbers.leaving()];
    try {
      await store.publishAndWait();
    } catch (error) {
      for (const gap of gaps) room.retire(gap);
      throw error;
    }
    for (const { at, bytes } of gaps) room.give(at, bytes);
    backendNumbers.pass(leaving);
  }

  /** Flows in TIME_WAIT, and clients that are to come back, do not hold a backend: they end now. */
  private async free(idle: readonly Leaving[]): Promise<void> {
    const { store, backendNumbers, endpoints, macs } = this.parts;
    if (idle.length === 0) return;
    for (const { index } of idle) backends.leaveBackend(store.tables, index);
    await this.endFlows(0, 0);
    for (const { index, network } of idle) {
      endpoints.removeBackend(network, backends.addressOf(store.tables, index), index);
      macs.forget(index);
    }
    await store.publishAndWait();
    backendNumbers.free(idle);
  }

  /** Ends flows (Wasm `endFlows`). Returns how many there were. */
  async endFlows(service: number, backend: number): Promise<number> {
    const { tables, wasm, agent, layout } = this.parts.store;
    if (tables.load32(HEAD_FLOW_COUNT) === 0) return 0;
    const end = usedEnd(tables, [...Array(layout.workers).keys(), AGENT_WORKER]);
    let ended = 0;
    for (let first = 0; first < end; first += STRETCH) {
      ended += wasm.endFlows(agent, service, backend, first, Math.min(end, first + STRETCH));
      await new Promise((resolve) => setImmediate(resolve));
    }
    return ended;
  }
}
