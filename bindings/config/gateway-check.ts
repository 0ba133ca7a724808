/** The gateways of a network: addresses of its subnets, one of each family, that no port has. The host reaches the network by
 *  its subnets, so those of two networks with gateways may not overlap. */
import { hostPortOf } from "./host-port.ts";
import type { Inventory } from "./inventory.ts";
import { contains, formatAddress, type IpAddress, readAddress, reservedRole } from "./ip-address.ts";
import type { Key } from "./problem.ts";
import type { NetworkConfig, PortConfig } from "./types.ts";

/** Reports to `inventory` what is wrong with the gateways of `network`, whose keys begin with `keys`. Returns its host port, or
 *  null when it has none. */
export function checkGateways(inventory: Inventory, keys: Key[], network: NetworkConfig): PortConfig | null {
  const host = hostPortOf(inventory.instance, network);
  if (host === null) return null;
  const gateways = network.gateways.map((text) => readAddress(text)!);
  const place = [...keys, "gateway"];
  if (gateways.length === 2 && gateways[0]!.family === gateways[1]!.family) {
    inventory.problem(place, network.gateways, `has two addresses of IPv${gateways[0]!.family}`, "give one of each family");
  }
  for (const gateway of gateways) checkGateway(inventory, place, gateway, network);
  checkOverlap(inventory, [...keys, "subnet"], network);
  checkName(inventory, [...keys, "name"], network, host);
  return host;
}

function checkGateway(inventory: Inventory, keys: Key[], gateway: IpAddress, { name, subnets }: NetworkConfig): void {
  const subnet = subnets.map((text) => readAddress(text)!).find(({ family }) => family === gateway.family);
  if (!subnet || !contains(subnet, gateway)) {
    const where = subnets.length === 0 ? `network ${name}, which has no subnet` : `the subnet of network ${name} (${subnets.join(", ")})`;
    const remedy = subnets.length === 0 ? "give the network its `subnet`" : `write an address of ${subnets.join(" or ")}`;
    inventory.problem(keys, gateway.text, `is ${gateway.text}, which is not in ${where}`, remedy);
    return;
  }
  const role = reservedRole(subnet, gateway);
  if (role === null) return;
  const fault = `is ${gateway.text}, the ${role} of ${formatAddress(subnet)}`;
  inventory.problem(keys, gateway.text, fault, "write another address of the subnet");
}

function checkOverlap(inventory: Inventory, keys: Key[], network: NetworkConfig): void {
  for (const { network: name } of inventory.hostPorts.values()) {
    const other = inventory.networks.get(name ?? "");
    const both = overlap(network.subnets, other?.subnets ?? []);
    if (both === null) continue;
    const fault = `is ${both.own}, which overlaps ${both.other} of network ${name}: the host could not tell which of them an address is in`;
    inventory.problem(keys, both.own, fault, "give each network with a gateway addresses of its own");
  }
}

function overlap(subnets: readonly string[], others: readonly string[]): { own: string; other: string } | null {
  for (const own of subnets) {
    for (const other of others) {
      const [a, b] = [readAddress(own)!, readAddress(other)!];
      if (contains(a, b) || contains(b, a)) return { own, other };
    }
  }
  return null;
}

/** Ports are entered after networks, except in a running agent. */
function checkName(inventory: Inventory, keys: Key[], network: NetworkConfig, host: PortConfig): void {
  if (!inventory.ports.has(host.name)) return;
  const fault = `is "${network.name}", whose host port would be called ${host.name}, as a port is`;
  inventory.problem(keys, network.name, fault, "give the network another name, or remove that port");
}
