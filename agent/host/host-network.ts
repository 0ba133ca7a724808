/** A network as the host sees it: one with a gateway, whose host port is an interface of the host. What is said to the kernel
 *  about it, rules and settings, is made from this alone. */
import { hostPortName } from "../../bindings/config/host-port.ts";
import type { NetworkConfig } from "../../bindings/config/types.ts";

export interface HostNetwork {
  /** An RFC 1123 label, unique in the instance. */
  name: string;
  /** Of its host port, in the agent's network namespace: `py-NAME`, at most 15 bytes. */
  interface: string;
  /** In CIDR notation, at most one of each family. */
  subnets: string[];
  /** The host's addresses in it, without prefix length: at most one of each family, each in the subnet of its family. */
  gateways: string[];
  /** The host can be reached, and nothing behind it. */
  internal: boolean;
}

/** Those of `networks` that have a gateway. */
export function hostNetworks(networks: Iterable<NetworkConfig>): HostNetwork[] {
  return [...networks]
    .filter(({ gateways }) => gateways.length > 0)
    .map(({ name, subnets, gateways, internal }) => ({ name, interface: hostPortName(name), subnets, gateways, internal }));
}
