/** What an engine tells of its services. */
import { backendMac } from "../tables/backend-table.ts";
import type { ServiceEntry } from "./service-entry.ts";
import type { EngineStore } from "./store.ts";
import type { ServiceBackendInfo, ServiceInfo } from "./types.ts";

/** @param nowMs of the clock that the workers follow. */
export function describeService(store: EngineStore, entry: ServiceEntry, nowMs: number): ServiceInfo {
  const { name, network, addresses, ports, algorithm, affinitySeconds } = entry.config;
  const address = addresses.find((each) => !each.includes(":")) ?? addresses[0] ?? null;
  return { name, network, address, addresses, ports, algorithm, affinitySeconds, backends: describeBackends(store, entry, nowMs) };
}

/** As `describeService`, of its backends. */
export function describeBackends({ tables, wasm }: EngineStore, { balanced }: ServiceEntry, nowMs: number): ServiceBackendInfo[] {
  return balanced
    .infos(nowMs, (index) => wasm.responseMs(index, nowMs))
    .map((info) => ({ ...info, mac: backendMac(tables, balanced.members.get(info.name)?.index ?? 0) }));
}
