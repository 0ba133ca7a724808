/** Back from what the engine takes to what people write, with every default spelt out: what the agent keeps in its state
 *  is the configuration's own language, and is checked like it when it is read again. */
import type { NetworkInput } from "./network-schema.ts";
import type { PortInput } from "./port-schema.ts";
import { formatPublication } from "./publish.ts";
import { defaultName } from "../service/parse.ts";
import type { BackendConfig } from "../service/types.ts";
import type { ConfigInput } from "./schema.ts";
import type { ServiceInput } from "./service-schema.ts";
import type { EngineConfig, NetworkConfig, PortConfig, Publication, ServiceConfig, ServicePort } from "./types.ts";

const published = (publish: readonly Publication[] | undefined): { publish?: string[] } =>
  publish === undefined ? {} : { publish: publish.map(formatPublication) };

/** `parseNetwork` makes the same network of it. */
export function networkInput({ subnets, gateways, publish, ...rest }: NetworkConfig): NetworkInput {
  const written = { ...rest, ...published(publish) };
  return { ...written, ...(subnets.length > 0 && { subnet: subnets }), ...(gateways.length > 0 && { gateway: gateways }) };
}

/** `parsePort` makes the same port of it. */
export function portInput({ tap, host: _made, publish, ...others }: PortConfig): PortInput {
  const rest = { ...others, ...published(publish) };
  if (!tap) return rest;
  const { addresses, gateways: _network, ...device } = tap;
  return { ...rest, tap: { ...device, ...(addresses.length > 0 && { address: addresses }) } };
}

function servicePortInput({ protocol, port, lastPort, targetPort }: ServicePort): NonNullable<ServiceInput["ports"]>[number] {
  return { protocol, port: port === lastPort ? port : `${port}-${lastPort}`, targetPort };
}

/** A name that follows from address and port is left out, so that it goes on doing so. */
function backendInput({ name, address, port, weight, maxFlows }: BackendConfig): ServiceInput["backends"][number] {
  return {
    ...(name !== defaultName({ address, port }) && { name }),
    address,
    ...(port !== null && { port }),
    weight,
    ...(maxFlows !== null && { maxFlows }),
  };
}

/** `parseService` makes the same service of it. */
export function serviceInput({ addresses, ports, backends, ejection, name, network, ...rest }: ServiceConfig): ServiceInput {
  return {
    name,
    network,
    ...(addresses.length > 0 && { address: addresses }),
    ...(ports.length > 0 && { ports: ports.map(servicePortInput) }),
    ...rest,
    backends: backends.map(backendInput),
    ejection: ejection ?? false,
  };
}

/** `parseConfig` makes the same configuration of it. Of a port that was lent addresses they are its own. */
export function configInput({ networks, ports, services, ...rest }: EngineConfig): ConfigInput {
  return { ...rest, networks: networks.map(networkInput), ports: ports.map(portInput), services: services.map(serviceInput) };
}
