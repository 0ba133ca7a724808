/** Back from what the engine takes to what people write, with every default spelt out: what the agent keeps in its state
 *  is the configuration's own language, and is checked like it when it is read again. */
import type { NetworkInput } from "./network-schema.ts";
import type { PortInput } from "./port-schema.ts";
import { formatPublication } from "./publish.ts";
import type { ConfigInput } from "./schema.ts";
import type { EngineConfig, NetworkConfig, PortConfig, Publication } from "./types.ts";

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

/** `parseConfig` makes the same configuration of it. Of a port that was lent addresses they are its own. */
export function configInput({ tables, flowTimeouts: _times, services: _services, networks, ports, ...rest }: EngineConfig): ConfigInput {
  return { ...rest, tables: { macs: tables.macs }, networks: networks.map(networkInput), ports: ports.map(portInput) };
}
