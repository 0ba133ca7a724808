/** An inline engine with services, and its tables as a worker sees them. */
import { MAX_BACKENDS, MAX_SERVICES } from "../../../../assembly/abi/limits.ts";
import * as map from "../../../../assembly/abi/memory-map.ts";
import * as network from "../../../../assembly/abi/network.ts";
import * as service from "../../../../assembly/abi/service.ts";
import { parseConfig } from "../../../../bindings/config/parse.ts";
import type { NetworkConfig, PortConfig, ServiceConfig, ServicePort } from "../../../../bindings/config/types.ts";
import { Engine } from "../../../../bindings/engine.ts";
import { Networks } from "../../../../bindings/engine/networks.ts";
import type { Parts } from "../../../../bindings/engine/parts.ts";
import type { Ports } from "../../../../bindings/engine/ports.ts";
import { Services } from "../../../../bindings/engine/services.ts";
import { EngineStore } from "../../../../bindings/engine/store.ts";
import type { EngineOptions } from "../../../../bindings/engine/types.ts";
import { joinMac } from "../../../../bindings/mac.ts";
import type { BackendConfig } from "../../../../bindings/service/types.ts";
import * as backends from "../../../../bindings/tables/backend-table.ts";
import * as endpointTable from "../../../../bindings/tables/endpoint-table.ts";
import * as networkTable from "../../../../bindings/tables/network-table.ts";
import * as services from "../../../../bindings/tables/service-table.ts";
import type { Tables } from "../../../../bindings/tables/tables.ts";
import * as workers from "../../../../bindings/tables/worker-table.ts";
import type { EngineExports } from "../../../../bindings/wasm/module.ts";

export const BLUE = { name: "blue", subnet: ["10.77.0.0/24", "fd77::/64"] };
const GREEN = { name: "green", subnet: "10.88.0.0/24" };
const FLOWS = 1024;

/** A backend named by the last part of its address. */
export function backendOf(address: string, more: Partial<BackendConfig> = {}): BackendConfig {
  return { name: `b-${address}`, address, port: null, weight: 1, maxFlows: null, ...more };
}

export const portRule = (port: number, more: Partial<ServicePort> = {}): ServicePort => ({
  protocol: "tcp",
  port,
  lastPort: port,
  targetPort: port,
  ...more,
});

export function serviceOf(more: Partial<ServiceConfig> = {}): ServiceConfig {
  const config: ServiceConfig = {
    name: "web",
    network: "blue",
    addresses: ["10.77.0.100"],
    ports: [portRule(80, { targetPort: 8080 })],
    affinitySeconds: 0,
    algorithm: "round-robin",
    backends: [backendOf("10.77.0.2"), backendOf("10.77.0.3")],
    slowStartSeconds: 0,
    ejection: { failures: 3, seconds: 30, maxSeconds: 300, share: 0.5 },
    panicShare: 0.5,
  };
  return { ...config, ...more };
}

export function portOf(name: string, addresses: string[], more: Record<string, unknown> = {}): PortConfig {
  const mac = `02:00:00:00:00:${name.charCodeAt(0).toString(16)}`;
  return parseConfig({ networks: [BLUE, GREEN], ports: [{ name, network: "blue", mac, addresses, memory: {}, ...more }] })
    .ports[0] as PortConfig;
}

/** What a worker finds of a service by one of its virtual addresses. */
export interface Seen {
  service: string;
  mac: string;
  affinity: number;
  algorithm: number;
  rules: string[];
  /** Addresses of those that are chosen from, in the slate's order. */
  slate: string[];
}

/** The tables, and who writes them. */
export class ServiceView {
  readonly parts: Pick<Parts, "store" | "networks" | "services">;
  readonly tables: Tables;
  readonly wasm: EngineExports;

  constructor(parts: Pick<Parts, "store" | "networks" | "services">) {
    this.parts = parts;
    this.tables = parts.store.tables;
    this.wasm = parts.store.wasm;
  }

  network(name = "blue"): number {
    return this.parts.networks.get(name).index;
  }
  networkConfig(name = "blue"): NetworkConfig {
    return this.parts.networks.get(name).config;
  }

  /** Endpoints of a network by address: the virtual address's service, and backends in the order in which they are chained. */
  endpoints(name = "blue"): Map<string, { service: number; backends: number[] }> {
    const own = [...endpointTable.endpoints(this.tables)].filter(({ network }) => network === this.network(name));
    return new Map(own.map(({ address, service, backends }) => [address, { service, backends }]));
  }

  /** Null where it is nobody's. */
  seen(virtual: string, name = "blue"): Seen | null {
    const index = this.endpoints(name).get(virtual)?.service ?? 0;
    return index === 0 ? null : this.record(index);
  }

