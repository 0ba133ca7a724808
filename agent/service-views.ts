/** What an agent shows of its services: the engine's rows with their owner and what the configuration says beside it, and those that are
 *  held; their backends one by one; flows by pages. */
import { normaliseService } from "../bindings/config/normalise.ts";
import { readAddress } from "../bindings/config/ip-address.ts";
import type { ServiceInput } from "../bindings/config/service-schema.ts";
import type { ServiceConfig } from "../bindings/config/types.ts";
import type { EngineLike, FlowFilter, ServiceInfo } from "../bindings/engine/types.ts";
import { PortyardError } from "../bindings/error.ts";
import type { BackendConfig } from "../bindings/service/types.ts";
import { FLOW_ROWS } from "./api/flow-list.ts";
import type { Filter } from "./api/query.ts";
import type { BackendView, FlowView, ServiceView } from "./api/service-schema.ts";
import type { Held, Objects } from "./objects.ts";
import { faultFrom } from "./port-fault.ts";
import { cut, type Page, type Rows } from "./rows.ts";
import { requireNames, unknownName } from "./unknown-name.ts";

export class ServiceViews {
  readonly #engine: EngineLike;
  readonly #objects: Objects;

  constructor(engine: EngineLike, objects: Objects) {
    this.#engine = engine;
    this.#objects = objects;
  }

  /** @throws PortyardError `service-missing`. */
  one(name: string): ServiceView {
    const found = this.#all().find((service) => service.name === name);
    if (!found) throw unknownName("service", name);
    return found;
  }

  /** @throws PortyardError `network-missing`, `service-missing`. */
  services({ network, service, limit }: Filter): Rows<ServiceView> {
    return cut(this.#of({ network, service }), limit);
  }

  /** @throws PortyardError `network-missing`, `service-missing`. */
  backends({ network, service, backend, limit }: Filter): Rows<BackendView> {
    const rows = this.#of({ network, service }).flatMap(({ name, network: home, backends }) =>
      backends.map((each) => ({ service: name, network: home, ...each })),
    );
    return cut(
      rows.filter(({ name }) => backend === undefined || name === backend),
      limit,
    );
  }

  /** From a place of the table on, at most `limit` that fit.
   *  @throws PortyardError `network-missing`, `service-missing`, `bad-request`. */
  flows({ network, service, backend, client, state, from = 0, limit = FLOW_ROWS }: Filter): Page<FlowView> {
    requireNames(this.#objects, { network, service });
    const asked = { network, service, backend, client: client === undefined ? undefined : clientAddress(client), state };
    const filter = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined)) as FlowFilter;
    const { flows, next } = this.#engine.flows(filter, { from, limit });
    return { rows: flows, next };
  }

  #of({ network, service }: { network: string | undefined; service: string | undefined }): ServiceView[] {
    requireNames(this.#objects, { network, service });
    const wanted = (row: ServiceView) =>
      (network === undefined || row.network === network) && (service === undefined || row.name === service);
    return this.#all().filter(wanted);
  }

  #all(): ServiceView[] {
    const { inventory, services } = this.#objects;
    const made = this.#engine.services().flatMap((info) => {
      const config = inventory.services.get(info.name);
      return config ? { ...view(info, config), owner: services.ownerOf(info.name) } : [];
    });
    return [...made, ...[...services.held].filter(([name]) => !inventory.services.has(name)).map(([, held]) => heldView(held))];
  }
}

function view(info: ServiceInfo, config: ServiceConfig): Omit<ServiceView, "owner"> {
  const { slowStartSeconds, ejection, panicShare } = config;
  const { backends, ...rest } = info;
  return { ...rest, slowStartSeconds, ejection, panicShare, backends, state: "up", error: null };
}

function heldView({ owner, config, error }: Held<ServiceInput>): ServiceView {
  const { name, network, addresses, backends, ...rest } = normaliseService(config);
  return {
    name,
    network,
    address: addresses.find((address) => !address.includes(":")) ?? addresses[0] ?? null,
    addresses,
    ...rest,
    backends: backends.map(unserved),
    state: error ? "failed" : "pending",
    error: error && faultFrom(error),
    owner,
  };
}

function unserved(backend: BackendConfig): ServiceView["backends"][number] {
  return { ...backend, state: null, active: 0, responseTimeMs: null, picked: 0, failed: 0, ejectedForSeconds: null, mac: null };
}

/** Canonical, as flows have it. */
function clientAddress(text: string): string {
  const address = readAddress(text);
  if (address !== null && address.prefixLength === null) return address.text;
  throw new PortyardError("bad-request", "The query parameter client is not understood.", {
    path: "client",
    value: text,
    remedy: "Write an address such as 10.77.0.2 or fd77::2.",
  });
}
