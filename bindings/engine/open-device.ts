/** The kernel's end of a port, by its kind: opened, taken over from a predecessor, or removed for it. */
import { statSync } from "node:fs";
import * as field from "../../assembly/abi/port.ts";
import type { PortConfig } from "../config/types.ts";
import { PortyardError } from "../error.ts";
import { interfaceIndex } from "../native/interface.ts";
import { checkDevice, placeOfDevice } from "../ports/check-device.ts";
import { describeHostPort, openHostPort, reopenHostPort } from "../ports/host.ts";
import type { OpenPort } from "../ports/open-port.ts";
import { describePacketPort, discardPacketPort, openPacketPort, reopenPacketPort } from "../ports/packet.ts";
import { openTapPort, reopenTapPort } from "../ports/tap.ts";
import { closeTapPort, describeTapPort } from "../ports/tap-device.ts";
import type { InheritedDevice } from "./ports.ts";

/** Opens what a port is made of. `indices`: the kernel's number of each packet port's interface. */
export async function openDevice(
  instance: string,
  config: PortConfig,
  mtu: number,
  indices: Map<string, number | null>,
): Promise<OpenPort> {
  if (config.tap !== undefined) {
    if (config.mac === undefined) throw new PortyardError("mac-missing", `Port ${config.name} has no MAC.`, { path: "mac" });
    return openTapPort({ instance, name: config.name, tap: config.tap, mac: config.mac, mtu });
  }
  if (config.host !== undefined) return openHostPort({ instance, name: config.name, host: config.host, mac: config.mac ?? "", mtu });
  if (config.packet !== undefined) {
    indices.set(config.name, interfaceIndex(config.packet.interface));
    return openPacketPort({ name: config.name, packet: config.packet });
  }
  throw memoryPort(config.name);
}

function memoryPort(name: string): PortyardError {
  return new PortyardError("isolation", `Port ${name} is a memory port, which only an inline engine has.`, {
    value: name,
    remedy: 'Use isolation "inline", or a tap or packet port.',
  });
}

/** The device of a port that a predecessor made: the one behind the descriptor that its forwarder kept, or, when both are
 *  dead, opened again where it stands. Null when there is none any more. */
export async function inheritDevice(
  instance: string,
  config: PortConfig,
  mtu: number,
  { descriptor, flags, restore }: InheritedDevice,
  indices: Map<string, number | null>,
): Promise<OpenPort | null> {
  const takes = (flag: number) => (flags & flag) !== 0;
  const features = { checksum: takes(field.FLAG_CHECKSUM), tso: takes(field.FLAG_TSO), uso: takes(field.FLAG_USO) };
  if (config.tap !== undefined && config.mac !== undefined) {
    const request = { instance, name: config.name, tap: config.tap, mac: config.mac, mtu };
    if (descriptor === null) return reopenTapPort(request);
    return describeTapPort(request, { descriptor, ...features });
  }
  if (config.host !== undefined) {
    const request = { instance, name: config.name, host: config.host, mac: config.mac ?? "", mtu };
    return descriptor === null ? reopenHostPort(request) : describeHostPort(request, { descriptor, ...features });
  }
  if (config.packet === undefined) return null;
  const request = { name: config.name, packet: config.packet };
  indices.set(config.name, interfaceIndex(config.packet.interface));
  if (descriptor === null) return reopenPacketPort(request, mtu, restore);
  return describePacketPort(request, { descriptor, uso: features.uso }, mtu, restore);
}

/** Looks whether the devices of `ports` could be opened when those of `leaving` are gone.
 *  @throws PortyardError of the first that could not; its path is the port's name. */
export async function checkDevices(ports: readonly PortConfig[], leaving: readonly PortConfig[]): Promise<void> {
  const freed = new Set(leaving.flatMap((config) => placeOfDevice(config) ?? []));
  for (const config of ports) {
    try {
      if (config.memory !== undefined) throw memoryPort(config.name);
      await checkDevice(config, freed);
    } catch (error) {
      if (!(error instanceof PortyardError)) throw error;
      const { code, message, value, remedy } = error;
      throw new PortyardError(code, message, { path: config.name, value, ...(remedy !== null && { remedy }), cause: error });
    }
  }
}

/** Removes the device of a port whose configuration is not known any more. */
export async function discardDevice(kind: number, descriptor: number, restore: number): Promise<void> {
  if (kind === field.KIND_PACKET) await discardPacketPort(descriptor, restore);
  else await closeTapPort(descriptor);
}

/** Whether the interface of a packet port, and the namespace that a pinned TAP keeps, are still those that were opened. Any
 *  other TAP tells by itself. */
export function isThere({ kind, name, interface: device, namespace, pins }: OpenPort, indices: Map<string, number | null>): boolean {
  if (kind === "packet") return interfaceIndex(device) === indices.get(name);
  return pins === null || statSync(namespace ?? "", { throwIfNoEntry: false })?.ino === pins;
}