  record(index: number): Seen {
    const { tables } = this;
    const at = services.recordOf(tables, index);
    const mac = tables.load64(at + service.VIRTUAL_MAC);
    return {
      service: services.readService(tables, index)?.name ?? "",
      mac: joinMac(Number(mac & 0xffffffffn), Number(mac >> 32n)),
      affinity: tables.load32(at + service.AFFINITY_SECONDS),
      algorithm: tables.load32(at + service.ALGORITHM),
      rules: this.rules(at),
      slate: this.slate(tables.load32(at + service.SLATE)).map((backend) => backends.addressOf(tables, backend)),
    };
  }

  private rules(record: number): string[] {
    const places = Array.from({ length: this.tables.load32(record + service.RULE_COUNT) }, (_, place) => place);
    const offsets = [service.RULE_PROTOCOL, service.RULE_FIRST, service.RULE_LAST, service.RULE_TARGET];
    return places
      .map((place) => offsets.map((offset) => this.tables.load16(record + service.RULES + place * service.RULE_BYTES + offset)))
      .filter(([protocol]) => protocol !== 0)
      .map(([protocol, first, last, target]) => `${protocol === 6 ? "tcp" : "udp"} ${first}-${last} to ${target}`)
      .sort();
  }

  private slate(at: number): number[] {
    if (at === 0) return [];
    return Array.from({ length: this.tables.load32(at + service.SLATE_COUNT) }, (_, position) =>
      this.tables.load32(at + service.SLATE_BACKENDS + position * 4),
    );
  }

  /** Last bytes of addresses that workers look at, and whether they look at all. */
  served(name = "blue"): { isOn: boolean; bytes: number[] } {
    const at = networkTable.recordOf(this.network(name));
    const bytes = Array.from({ length: 256 }, (_, byte) => byte).filter(
      (byte) => ((this.tables.load32(at + network.SERVED + (byte >>> 5) * 4) >>> (byte & 31)) & 1) === 1,
    );
    return { isOn: (this.tables.load32(at + network.FLAGS) & network.FLAG_SERVICES) !== 0, bytes };
  }

  /** How many records are in use: of services and of backends. */
  used(): { services: number; backends: number } {
    const count = (first: number, bytes: number, limit: number) =>
      Array.from({ length: limit }, (_, index) => index).filter((index) =>
        this.tables.bytes.subarray(first + index * bytes, first + (index + 1) * bytes).some((byte) => byte !== 0),
      ).length;
    return {
      services: count(this.tables.load32(map.HEAD_SERVICES), map.SERVICE_BYTES, MAX_SERVICES),
      backends: count(this.tables.load32(map.HEAD_BACKENDS), map.BACKEND_BYTES, MAX_BACKENDS),
    };
  }

  /** Index of a backend that is there. */
  indexOf(name: string, backendName: string): number {
    return this.parts.services.get(name).balanced.members.get(backendName)?.index ?? -1;
  }
}

/** An inline engine. */
export class ServiceYard extends ServiceView {
  readonly engine: Engine;

  private constructor(engine: Engine) {
    super((engine as unknown as { parts: Parts }).parts);
    this.engine = engine;
  }

  static async create(services: ServiceConfig[] = [], ports: PortConfig[] = [], options: EngineOptions = {}): Promise<ServiceYard> {
    const config = parseConfig({ networks: [BLUE, GREEN] });
    const engine = await Engine.create(
      { ...config, tables: { macs: 1024, flows: FLOWS }, ports, services },
      { isolation: "inline", hashSeed: 7n, ...options },
    );
    return new ServiceYard(engine);
  }

  mac(name: string, backendName: string): string | null {
    return (
      this.engine
        .services()
        .find((each) => each.name === name)
        ?.backends.find((each) => each.name === backendName)?.mac ?? null
    );
  }
}

/** Another agent over the tables that this one leaves: its networks are known again, its services wait to be asked for. */
export async function successorOf({ tables, parts }: ServiceView): Promise<ServiceView> {
  const { layout } = parts.store;
  const copy = (memory: WebAssembly.Memory) => {
    const left = tables.bytes.subarray(map.TABLES, layout.workersBase);
    new Uint8Array(memory.buffer).set(left, map.TABLES);
  };
  const store = EngineStore.create(layout, "single", 1, copy, () => {}, "living");
  for (let worker = 0; worker < layout.workers; worker++) workers.end(store.tables, worker);
  const networks = new Networks(store);
  for (const { index, config } of parts.networks.all()) {
    networks.reserve(index);
    networks.inherit(index, config);
  }
  const ports = { all: () => [], at: () => null } as unknown as Ports;
  const services = new Services(store, networks, ports, () => 0);
  await services.begin();
  return new ServiceView({ store, networks, services });
}
