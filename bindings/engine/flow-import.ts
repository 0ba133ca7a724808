/** The importer of connections: those of tables with another layout come into this engine's, as long as no worker has any. Names stand for indices. One
 *  whose network, service or backend is not there is lost; at the table's limit those are kept that can least be spared, and were seen last. */
import { AFFINITY, BACKEND, NETWORK, PROTOCOL, SERVICE } from "../../assembly/abi/flow.ts";
import { FLOW_CHUNK } from "../../assembly/abi/limits.ts";
import { giveChunks } from "../tables/flow-chunks.ts";
import type { LeftFlow, LeftFlows } from "../tables/left-flows.ts";
import type { LeftNetwork } from "../tables/left-tables.ts";
import type { EngineStore } from "./store.ts";

/** How many came, and how many did not. Clients that come back to their backend are none. */
export interface CarriedFlows {
  flows: number;
  lostFlows: number;
}

/** What there is to be taken over into, by names. */
export interface FlowTargets {
  /** Index of the network; null: there is none. */
  network(name: string): number | null;
  /** Index of the record of a service's virtual address, or of the service itself where that is null; null: there is none. */
  service(name: string, network: string, address: string | null): number | null;
  /** Index of a service's backend; null: there is none. */
  backend(service: string, fingerprint: bigint, address: string): number | null;
}

/** A flow, with the numbers that it is to have. */
export interface MappedFlow extends LeftFlow {
  /** Of the network, service (0: none) and backend (null: none) here. */
  to: { network: number; service: number; backend: number | null };
}

/** Those of the file that find their names here, and how many do not. */
export function mapFlows(left: LeftFlows, networks: readonly LeftNetwork[], targets: FlowTargets): { mapped: MappedFlow[]; lost: number } {
  const networkNames = new Map(networks.map(({ index, name }) => [index, name]));
  const services = new Map(left.services().map((record) => [record.index, record]));
  const serviceNumbers = new Map(
    [...services.values()].map(({ index, name, network, address }) => [
      index,
      targets.service(name, networkNames.get(network) ?? "", address),
    ]),
  );
  const backendNumbers = new Map(
    left
      .backends()
      .map(({ index, service, fingerprint, address }) => [index, targets.backend(services.get(service)?.name ?? "", fingerprint, address)]),
  );
  const mapped: MappedFlow[] = [];
  let lost = 0;
  for (const flow of left.flows()) {
    const network = targets.network(networkNames.get(flow.network) ?? "");
    const service = flow.service === 0 ? 0 : (serviceNumbers.get(flow.service) ?? null);
    const backend = flow.backend === null ? null : (backendNumbers.get(flow.backend) ?? undefined);
    if (network !== null && service !== null && backend !== undefined) mapped.push({ ...flow, to: { network, service, backend } });
    else if (isConnection(flow)) lost++;
  }
  return { mapped, lost };
}

/** Those that find room: first those that can least be spared, of these the ones that were seen last. */
export function withinRoom(flows: readonly MappedFlow[], room: number): MappedFlow[] {
  const sorted = [...flows].sort((a, b) => b.state - a.state || b.seenSeconds - a.seenSeconds);
  return sorted.slice(0, room).sort((a, b) => a.seenSeconds - b.seenSeconds);
}

/** Whether it is more than the memory of a client's backend. */
export function isConnection({ entry }: LeftFlow): boolean {
  return entry[PROTOCOL] !== AFFINITY;
}

/** Workers must not have had any frame. */
export function carryOverFlows(store: EngineStore, left: LeftFlows, networks: readonly LeftNetwork[], targets: FlowTargets): CarriedFlows {
  const { mapped, lost } = mapFlows(left, networks, targets);
  const kept = withinRoom(mapped, store.layout.flows);
  const places = giveChunks(store.tables, store.layout, Math.ceil(kept.length / FLOW_CHUNK));
  const carried = kept.filter((flow, position) => place(store, flow, places.numberOf(position))).filter(isConnection).length;
  places.hand();
  return { flows: carried, lostFlows: lost + mapped.filter(isConnection).length - carried };
}

function place({ tables, wasm, agent }: EngineStore, { entry, to, state, flags, seenSeconds }: MappedFlow, number: number): boolean {
  const draft = wasm.flowDraft(agent);
  tables.bytes.set(entry, draft);
  tables.store16(draft + NETWORK, to.network);
  tables.store32(draft + SERVICE, to.service);
  tables.store32(draft + BACKEND, to.backend === null ? 0 : to.backend + 1);
  return Boolean(wasm.importFlow(agent, number, state, flags, seenSeconds));
}
