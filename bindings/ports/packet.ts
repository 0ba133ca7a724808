/** Ports on an interface that stays in the host's namespace: a veth end or a physical interface, through a packet socket.
 *  The kernel's own stack sees each frame too, so it is kept from answering: no ARP, no IPv6, and an interface that the
 *  host uses itself is refused unless the port is `shared`, which leaves both alone. What is changed here is put back at
 *  the end; the promiscuous mode goes with the descriptor. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { PacketConfig } from "../config/types.ts";
import { PortyardError } from "../error.ts";
import { fileFault } from "../file-fault.ts";
import { failedWith } from "../native/errno.ts";
import { interfaceIndex, setLargeReceiveOffload } from "../native/interface.ts";
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
  const restore = await prepare(name, state, shared);
  try {
    return describe(openPacketSocket(index), request, state.mtu, restore);
  } catch (error) {
    await restore();
    throw error;
  }
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

/** Makes the interface ready; returns what undoes that. */
async function prepare(name: string, state: LinkState, shared: boolean): Promise<() => Promise<void>> {
  const undo: (() => void | Promise<void>)[] = [];
  const restore = async () => {
    for (let step = undo.pop(); step !== undefined; step = undo.pop()) await unlessGone(step);
  };
  try {
    if (setLargeReceiveOffload(name, false)) undo.push(() => void setLargeReceiveOffload(name, true));
    if (!shared) undo.push(silenceIpv6(name));
    if (!shared) undo.push(await silenceArp(name, state));
    await runLinkBatch([`link set dev ${name} up`]);
    if (!state.flags.includes("UP")) undo.push(() => runLinkBatch([`link set dev ${name} down`]));
    return restore;
  } catch (error) {
    await restore();
    throw error;
  }
}

/** Turns IPv6 off on the interface; returns what undoes that. */
function silenceIpv6(name: string): () => void {
  const file = `/proc/sys/net/ipv6/conf/${name}/disable_ipv6`;
  if (!existsSync(file)) return () => {};
  const before = readFileSync(file, "utf8");
  try {
    writeFileSync(file, "1");
  } catch (cause) {
    throw fileFault("Writing", file, cause);
  }
  return () => writeFileSync(file, before);
}

async function silenceArp(name: string, { flags }: LinkState): Promise<() => Promise<void>> {
  if (flags.includes("NOARP")) return async () => {};
  await runLinkBatch([`link set dev ${name} arp off`]);
  return () => runLinkBatch([`link set dev ${name} arp on`]);
}

/** Undoing has no object when the interface is gone. */
async function unlessGone(step: () => void | Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    const gone = linkIsGone(error) || failedWith(error, "ENODEV") || (error as { code?: string }).code === "ENOENT";
    if (!gone) throw error;
  }
}

function describe(socket: PacketSocket, request: PacketPortRequest, mtu: number, restore: () => Promise<void>): OpenPort {
  const { descriptor, uso } = socket;
  const common = { kind: "packet", name: request.name, descriptor, vnet: true, checksum: true, tso: true, uso, auxdata: true } as const;
  const close = once(async () => {
    closeDescriptor(descriptor);
    await restore();
  });
  return { ...common, mac: null, mtu, interface: request.packet.interface, namespace: null, close };
}
