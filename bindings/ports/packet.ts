/** Ports on an interface that stays in the host's namespace: a veth end or a physical interface, through a packet socket.
 *  The kernel's own stack sees each frame too, so it is kept from answering: no ARP, no IPv6, and an interface that the
 *  host uses itself is refused unless the port is `shared`, which leaves both alone. What is changed here is put back at
 *  the end; the promiscuous mode goes with the descriptor. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import * as field from "../../assembly/abi/port.ts";
import type { PacketConfig } from "../config/types.ts";
import { PortyardError } from "../error.ts";
import { fileFault } from "../file-fault.ts";
import { failedWith } from "../native/errno.ts";
import { boundInterface, interfaceIndex, setLargeReceiveOffload } from "../native/interface.ts";
import { closeDescriptor } from "../native/io.ts";
import { openPacketSocket, type PacketSocket } from "../native/packet-socket.ts";
import { linkIsGone, readLink, runLinkBatch } from "./link.ts";
import { type OpenPort, once } from "./open-port.ts";

export interface PacketPortRequest {
  /** Name of the port. */
  name: string;
  packet: PacketConfig;
}

/** What `ip -json address show` tells of an interface, as far as it is looked at. */
interface LinkState {
  flags: string[];
  mtu: number;
  master?: string;
  addr_info: { family: string; local: string; scope: string }[];
}

/** Opens the packet socket of a port, all or nothing.
 *  @throws PortyardError `interface-missing`, `interface-in-use`, `no-rights`, `iproute2-missing`, `link-failed`. */
export async function openPacketPort(request: PacketPortRequest): Promise<OpenPort> {
  const { interface: name, shared } = request.packet;
  const index = requireIndex(name, request.name);
  const state = await readState(name);
  if (!shared) refuseInUse(name, state, request.name);
  const changed = await prepare(name, state, shared);
  try {
    return describePacketPort(request, openPacketSocket(index), state.mtu, changed);
  } catch (error) {
    await restore(name, changed);
    throw error;
  }
}

/** Looks whether the port could be opened. @throws PortyardError `interface-missing`, `interface-in-use`, `iproute2-missing`. */
export async function checkPacketInterface({ name, packet }: PacketPortRequest): Promise<void> {
  requireIndex(packet.interface, name);
  if (!packet.shared) refuseInUse(packet.interface, await readState(packet.interface), name);
}

function requireIndex(name: string, port: string): number {
  const index = interfaceIndex(name);
  if (index !== null) return index;
  throw new PortyardError("interface-missing", `Port ${port} needs the interface ${name}, which is not there.`, {
    path: name,
    value: name,
    remedy: "`ip link` lists what there is; make it first, or correct the name.",
  });
}

async function readState(name: string): Promise<LinkState> {
  const [state] = await readLink<LinkState[]>(["address", "show", "dev", name]);
  return state as LinkState;
}

/** A link-local address is no sign of use: every interface that is up makes one. */
function refuseInUse(name: string, { master, addr_info }: LinkState, port: string): void {
  const address = addr_info.find(({ scope }) => scope !== "link")?.local;
  const use = master !== undefined ? `belongs to ${master}` : address !== undefined ? `has the address ${address}` : null;
  if (use === null) return;
  throw new PortyardError("interface-in-use", `The interface ${name} of port ${port} is used by the host: it ${use}.`, {
    path: name,
    value: master ?? address,
    remedy: "Take that from it, or say `shared: true`: the host then goes on seeing and answering the same frames.",
  });
}

/** Opens the packet socket of a port again whose holders are dead: its interface is ready, and `changed` says what its end
 *  puts back. Null when the interface is gone. @throws PortyardError `no-rights`. */
export async function reopenPacketPort(request: PacketPortRequest, mtu: number, changed: number): Promise<OpenPort | null> {
  const index = interfaceIndex(request.packet.interface);
  return index === null ? null : describePacketPort(request, openPacketSocket(index), mtu, changed);
}

/** Closes a packet socket that a predecessor opened, and puts back what it changed at its interface. */
export async function discardPacketPort(descriptor: number, changed: number): Promise<void> {
  const name = boundInterface(descriptor);
  closeDescriptor(descriptor);
  if (name !== null) await restore(name, changed);
}

/** Makes the interface ready; returns what its end puts back (RESTORE_* of abi/port.ts). */
async function prepare(name: string, { flags }: LinkState, shared: boolean): Promise<number> {
  let changed = 0;
  try {
    if (setLargeReceiveOffload(name, false)) changed |= field.RESTORE_LRO;
    if (!shared && setIpv6(name, false)) changed |= field.RESTORE_IPV6;
    if (!shared && !flags.includes("NOARP")) {
      await runLinkBatch([`link set dev ${name} arp off`]);
      changed |= field.RESTORE_ARP;
    }
    await runLinkBatch([`link set dev ${name} up`]);
    return flags.includes("UP") ? changed : changed | field.RESTORE_DOWN;
  } catch (error) {
    await restore(name, changed);
    throw error;
  }
}

/** Puts back what `prepare` changed; nothing when the interface is gone. */
async function restore(name: string, changed: number): Promise<void> {
  const lines = [
    ...(changed & field.RESTORE_DOWN ? [`link set dev ${name} down`] : []),
    ...(changed & field.RESTORE_ARP ? [`link set dev ${name} arp on`] : []),
  ];
  try {
    await runLinkBatch(lines);
    if (changed & field.RESTORE_IPV6) setIpv6(name, true);
    if (changed & field.RESTORE_LRO) setLargeReceiveOffload(name, true);
  } catch (error) {
    const gone = linkIsGone(error) || failedWith(error, "ENODEV") || (error as { code?: string }).code === "ENOENT";
    if (!gone) throw error;
  }
}

/** Turns IPv6 of the interface on or off; false where it was so, and where the kernel has none. */
function setIpv6(name: string, on: boolean): boolean {
  const file = `/proc/sys/net/ipv6/conf/${name}/disable_ipv6`;
  if (!existsSync(file) || (readFileSync(file, "utf8").trim() === "0") === on) return false;
  try {
    writeFileSync(file, on ? "0" : "1");
  } catch (cause) {
    throw fileFault("Writing", file, cause);
  }
  return true;
}

/** The port of an open packet socket: one that was opened just now, or one that a forwarder kept.
 *  @param changed what its end puts back. */
export function describePacketPort({ name, packet }: PacketPortRequest, socket: PacketSocket, mtu: number, changed: number): OpenPort {
  const { descriptor, uso } = socket;
  const common = { kind: "packet", name, descriptor, vnet: true, checksum: true, tso: true, uso, auxdata: true } as const;
  const close = once(async () => {
    closeDescriptor(descriptor);
    await restore(packet.interface, changed);
  });
  return {
    ...common,
    mac: null,
    mtu,
    interface: packet.interface,
    namespace: null,
    pins: null,
    outlives: false,
    restore: changed,
    leave: () => closeDescriptor(descriptor),
    close,
  };
}
