/** Back from what the engine takes to what people write, with every default spelt out: what the agent keeps in its state
 *  is the configuration's own language, and is checked like it when it is read again. */
import type { NetworkInput } from "./network-schema.ts";
import type { PortInput } from "./port-schema.ts";
import type { NetworkConfig, PortConfig } from "./types.ts";

/** `parseNetwork` makes the same network of it. */
export function networkInput({ subnets, gateways, ...rest }: NetworkConfig): NetworkInput {
  return { ...rest, ...(subnets.length > 0 && { subnet: subnets }), ...(gateways.length > 0 && { gateway: gateways }) };
}

/** `parsePort` makes the same port of it. */
export function portInput({ tap, host: _made, ...rest }: PortConfig): PortInput {
  if (!tap) return rest;
  const { addresses, gateways: _network, ...device } = tap;
  return { ...rest, tap: { ...device, ...(addresses.length > 0 && { address: addresses }) } };
}
