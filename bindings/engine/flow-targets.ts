/** Where connections of other tables belong by their names: among the services of an engine, or among those that a configuration says. */
import type { EngineConfig } from "../config/types.ts";
import { backendFingerprint } from "../tables/backend-table.ts";
import type { FlowTargets } from "./flow-import.ts";
import type { Networks } from "./networks.ts";
import { familiesOf } from "./service-entry.ts";
import type { Services } from "./services.ts";

/** In the tables of an engine. */
export function targetsIn(networks: Networks, services: Services): FlowTargets {
  const byName = new Map(services.all().map((entry) => [entry.config.name, entry]));
  const members = new Map(
    services
      .all()
      .map(({ config, balanced }) => [
        config.name,
        new Map(
          balanced.members.all().map((member) => [keyOf(backendFingerprint(member.config.name), member.config.address), member.index]),
        ),
      ]),
  );
  return {
    network: (name) => networks.all().find(({ config }) => config.name === name)?.index ?? null,
    service(name, network, address) {
      const entry = byName.get(name);
      if (entry === undefined || entry.config.network !== network) return null;
      return (entry.places.find((place) => place.address === address) ?? (address === null ? entry.places[0] : undefined))?.service ?? null;
    },
    backend: (service, fingerprint, address) => members.get(service)?.get(keyOf(fingerprint, address)) ?? null,
  };
}

/** In an engine that is to be: numbers say only that there is one. */
export function targetsOf({ networks, services }: Pick<EngineConfig, "networks" | "services">): FlowTargets {
  const byName = new Map(services.map((service) => [service.name, service]));
  const known = new Set(
    services.flatMap(({ name, backends }) => backends.map((one) => `${name} ${keyOf(backendFingerprint(one.name), one.address)}`)),
  );
  return {
    network: (name) => (networks.some((network) => network.name === name) ? 1 : null),
    service(name, network, address) {
      const service = byName.get(name);
      if (service === undefined || service.network !== network) return null;
      return address === null || familiesOf(service).some((place) => place.address === address) ? 1 : null;
    },
    backend: (service, fingerprint, address) => (known.has(`${service} ${keyOf(fingerprint, address)}`) ? 1 : null),
  };
}

const keyOf = (fingerprint: bigint, address: string): string => `${fingerprint} ${address}`;
