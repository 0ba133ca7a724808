/** The port by which a network reaches its host: made from the network's gateways, in the agent's network namespace. */
import { createHash } from "node:crypto";
import { MAX_MACS_PER_PORT } from "../../assembly/abi/limits.ts";
import { formatAddress, readAddress } from "./ip-address.ts";
import { defaultMac } from "./mac-address.ts";
import { MAX_INTERFACE_BYTES } from "./name.ts";
import type { NetworkConfig, PortConfig } from "./types.ts";

/** What the names of all host ports begin with: rules may say `py-*`. */
export const HOST_PORT_PREFIX = "py-";
const ROOM = MAX_INTERFACE_BYTES - HOST_PORT_PREFIX.length;
const DIGEST_CHARACTERS = 6;

/** Name of the host port of `network` and of its interface: `py-NETWORK`, or where that has more than 15 bytes, `py-`, the first five
 *  of them, a hyphen and six hexadecimal digits of the name's SHA-256. */
export function hostPortName(network: string): string {
  if (network.length <= ROOM) return `${HOST_PORT_PREFIX}${network}`;
  const digest = createHash("sha256").update(network).digest("hex").slice(0, DIGEST_CHARACTERS);
  return `${HOST_PORT_PREFIX}${network.slice(0, ROOM - DIGEST_CHARACTERS - 1)}-${digest}`;
}

/** The host port of `network`; null when it has no gateway. Its MAC follows from the names and never changes. Its sources are not
 *  checked: what the host forwards from the world has any address, and the host is trusted.
 *  @param instance its name goes into the MAC. */
export function hostPortOf(instance: string, network: NetworkConfig): PortConfig | null {
  const { name, subnets, gateways } = network;
  if (gateways.length === 0) return null;
  return {
    name: hostPortName(name),
    network: name,
    mac: defaultMac(instance, `host port of ${name}`),
    addresses: gateways,
    staticMacs: [],
    macLimit: MAX_MACS_PER_PORT,
    sourceCheck: false,
    host: { interface: hostPortName(name), addresses: gateways.map((gateway) => withPrefix(gateway, subnets)) },
  };
}

function withPrefix(text: string, subnets: readonly string[]): string {
  const address = readAddress(text)!;
  const subnet = subnets.map((prefix) => readAddress(prefix)!).find(({ family }) => family === address.family);
  return formatAddress({ ...address, prefixLength: subnet?.prefixLength ?? null });
}
