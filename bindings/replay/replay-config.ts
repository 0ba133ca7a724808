/** From the configuration of an instance to that of its replay: every port becomes one in memory of the same name, networks, MAC and
 *  bindings, host ports among them, and nothing of a kernel is left. */
import { hostPortOf } from "../config/host-port.ts";
import type { EngineConfig, NetworkConfig, PortConfig } from "../config/types.ts";
import { poolOf, withLease } from "../ipam/lease.ts";
import { NetworkPool } from "../ipam/network-pool.ts";

export interface ReplayConfig {
  config: EngineConfig;
  /** Names of ports that only record: what is behind them is the host. */
  recording: readonly string[];
}

/** Nothing of `config` is changed. A TAP without addresses is lent those that a new instance would lend it.
 *  @throws PortyardError `pool-exhausted`. */
export function replayConfigOf(config: EngineConfig): ReplayConfig {
  const hosts = config.networks.flatMap((network) => hostPortOf(config.name, network) ?? []);
  const { docker: _docker, ...rest } = config;
  return {
    config: {
      ...rest,
      workers: 1,
      networks: config.networks.map(withoutHost),
      ports: [...withLeases(config), ...hosts].map(portInMemory),
    },
    recording: hosts.map(({ name }) => name),
  };
}

/** The same networks and ports, all of them in memory: what runs with isolation "inline" without a right, for a test of a configuration. Names,
 *  MACs, addresses and checks stay; the ways to the host are ports of their own.
 *  @throws PortyardError `pool-exhausted`. */
export function inMemory(config: EngineConfig): EngineConfig {
  return replayConfigOf(config).config;
}

function withLeases({ ports, networks, services }: EngineConfig): PortConfig[] {
  const byName = new Map(networks.map((network) => [network.name, network]));
  const pools = new Map(networks.map((network) => [network.name, new NetworkPool(network)]));
  for (const address of [...ports, ...services].flatMap(({ addresses }) => addresses))
    for (const pool of pools.values()) pool.take(address);
  return ports.map((port) => withLease(port, pools.get(poolOf(port, byName) ?? "")?.lend(port.name) ?? []));
}

/** The host port is one of the ports. */
function withoutHost(network: NetworkConfig): NetworkConfig {
  const { publish: _publish, ...rest } = network;
  return { ...rest, gateways: [] };
}

/** No port takes super-frames: what leaves is written as a wire carries it. */
function portInMemory(port: PortConfig): PortConfig {
  const { tap: _tap, packet: _packet, host: _host, publish: _publish, ...rest } = port;
  return { ...rest, memory: { offload: false } };
}
