/** What must hold between the keys of one service, and between it, the networks, the ports and the services before it. */
import type { Inventory } from "./inventory.ts";
import { contains, formatAddress, type IpAddress, isLoopback, readAddress, reservedRole } from "./ip-address.ts";
import { checkNetwork } from "./port-check.ts";
import type { Key } from "./problem.ts";
import { checkServicePorts } from "./service-ports-check.ts";
import { repeatedBackends, defaultName } from "../service/parse.ts";
import type { NetworkConfig, ServiceConfig } from "./types.ts";

/** What has the virtual addresses of a service, among the owners of an inventory. */
export const serviceOwner = (name: string): string => `service ${name}`;

/** Reports to `inventory` what is wrong with `service`, whose keys begin with `keys`. */
export function checkService(inventory: Inventory, keys: Key[], service: ServiceConfig): void {
  checkNetwork(inventory, [...keys, "network"], service.network);
  checkServicePorts(inventory, keys, service);
  const network = inventory.networks.get(service.network);
  if (network) checkVirtual(inventory, [...keys, "address"], service, network);
  for (const problem of repeatedBackends(service.backends, (index) => isNamed(service, index)))
    inventory.problem([...keys, ...problem.keys], problem.value, problem.fault, problem.remedy);
  service.backends.forEach((_, index) => {
    checkBackend(inventory, [...keys, "backends", index, "address"], service, index, network);
  });
}

function isNamed({ backends }: ServiceConfig, index: number): boolean {
  const backend = backends[index]!;
  return backend.name !== defaultName(backend);
}

function checkVirtual(inventory: Inventory, keys: Key[], service: ServiceConfig, network: NetworkConfig): void {
  const [first, second] = service.addresses.map((text) => readAddress(text)!);
  if (first && second && first.family === second.family)
    inventory.problem(keys, service.addresses, `has two addresses of IPv${first.family}`, "give one of each family");
  for (const address of [first, second]) if (address) checkVirtualAddress(inventory, keys, service, address, network);
}

function checkVirtualAddress(inventory: Inventory, keys: Key[], service: ServiceConfig, address: IpAddress, network: NetworkConfig): void {
  const { name, subnets, gateways } = network;
  const subnet = subnets.map((text) => readAddress(text)!).find(({ family }) => family === address.family);
  if (!subnet || !contains(subnet, address)) {
    const where = subnets.length === 0 ? `network ${name}, which has no subnet` : `network ${name} (${subnets.join(", ")})`;
    const remedy = subnets.length === 0 ? "give the network its `subnet`" : `write an address of ${subnets.join(" or ")}`;
    inventory.problem(keys, address.text, `is ${address.text}, which is not in ${where}`, remedy);
    return;
  }
  const role = gateways.includes(address.text) ? `gateway of network ${name}` : roleOf(address, subnet);
  const remedy = "write an address of the subnet that nobody has";
  if (role !== null) {
    inventory.problem(keys, address.text, `is ${address.text}, the ${role}`, remedy);
    return;
  }
  const owner = inventory.claimAddress(name, address.text, serviceOwner(service.name));
  if (owner === serviceOwner(service.name)) return; // twice: that it has two of one family was said
  if (owner !== null) inventory.problem(keys, address.text, `is ${address.text}, which ${inventory.wordsOf(owner)} has`, remedy);
  else checkClients(inventory, keys, service, address);
}

function roleOf(address: IpAddress, subnet: IpAddress): string | null {
  const role = reservedRole(subnet, address);
  return role && `${role} of ${formatAddress(subnet)}`;
}

/** No service before it has the address for a backend's. */
function checkClients(inventory: Inventory, keys: Key[], { name, network }: ServiceConfig, address: IpAddress): void {
  for (const other of inventory.services.values()) {
    if (other.name === name || other.network !== network || !other.backends.some((backend) => backend.address === address.text)) continue;
    const fault = `is ${address.text}, the address of a backend of service ${other.name}`;
    inventory.problem(keys, address.text, fault, "write an address of the subnet that nobody has; a service is no backend of another");
  }
}

function checkBackend(inventory: Inventory, keys: Key[], service: ServiceConfig, index: number, network: NetworkConfig | undefined): void {
  const address = readAddress(service.backends[index]!.address)!;
  const { text, family } = address;
  const isServed = service.addresses.length > 0;
  const problem = (fault: string, remedy: string) => inventory.problem(keys, text, `is ${text}${fault}`, remedy);
  if (isServed && isLoopback(address))
    return problem(`, which no frame of network ${service.network} reaches`, "write the address that it has in its network");
  if (isServed && !service.addresses.some((virtual) => readAddress(virtual)!.family === family))
    return problem(`, and the service has no IPv${family} address`, `give the service one, or leave the backend out`);
  if (service.addresses.includes(text)) return problem(", the service's own virtual address", "write the address of an instance");
  const subnet = network?.subnets.map((prefix) => readAddress(prefix)!).find((prefix) => contains(prefix, address));
  const role = subnet && roleOf(address, subnet);
  if (role) return problem(`, the ${role}`, "write the address of an instance");
  const owner = inventory.ownerOf(service.network, text);
  if (owner?.startsWith(serviceOwner(""))) problem(`, which ${owner} has`, "write the addresses of that service's backends instead");
}
