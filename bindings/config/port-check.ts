/** What must hold between the keys of one port, and between it, the networks and the ports before it. */
import { MIN_IPV6_MTU } from "../../assembly/abi/limits.ts";
import { poolOf } from "../ipam/lease.ts";
import { checkAddresses } from "./address-check.ts";
import type { Inventory } from "./inventory.ts";
import { namespacePath } from "./name.ts";
import { networksOf } from "./networks-of.ts";
import type { Key } from "./problem.ts";
import { checkPortPublish } from "./publish-check.ts";
import type { PortConfig } from "./types.ts";

const KINDS = ["tap", "packet", "memory"] as const;

/** Reports to `inventory` what is wrong with `port`, whose keys begin with `keys`. */
export function checkPort(inventory: Inventory, keys: Key[], port: PortConfig): void {
  checkKind(inventory, keys, port);
  checkAttachment(inventory, keys, port);
  checkDevice(inventory, keys, port);
  checkMtu(inventory, [...keys, "mtu"], port);
  checkStations(inventory, keys, port);
  checkAddresses(inventory, keys, port);
  checkPortPublish(inventory, keys, port);
}

function checkKind(inventory: Inventory, keys: Key[], port: PortConfig): void {
  const [kind, second] = KINDS.filter((name) => port[name]);
  const remedy = "give it exactly one of tap, packet and memory";
  if (!kind) inventory.problem(keys, port.name, "has no kind", remedy);
  if (second) inventory.problem([...keys, second], port[second], `stands beside ${kind}: a port has one kind`, remedy);
}

function checkAttachment(inventory: Inventory, keys: Key[], { name, network, trunk, native }: PortConfig): void {
  const remedy = "give it exactly one of network and trunk";
  if (network === undefined && !trunk) inventory.problem(keys, name, "is in no network", remedy);
  if (network !== undefined && trunk)
    inventory.problem([...keys, "trunk"], trunk, "stands beside network: a port is an access port or a trunk", remedy);
  if (network !== undefined) checkNetwork(inventory, [...keys, "network"], network);
  if (native !== undefined) checkNetwork(inventory, [...keys, "native"], native);
  if (native !== undefined && !trunk) {
    inventory.problem(
      [...keys, "native"],
      native,
      "stands without trunk: only a trunk has tagged and untagged frames",
      "write `network` instead, or add `trunk`",
    );
  }
  if (trunk) checkTrunk(inventory, [...keys, "trunk"], trunk);
}

/** Reports a network that there is not. */
export function checkNetwork(inventory: Inventory, keys: Key[], network: string): void {
  if (inventory.networks.has(network)) return;
  const known = [...inventory.networks.keys()].slice(0, 10).join(", ");
  inventory.problem(
    keys,
    network,
    `names ${JSON.stringify(network)}, which is not a network`,
    known ? `name one of: ${known}` : "add it to `networks`",
  );
}

function checkTrunk(inventory: Inventory, keys: Key[], trunk: Record<string, number>): void {
  const seen = new Map<number, string>();
  for (const [network, vlan] of Object.entries(trunk)) {
    checkNetwork(inventory, [...keys, network], network);
    const other = seen.get(vlan);
    if (other !== undefined) {
      inventory.problem(
        [...keys, network],
        vlan,
        `is ${vlan}, which ${other} has on this trunk`,
        "give every network of the trunk an identifier of its own",
      );
    }
    seen.set(vlan, network);
  }
  if (seen.size === 0) inventory.problem(keys, trunk, "names no network", "write an object such as { blue: 10 }");
}

function checkDevice(inventory: Inventory, keys: Key[], { name, tap, packet }: PortConfig): void {
  if (tap) {
    const owner = inventory.claim(`tap ${namespacePath(tap.namespace)} ${tap.interface}`, name);
    const fault = `is "${tap.interface}", which port ${owner} has in this namespace`;
    if (owner !== null)
      inventory.problem([...keys, "tap", "interface"], tap.interface, fault, "give every interface of a namespace a name of its own");
  }
  if (packet) {
    const owner = inventory.claim(`packet ${packet.interface}`, name);
    const fault = `is "${packet.interface}", which port ${owner} has`;
    if (owner !== null) inventory.problem([...keys, "packet", "interface"], packet.interface, fault, "attach every interface once");
  }
}

function checkMtu(inventory: Inventory, keys: Key[], port: PortConfig): void {
  const networks = networksOf(port).flatMap((name) => inventory.networks.get(name) ?? []);
  if (port.mtu === undefined || networks.length === 0) return;
  const largest = Math.max(...networks.map(({ mtu }) => mtu));
  if (port.mtu > largest) {
    inventory.problem(
      keys,
      port.mtu,
      `is ${port.mtu}, and its network's is ${largest}`,
      `write at most ${largest}, or raise the network's`,
    );
  }
  const pool = inventory.networks.get(poolOf(port, inventory.networks) ?? "");
  const hasIpv6 = [...port.addresses, ...(pool?.subnets ?? [])].some((address) => address.includes(":"));
  if (hasIpv6 && port.mtu < MIN_IPV6_MTU) {
    const fault = `is ${port.mtu}; a port with an IPv6 address needs at least ${MIN_IPV6_MTU} (RFC 8200)`;
    inventory.problem(keys, port.mtu, fault, `write ${MIN_IPV6_MTU} or more, or give the port an IPv4 address alone`);
  }
}

function checkStations(inventory: Inventory, keys: Key[], port: PortConfig): void {
  if (port.mac !== undefined) checkStation(inventory, [...keys, "mac"], port.mac, port);
  port.staticMacs.forEach((mac, index) => {
    checkStation(inventory, [...keys, "staticMacs", index], mac, port);
  });
  if (port.sourceCheck && port.mac === undefined && port.addresses.length === 0) {
    inventory.problem(
      [...keys, "sourceCheck"],
      true,
      "is true on a port without MAC",
      "give the port its station's `mac`, or turn the check off",
    );
  }
}

function checkStation(inventory: Inventory, keys: Key[], mac: string, port: PortConfig): void {
  const owner = networksOf(port)
    .map((network) => inventory.claim(`mac ${network} ${mac}`, port.name))
    .find((name) => name !== null);
  if (owner === undefined) return;
  const fault = owner === port.name ? `is ${mac}, which this port has already` : `is ${mac}, which port ${owner} has in the same network`;
  inventory.problem(keys, mac, fault, "give every station of a network an address of its own");
}
