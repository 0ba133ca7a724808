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
  for (const { network, family, bytes } of bindingsOf(config, networks)) {
    store.putAddress(bytes);
    store.wasm.unbindAddress(network, family, port);
  }
  for (const { index } of networks) {
    for (const mac of stationsOf(config)) store.wasm.clearStaticMac(store.agent, index, ...splitMac(mac), port);
  }
}

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
