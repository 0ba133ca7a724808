/** An inline engine with services, and its tables as a worker sees them. */
import * as backend from "../../../../assembly/abi/backend.ts";
import * as endpoint from "../../../../assembly/abi/endpoint.ts";
import { ADDRESS_PROBES, ENDPOINT_SLOTS, MAX_BACKENDS, MAX_SERVICES } from "../../../../assembly/abi/limits.ts";
import * as address from "../../../../assembly/abi/address.ts";
import * as map from "../../../../assembly/abi/memory-map.ts";
import * as network from "../../../../assembly/abi/network.ts";
import * as service from "../../../../assembly/abi/service.ts";
import { addressText } from "../../../../bindings/config/ip-address.ts";
import { parseConfig } from "../../../../bindings/config/parse.ts";
import type { NetworkConfig, PortConfig, ServiceConfig, ServicePort } from "../../../../bindings/config/types.ts";
import { Engine } from "../../../../bindings/engine.ts";
import type { Parts } from "../../../../bindings/engine/parts.ts";
import type { EngineOptions } from "../../../../bindings/engine/types.ts";
import { joinMac } from "../../../../bindings/mac.ts";
import type { BackendConfig } from "../../../../bindings/service/types.ts";
import * as backends from "../../../../bindings/tables/backend-table.ts";
import * as networks from "../../../../bindings/tables/network-table.ts";
import * as services from "../../../../bindings/tables/service-table.ts";
import type { Tables } from "../../../../bindings/tables/tables.ts";
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

export class ServiceYard {
  readonly engine: Engine;
  readonly tables: Tables;
  readonly wasm: EngineExports;
  readonly parts: Parts;

  private constructor(engine: Engine) {
    this.engine = engine;
    this.parts = (engine as unknown as { parts: Parts }).parts;
    this.tables = this.parts.store.tables;
    this.wasm = this.parts.store.wasm;
  }

  static async create(services: ServiceConfig[] = [], ports: PortConfig[] = [], options: EngineOptions = {}): Promise<ServiceYard> {
    const config = parseConfig({ networks: [BLUE, GREEN] });
    const engine = await Engine.create(
      { ...config, tables: { macs: 1024, flows: FLOWS }, ports, services },
      { isolation: "inline", hashSeed: 7n, ...options },
    );
    return new ServiceYard(engine);
  }

  network(name = "blue"): number {
    return this.parts.networks.get(name).index;
  }
  networkConfig(name = "blue"): NetworkConfig {
    return this.parts.networks.get(name).config;
  }

  /** Endpoints of a network by address: the virtual address's service, and backends in the order in which they are chained. */
  endpoints(name = "blue"): Map<string, { service: number; backends: number[] }> {
    const found = new Map<string, { service: number; backends: number[] }>();
    const first = this.tables.load32(map.HEAD_ENDPOINTS);
    for (let place = 0; place < ENDPOINT_SLOTS + ADDRESS_PROBES; place++) {
      const at = first + place * map.ENDPOINT_BYTES;
      if (this.tables.load32(at + address.STATE) !== address.STATE_BOUND) continue;
      if (this.tables.load32(at + address.NETWORK) !== this.network(name)) continue;
      const bytes = this.tables.load32(at + address.FAMILY) === 4 ? 4 : 16;
      const text = addressText(this.tables.bytes.slice(at + address.ADDRESS, at + address.ADDRESS + bytes));
      found.set(text, {
        service: this.tables.load32(at + endpoint.SERVICE),
        backends: this.chain(this.tables.load32(at + endpoint.BACKEND)),
      });
    }
    return found;
  }

  private chain(head: number): number[] {
    const chain: number[] = [];
    for (let next = head; next !== 0 && chain.length <= MAX_BACKENDS; ) {
      chain.push(next - 1);
      next = this.tables.load32(backends.backendRecordOf(this.tables, next - 1) + backend.NEXT);
    }
    return chain;
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
    const at = networks.recordOf(this.network(name));
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
  mac(name: string, backendName: string): string | null {
    return (
      this.engine
        .services()
        .find((each) => each.name === name)
        ?.backends.find((each) => each.name === backendName)?.mac ?? null
    );
  }
}
