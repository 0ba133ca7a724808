/** The addresses of a port: they lie in a subnet of its network, are a station's, and no other port has them. Those of a
 *  TAP's interface go untagged, so they belong to `network`, or to `native` of a trunk; those that are bound beside them
 *  may belong to any network of a trunk. */
import type { Inventory } from "./inventory.ts";
import { contains, formatAddress, type IpAddress, readAddress, reservedRole } from "./ip-address.ts";
import { networksOf } from "./networks-of.ts";
import type { Key } from "./problem.ts";
import type { NetworkConfig, PortConfig, TapConfig } from "./types.ts";

/** Reports to `inventory` what is wrong with the addresses of `port`, whose keys begin with `keys`. */
export function checkAddresses(inventory: Inventory, keys: Key[], port: PortConfig): void {
  if (port.addresses.length > 0 && port.mac === undefined) {
    inventory.problem([...keys, "addresses"], port.addresses, "binds addresses to a port without MAC", "give the port its station's `mac`");
  }
  if (port.tap) checkTapPort(inventory, [...keys, "tap", "address"], port, port.tap);
  const ofTap = port.tap?.addresses.length ?? 0;
  const networks = networksOf(port).flatMap((name) => inventory.networks.get(name) ?? []);
  for (const text of port.addresses.slice(ofTap)) checkBound(inventory, [...keys, "addresses"], port, text, networks);
}

function checkTapPort(inventory: Inventory, keys: Key[], port: PortConfig, tap: TapConfig): void {
  const name = port.network ?? port.native;
  const network = name === undefined ? undefined : inventory.networks.get(name);
  if (port.trunk && name === undefined && tap.addresses.length > 0) {
    const fault = "stands on a trunk without native: its addresses belong to no network";
    inventory.problem(keys, tap.addresses, fault, "name the network of the untagged frames as `native`");
  }
  if (!network) return;
  checkTap(inventory, keys, tap, network);
  for (const address of tap.addresses) checkBound(inventory, keys, port, readAddress(address)!.text, [network]);
}

function checkTap(inventory: Inventory, keys: Key[], tap: TapConfig, network: NetworkConfig): void {
  const read = tap.addresses.map((address) => readAddress(address)!);
  if (read.length === 2 && read[0]!.family === read[1]!.family) {
    inventory.problem(keys, tap.addresses, `has two addresses of IPv${read[0]!.family}`, "give one of each family");
  }
  for (const address of read) checkPrefix(inventory, keys, address, network);
}

function checkPrefix(inventory: Inventory, keys: Key[], address: IpAddress, network: NetworkConfig): void {
  const subnet = subnetOf(address, network);
  if (subnet && address.prefixLength !== subnet.prefixLength) {
    const fault = `is ${address.text}/${address.prefixLength}; the subnet's prefix has ${subnet.prefixLength} bits`;
    inventory.problem(
      keys,
      `${address.text}/${address.prefixLength}`,
      fault,
      `write ${address.text}/${subnet.prefixLength}, or leave the prefix length out`,
    );
  }
  if (network.subnets.length === 0 && address.prefixLength === null) {
    inventory.problem(
      keys,
      address.text,
      `is ${address.text} in a network without subnet`,
      `write it with the length of its prefix, such as ${address.text}/${address.family === 4 ? 24 : 64}`,
    );
  }
}

function subnetOf(address: IpAddress, network: NetworkConfig): IpAddress | null {
  return network.subnets.map((subnet) => readAddress(subnet)!).find(({ family }) => family === address.family) ?? null;
}

/** `text` is bound in each of `networks` that it belongs to, and must belong to one. */
function checkBound(inventory: Inventory, keys: Key[], port: PortConfig, text: string, networks: NetworkConfig[]): void {
  const address = readAddress(text)!;
  const homes = networks.filter((network) => belongs(address, network));
  const [first] = networks;
  if (homes.length === 0 && first) {
    const subnets = networks.flatMap((network) => network.subnets).join(", ");
    const where = networks.length === 1 ? `network ${first.name} (${subnets})` : `any network of the trunk (${subnets})`;
    inventory.problem(keys, text, `is ${text}, which is not in ${where}`, `write an address of ${subnets}`);
  }
  for (const network of homes) checkHome(inventory, keys, port, address, network);
}

function belongs(address: IpAddress, network: NetworkConfig): boolean {
  const subnet = subnetOf(address, network);
  return network.subnets.length === 0 || (subnet !== null && contains(subnet, address));
}

function checkHome(inventory: Inventory, keys: Key[], port: PortConfig, address: IpAddress, network: NetworkConfig): void {
  const subnet = subnetOf(address, network);
  const role = subnet && reservedRole(subnet, address);
  if (role)
    inventory.problem(
      keys,
      address.text,
      `is ${address.text}, the ${role} of ${formatAddress(subnet)}`,
      "write another address of the subnet",
    );
  const owner = inventory.claimAddress(network.name, address.text, port.name);
  const fault = owner === port.name ? `has ${address.text} twice` : `is ${address.text}, which ${inventory.wordsOf(owner ?? "")} has`;
  if (owner !== null) inventory.problem(keys, address.text, fault, "give every address to one of them");
}
