/** What the port table says of a port: its configuration, and what its device can take. */
import * as field from "../../assembly/abi/port.ts";
import type { PortKind } from "../config/types.ts";
import type { PortRecord } from "../tables/port-table.ts";
import type { PortEntry } from "./ports.ts";

const KINDS: Record<PortKind, number> = {
  tap: field.KIND_TAP,
  packet: field.KIND_PACKET,
  host: field.KIND_HOST,
  memory: field.KIND_MEMORY,
};

/** The record of a port whose device is open. */
export function recordOf(entry: PortEntry): PortRecord {
  const { config, networks, trunk } = entry;
  return {
    kind: KINDS[entry.kind],
    flags: flagsOf(entry),
    network: trunk === null ? (networks[0]?.index ?? 0) : 0,
    mtu: entry.mtu,
    mac: config.mac ?? null,
    owner: entry.worker,
    trunk: trunk === null ? 0 : trunk + 1,
    native: 0,
    macLimit: config.macLimit,
  };
}

function flagsOf({ config, device, networks, mtu }: PortEntry): number {
  const offload = config.memory?.offload === true;
  const checks: [boolean, number][] = [
    [device?.vnet ?? offload, field.FLAG_VNET],
    [device?.checksum ?? offload, field.FLAG_CHECKSUM],
    [device?.tso ?? offload, field.FLAG_TSO],
    [device?.uso ?? offload, field.FLAG_USO],
    [device?.auxdata ?? false, field.FLAG_AUXDATA],
    [config.sourceCheck, field.FLAG_SOURCE_CHECK],
    [networks.some((network) => network.config.mtu > mtu), field.FLAG_CLAMP],
  ];
  return checks.reduce((flags, [isOn, flag]) => (isOn ? flags | flag : flags), 0);
}
