/** The addresses of a port: they lie in a subnet of its network, are a station's, and no other port has them. Addresses
 *  belong to the untagged network of a port: `network`, or `native` of a trunk. */
import type { Inventory } from "./inventory.ts";
import { contains, type IpAddress, readAddress, reservedRole } from "./ip-address.ts";
import type { Key } from "./problem.ts";
import type { NetworkConfig, PortConfig, TapConfig } from "./types.ts";

/** Reports to `inventory` what is wrong with the addresses of `port`, whose keys begin with `keys`. */
export function checkAddresses(inventory: Inventory, keys: Key[], port: PortConfig): void {
  const name = port.network ?? port.native;
  const network = name === undefined ? undefined : inventory.networks.get(name);
  if (port.trunk && port.addresses.length > 0 && name === undefined) {
    const fault = "stands on a trunk without native: its addresses belong to no network";
    inventory.problem(addressKeys(keys, port), port.addresses, fault, "name the network of the untagged frames as `native`");
  }
  if (port.addresses.length > 0 && port.mac === undefined) {
    inventory.problem([...keys, "addresses"], port.addresses, "binds addresses to a port without MAC", "give the port its station's `mac`");
  }
  if (!network) return;
  if (port.tap) checkTap(inventory, [...keys, "tap", "address"], port.tap, network);
  checkBound(inventory, keys, port, network);
}

const addressKeys = (keys: Key[], port: PortConfig): Key[] =>
  port.tap?.addresses.length ? [...keys, "tap", "address"] : [...keys, "addresses"];

function checkTap(inventory: Inventory, keys: Key[], tap: TapConfig, network: NetworkConfig): void {
  if (tap.addresses.length === 0 && network.subnets.length > 0) {
    const fault = "is missing; addresses are not yet given out from the subnet";
    inventory.problem(keys, undefined, fault, `write an address of ${network.subnets.join(" or ")}`);
  }
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

function checkBound(inventory: Inventory, keys: Key[], port: PortConfig, network: NetworkConfig): void {
  const ofTap = port.tap?.addresses.length ?? 0;
  port.addresses.forEach((text, index) => {
    const at: Key[] = index < ofTap ? [...keys, "tap", "address"] : [...keys, "addresses"];
    const address = readAddress(text)!;
    checkPlace(inventory, at, address, network);
    const owner = inventory.claim(`address ${network.name} ${text}`, port.name);
    const fault = owner === port.name ? `has ${text} twice` : `is ${text}, which port ${owner} has`;
    if (owner !== null) inventory.problem(at, text, fault, "give every address to one port");
  });
}

function checkPlace(inventory: Inventory, keys: Key[], address: IpAddress, network: NetworkConfig): void {
  if (network.subnets.length === 0) return;
  const subnet = subnetOf(address, network);
  const role = subnet && contains(subnet, address) ? reservedRole(subnet, address) : null;
  const remedy = `write another address of ${network.subnets.join(" or ")}`;
  if (!subnet || !contains(subnet, address)) {
    inventory.problem(
      keys,
      address.text,
      `is ${address.text}, which is not in network ${network.name} (${network.subnets.join(", ")})`,
      remedy,
    );
  } else if (role) {
    inventory.problem(keys, address.text, `is ${address.text}, the ${role} of ${network.subnets.join(", ")}`, remedy);
  }
}
