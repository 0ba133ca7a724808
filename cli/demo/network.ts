/** The demo's network as the engine takes it: one network, one port for each container, backends among them. A port is a TAP where /dev/net/tun
 *  opens; in most user namespaces it does not, and a veth pair with a packet socket on our end does the same. In a replay
 *  it is memory.
 *
 *    container1 eth0 10.77.0.2 ── my-network ── 10.77.0.3 eth0 container2
 *                                     └── 10.77.0.11-13 eth0 backend1, backend2, backend3                               */
import { closeSync, constants, openSync } from "node:fs";
import { DEFAULT_FLOW_TIMEOUTS } from "../../bindings/config/defaults.ts";
import type { EngineConfig, PortConfig, PortKind } from "../../bindings/config/types.ts";
import { ipBatch } from "./command.ts";
import { INTERFACE, MTU, NETWORK, PREFIX_BITS, type Station, STATIONS, SUBNET } from "./plan.ts";

/** @param tag stands in the names of the devices on our side. */
export function engineConfig(name: string, kind: PortKind, tag = ""): EngineConfig {
  const network = { name: NETWORK, subnets: [SUBNET], mtu: MTU, learning: true, macAgeSeconds: 300, internal: false, gateways: [] };
  return {
    name,
    workers: 1,
    tables: { macs: 65_536, flows: 262_144 },
    flowTimeouts: DEFAULT_FLOW_TIMEOUTS,
    services: [],
    networks: [network],
    ports: STATIONS.map((station, index) => portConfig(station, kind, vethName(tag, index))),
  };
}

/** True when this process can have TAPs. */
export function tapOpens(): boolean {
  try {
    closeSync(openSync("/dev/net/tun", constants.O_RDWR));
    return true;
  } catch {
    return false;
  }
}

/** The veth pairs for ports of kind "packet": our end, and eth0 in the container. They go with the container. */
export async function makeCables(tag: string): Promise<void> {
  for (const [index, station] of STATIONS.entries()) {
    const ours = vethName(tag, index);
    await ipBatch([
      `link add ${ours} mtu ${MTU} type veth peer name ${INTERFACE} mtu ${MTU} address ${macOf(station)} netns ${station.name}`,
      `link set ${ours} up`,
    ]);
    await ipBatch([`address add ${station.address}/${PREFIX_BITS} dev ${INTERFACE}`, `link set ${INTERFACE} up`], station.name);
  }
}

const vethName = (tag: string, index: number): string => `py-${tag}-${index + 1}`;

function portConfig(station: Station, kind: PortKind, veth: string): PortConfig {
  const common = {
    name: station.name,
    network: NETWORK,
    mac: macOf(station),
    addresses: [station.address],
    staticMacs: [],
    macLimit: 1024,
    sourceCheck: true,
  };
  if (kind === "memory") return { ...common, memory: { offload: false } };
  if (kind === "packet") return { ...common, packet: { interface: veth, shared: false } };
  return {
    ...common,
    tap: { namespace: station.name, interface: INTERFACE, addresses: [`${station.address}/${PREFIX_BITS}`], offload: true },
  };
}

/** Locally administered, made from the address: 10.77.0.2 is 02:00:0a:4d:00:02. */
export const macOf = ({ address }: { address: string }): string =>
  ["02", "00", ...address.split(".").map((byte) => Number(byte).toString(16).padStart(2, "0"))].join(":");
