/** A service in the tables of a switch for tests, written by hand as the agent does it: virtual address .100, TCP and UDP port 80 to 8080 of its backends,
 *  round robin.                                                                                                          */
import { CONFIG_SCRATCH, HEAD_SLATES } from "../../assembly/abi/memory-map.ts";
import { MAC } from "../../assembly/abi/backend.ts";
import { ROUND_ROBIN } from "../../assembly/abi/service.ts";
import type { FlowEnds } from "../../bindings/tables/flow-table.ts";
import * as flows from "../../bindings/tables/flow-table.ts";
import { splitMac } from "../../bindings/mac.ts";
import * as backends from "../../bindings/tables/backend-table.ts";
import * as networks from "../../bindings/tables/network-table.ts";
import { changeRules } from "../../bindings/tables/service-rules.ts";
import * as services from "../../bindings/tables/service-table.ts";
import type { TestEngine } from "./engine.ts";
import { ipv4Address } from "./packet/address.ts";
import { bytes } from "./packet/bytes.ts";

export const VIRTUAL = "10.0.0.100";
export const VIRTUAL_MAC = "02:00:00:00:01:00";
export const SERVICE = 1;

const TIMEOUT_SECONDS = 60;
const SILENCE = ["halfOpen", "established", "closing", "timeWait", "udpUnanswered", "udp", "icmp"] as const;

export interface ServedBackend {
  address: string;
  /** Null: not known. */
  mac: string | null;
}

/** Serves a network of an engine that has room for flows. */
export function serve(engine: TestEngine, network: number, served: readonly ServedBackend[]): void {
  const { tables } = engine;
  flows.writeTimeouts(tables, Object.fromEntries(SILENCE.map((state) => [state, TIMEOUT_SECONDS])) as never);
  services.identifyService(tables, SERVICE, { name: "web", network, address: VIRTUAL }, VIRTUAL_MAC);
  const rules = (["tcp", "udp"] as const).map((protocol) => ({ protocol, port: 80, lastPort: 80, targetPort: 8080 }));
  void changeRules(tables, SERVICE, rules, async () => undefined);
  for (const [index, { address, mac }] of served.entries()) {
    backends.identifyBackend(tables, index, { name: `b${index}`, address, port: null, service: SERVICE });
    backends.writeBackend(tables, index, { weight: 1 });
    if (mac === null) tables.store64(backends.backendRecordOf(tables, index) + MAC, 0n);
    else backends.setBackendMac(tables, index, splitMac(mac));
    setEndpoint(engine, network, address, 0, index + 1);
  }
  const slate = { backends: [...served.keys()], schedule: Uint16Array.from(served.keys()), ring: new Uint16Array(0) };
  const at = tables.load32(HEAD_SLATES);
  services.writeSlate(tables, at, slate);
  services.publish(tables, SERVICE, ROUND_ROBIN, at);
  setEndpoint(engine, network, VIRTUAL, SERVICE, 0);
  networks.setServices(tables, network, true);
}

function setEndpoint({ tables, wasm }: TestEngine, network: number, address: string, service: number, backend: number): void {
  const last = ipv4Address(address);
  tables.bytes.set(bytes(last, new Uint8Array(12)), CONFIG_SCRATCH);
  if (!wasm.setEndpoint(network, 4, service, backend)) throw new Error(`no place for ${address}`);
  networks.setServed(tables, network, last[3] as number, true);
}

/** Makes the region `worker` have a flow of these ends. */
export function insertFlow({ tables, wasm }: TestEngine, worker: number, ends: FlowEnds, state: number): number {
  flows.writeDraft(tables, wasm.flowDraft(worker), ends);
  return wasm.insertFlow(worker, state);
}
