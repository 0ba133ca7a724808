/** Which connections of tables with another layout belong into this engine's: names stand for indices. One whose network, service or backend is not
 *  there is lost; at the table's limit those are kept that can least be spared, and were seen last. */
import { AFFINITY, PROTOCOL } from "../../assembly/abi/flow.ts";
import type { LeftFlow, LeftFlows } from "../tables/left-flows.ts";
import type { LeftNetwork } from "../tables/left-tables.ts";

/** What there is to be taken over into, by names. */
export interface FlowTargets {
  /** Index of the network; null: there is none. */
  network(name: string): number | null;
  /** Index of the record of a service's virtual address, or of the service itself where that is null; null: there is none. */
  service(name: string, network: string, address: string | null): number | null;
  /** Index of a service's backend; null: there is none. */
  backend(service: string, fingerprint: bigint, address: string): number | null;
}

/** A flow, with the numbers that its network, service (0: none) and backend (null: none) have here. */
export interface MappedFlow {
  flow: LeftFlow;
  network: number;
  service: number;
  backend: number | null;
}

/** Finds the numbers that a flow has here; null where its network, service or backend is not there. */
export function mapperOf(left: LeftFlows, networks: readonly LeftNetwork[], targets: FlowTargets): (flow: LeftFlow) => MappedFlow | null {
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
  return (flow) => {
    const network = targets.network(networkNames.get(flow.network) ?? "");
    const service = flow.service === 0 ? 0 : (serviceNumbers.get(flow.service) ?? null);
    const backend = flow.backend === null ? null : (backendNumbers.get(flow.backend) ?? undefined);
    return network === null || service === null || backend === undefined ? null : { flow, network, service, backend };
  };
}

/** Those of the file that find their names here, and how many do not. */
export function mapFlows(flows: Iterable<LeftFlow>, map: (flow: LeftFlow) => MappedFlow | null): { mapped: MappedFlow[]; lost: number } {
  const mapped: MappedFlow[] = [];
  let lost = 0;
  for (const flow of flows) {
    const found = map(flow);
    if (found !== null) mapped.push(found);
    else if (isConnection(flow)) lost++;
  }
  return { mapped, lost };
}

/** Those that find room: first those that can least be spared, of these the ones that were seen last. */
export function withinRoom(flows: readonly MappedFlow[], room: number): MappedFlow[] {
  const sorted = [...flows].sort(({ flow: a }, { flow: b }) => b.state - a.state || b.seenSeconds - a.seenSeconds);
  return sorted.slice(0, room).sort(({ flow: a }, { flow: b }) => a.seenSeconds - b.seenSeconds);
}

/** Whether it is more than the memory of a client's backend. */
export function isConnection({ entry }: LeftFlow): boolean {
  return entry[PROTOCOL] !== AFFINITY;
}
