/** The services of an engine of names only: kept as they are given, two of one virtual address refused, flows such as a test enters. */
import type { ServiceConfig } from "../../../bindings/config/types.ts";
import type { FlowFilter, FlowInfo, FlowPage, ServiceBackendInfo, ServiceInfo } from "../../../bindings/engine/types.ts";
import { PortyardError } from "../../../bindings/error.ts";
import type { BackendConfig } from "../../../bindings/service/types.ts";

export class FakeServices {
  readonly #networks: ReadonlyMap<string, unknown>;
  readonly #connections: (FlowInfo | null)[];
  readonly #unserved: ReadonlySet<string>;
  readonly #services = new Map<string, ServiceConfig>();

  constructor(networks: ReadonlyMap<string, unknown>, connections: (FlowInfo | null)[], unserved: ReadonlySet<string>) {
    this.#networks = networks;
    this.#connections = connections;
    this.#unserved = unserved;
  }

  add(service: ServiceConfig): ServiceInfo {
    if (this.#services.has(service.name)) throw new PortyardError("service-exists", "There is one of this name.", { value: service.name });
    if (!this.#networks.has(service.network))
      throw new PortyardError("network-missing", "There is no such network.", { value: service.network });
    return this.#enter(service);
  }

  set(service: ServiceConfig): ServiceInfo {
    const before = this.#known(service.name);
    if (before.network !== service.network) throw new Error("a living service keeps its network");
    return this.#enter(service);
  }

  #enter(service: ServiceConfig): ServiceInfo {
    if (this.#unserved.has(service.name))
      throw new PortyardError("slates-exhausted", "There is no room for it.", { remedy: "Remove some." });
    for (const other of this.#services.values()) {
      const shared = other.addresses.find((address) => service.addresses.includes(address));
      if (other.name !== service.name && other.network === service.network && shared !== undefined)
        throw new Error(`${service.name} and ${other.name} both have ${shared}`);
    }
    this.#services.set(service.name, service);
    return this.#info(service);
  }

  remove(name: string): void {
    this.#known(name);
    this.#services.delete(name);
    this.#end((flow) => flow.service === name);
  }

  endFlows(service: string, backend: string): number {
    if (!this.#known(service).backends.some(({ name }) => name === backend))
      throw new PortyardError("backend-missing", "There is no such backend.", { value: backend });
    return this.#end((flow) => flow.service === service && flow.backend === backend);
  }

  list(): ServiceInfo[] {
    return [...this.#services.values()].map((service) => this.#info(service));
  }

  flows(filter: FlowFilter, { from = 0, limit = Number.POSITIVE_INFINITY }: { from?: number; limit?: number }): FlowPage {
    const flows: FlowInfo[] = [];
    for (let place = from; place < this.#connections.length; place++) {
      const flow = this.#connections[place];
      if (!flow || !fits(flow, filter)) continue;
      if (flows.length === limit) return { flows, next: place };
      flows.push(flow);
    }
    return { flows, next: null };
  }

  #known(name: string): ServiceConfig {
    const service = this.#services.get(name);
    if (!service) throw new PortyardError("service-missing", "There is no such service.", { value: name });
    return service;
  }

  #end(isMeant: (flow: FlowInfo) => boolean): number {
    let ended = 0;
    this.#connections.forEach((flow, place) => {
      if (!flow || !isMeant(flow)) return;
      this.#connections[place] = null;
      ended++;
    });
    return ended;
  }

  #info(service: ServiceConfig): ServiceInfo {
    const { name, network, addresses, ports, algorithm, affinitySeconds, backends } = service;
    const address = addresses.find((text) => !text.includes(":")) ?? addresses[0] ?? null;
    const rows = backends.map((backend) => this.#backend(name, backend));
    return { name, network, address, addresses, ports, algorithm, affinitySeconds, backends: rows };
  }

  #backend(service: string, backend: BackendConfig): ServiceBackendInfo {
    const active = this.#connections.filter((flow) => flow?.service === service && flow.backend === backend.name).length;
    const state = backend.weight === 0 ? "drained" : "usable";
    return {
      ...backend,
      state,
      active,
      responseTimeMs: active > 0 ? 1.5 : null,
      picked: active,
      failed: 0,
      ejectedForSeconds: null,
      mac: null,
    };
  }
}

function fits(flow: FlowInfo, { network, service, backend, client, state }: FlowFilter): boolean {
  const address = flow.client.slice(0, flow.client.lastIndexOf(":")).replace(/[[\]]/g, "");
  const wanted: [unknown, unknown][] = [
    [network, flow.network],
    [service, flow.service],
    [backend, flow.backend],
    [client, address],
    [state, flow.state],
  ];
  return wanted.every(([asked, is]) => asked === undefined || asked === is);
}
