/** What is bound to a port before it says a word: its addresses, for which the engine answers and against which it checks,
 *  and its stations, which are static entries of the MAC table. */
import ipaddr from "ipaddr.js";
import type { NetworkConfig, PortConfig } from "../config/types.ts";
import { PortyardError } from "../error.ts";
import { splitMac } from "../mac.ts";
import * as ports from "../tables/port-table.ts";
import type { NetworkEntry } from "./networks.ts";
import type { EngineStore } from "./store.ts";

interface Binding {
  network: number;
  family: 4 | 6;
  bytes: Uint8Array;
  text: string;
}

/** Binds everything of a port in its networks, or nothing.
 *  @throws PortyardError `address-taken`, `addresses-exhausted`, `mac-taken`, `macs-exhausted`, `mac-missing`. */
export function bind(store: EngineStore, port: number, config: PortConfig, networks: NetworkEntry[]): void {
  try {
    for (const binding of bindingsOf(config, networks)) bindOne(store, port, config, binding);
    for (const { index } of networks) bindStations(store, port, config, index);
  } catch (error) {
    unbind(store, port, config, networks);
    throw error;
  }
}

/** Removes what `bind` made for `port`; the records rest until the grace period is over. */
export function unbind(store: EngineStore, port: number, config: PortConfig, networks: NetworkEntry[]): void {
  const nothing = { ...config, addresses: [], staticMacs: [] };
  release(store, port, config, nothing, networks);
}

/** Removes what `from` has and `to`, the same port, has not. Returns the number of addresses, whose records rest until the grace
 *  period is over. */
export function release(store: EngineStore, port: number, from: PortConfig, to: PortConfig, networks: NetworkEntry[]): number {
  const kept = new Set(bindingsOf(to, networks).map(keyOf));
  const lost = bindingsOf(from, networks).filter((binding) => !kept.has(keyOf(binding)));
  for (const { network, family, bytes } of lost) {
    store.putAddress(bytes);
    store.wasm.unbindAddress(network, family, port);
  }
  const stations = new Set(stationsOf(to));
  for (const mac of stationsOf(from).filter((station) => !stations.has(station))) {
    for (const { index } of networks) store.wasm.clearStaticMac(store.agent, index, ...splitMac(mac), port);
  }
  return lost.length;
}

/** Binds what of `config` is not bound to its port yet. @throws PortyardError as `bind`; part of it may be done then. */
export function grant(store: EngineStore, port: number, config: PortConfig, networks: NetworkEntry[]): void {
  for (const binding of bindingsOf(config, networks)) {
    store.putAddress(binding.bytes);
    if (store.wasm.boundPort(binding.network, binding.family) !== port) bindOne(store, port, config, binding);
  }
  for (const { index } of networks) bindStations(store, port, config, index);
}

const keyOf = ({ network, text }: Binding): string => `${network} ${text}`;

function bindOne(store: EngineStore, port: number, config: PortConfig, { network, family, bytes, text }: Binding): void {
  if (config.mac === undefined) {
    throw new PortyardError("mac-missing", `Port ${config.name} has addresses but no MAC.`, {
      path: "mac",
      remedy: "Give the MAC of the station that has these addresses.",
    });
  }
  store.putAddress(bytes);
  if (store.wasm.bindAddress(network, family, port, ...splitMac(config.mac))) return;
  throw store.wasm.boundPort(network, family) < 0
    ? new PortyardError("addresses-exhausted", "The address table has no place for another address.", {
        path: "addresses",
        value: text,
        remedy: "Remove some, or start a second instance.",
      })
    : new PortyardError("address-taken", `${text} is bound to another port already.`, {
        path: "addresses",
        value: text,
        remedy: "Give each port addresses of its own.",
      });
}

function bindStations(store: EngineStore, port: number, config: PortConfig, network: number): void {
  store.now();
  const generation = ports.generation(store.tables, port);
  for (const mac of stationsOf(config)) {
    if (store.wasm.setStaticMac(store.agent, network, ...splitMac(mac), port, generation)) continue;
    throw store.wasm.findMac(network, ...splitMac(mac)) < 0
      ? new PortyardError("macs-exhausted", "The MAC table is full.", { value: mac, remedy: "Raise `tables.macs`." })
      : new PortyardError("mac-taken", `${mac} belongs to another port already.`, {
          path: "mac",
          value: mac,
          remedy: "Give each port a MAC of its own.",
        });
  }
}

/** A port's own MAC is known for good when addresses are bound to it. */
function stationsOf(config: PortConfig): string[] {
  const own = config.mac !== undefined && config.addresses.length > 0 ? [config.mac] : [];
  return [...own, ...config.staticMacs];
}

function bindingsOf(config: PortConfig, networks: NetworkEntry[]): Binding[] {
  return config.addresses.flatMap((text) => {
    const address = ipaddr.parse(text);
    const family = address.kind() === "ipv4" ? 4 : 6;
    const bytes = Uint8Array.from(address.toByteArray());
    return networks
      .filter((entry) => belongs(entry.config, address))
      .map((entry) => ({ network: entry.index, family, bytes, text }) as Binding);
  });
}

/** An address belongs to the networks of its port whose subnet holds it, or that have none. */
function belongs(network: NetworkConfig, address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return (
    network.subnets.length === 0 ||
    network.subnets.some((subnet) => {
      const [prefix, length] = ipaddr.parseCIDR(subnet);
      return prefix.kind() === address.kind() && address.match([prefix, length] as never);
    })
  );
}
