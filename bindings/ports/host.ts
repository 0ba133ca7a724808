/** The port by which a network reaches its host: a TAP in the agent's own network namespace that has the gateway's addresses. To the
 *  engine it is a port like that of a container, to the host's kernel an interface like any other, which it routes by.
 *
 *  Three settings of the interface are made, and go with it: no router advertisements are believed (containers send them), no
 *  redirects are sent (to containers that reach each other by a published port), and the reverse path is not checked where
 *  `net.ipv4.conf.all.rp_filter` does not ask for that. The IPv6 addresses need no duplicate address detection: the engine
 *  lets nobody else have them. */
import { close, closeSync, readFileSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { contains, type IpAddress, networkAddress, readAddress } from "../config/ip-address.ts";
import type { HostConfig } from "../config/types.ts";
import { PortyardError } from "../error.ts";
import { fileFault } from "../file-fault.ts";
import { interfaceIndex } from "../native/interface.ts";
import { openTap, setPersistent, type Tap } from "../native/tap.ts";
import { whenFree } from "./busy.ts";
import { addAddress, allowIpv6, isIpv6 } from "./interface-address.ts";
import { readLink, runLinkBatch } from "./link.ts";
import { type OpenPort, once } from "./open-port.ts";
import { closeTapPort } from "./tap-device.ts";

export interface HostPortRequest {
  /** Name of the instance. */
  instance: string;
  /** Name of the port. */
  name: string;
  host: HostConfig;
  mac: string;
  /** 576-65,521; at least 1,280 with an IPv6 address. */
  mtu: number;
}

/** Opens the host port of a network, all or nothing.
 *  @throws PortyardError `interface-taken`, `subnet-in-use`, `no-rights`, `tun-missing`, `iproute2-missing`, `ipv6-missing`, `link-failed`, `file-failed`. */
export async function openHostPort(request: HostPortRequest): Promise<OpenPort> {
  const { interface: name } = request.host;
  if (interfaceIndex(name) !== null) throw interfaceTaken(request);
  await refuseOverlap(request);
  const tap = openTap(name, { offload: true });
  try {
    await setUp(request);
    setPersistent(tap.descriptor, true);
  } catch (error) {
    await promisify(close)(tap.descriptor);
    throw error;
  }
  return describeHostPort(request, tap);
}

/** Opens a host port again that both its holders left behind; null when it is not there any more.
 *  @throws PortyardError `no-rights`; `device-busy` when it has an owner still after a second. */
export async function reopenHostPort(request: HostPortRequest): Promise<OpenPort | null> {
  const { interface: name } = request.host;
  const open = () => (interfaceIndex(name) === null ? null : openTap(name, { offload: true }));
  const tap = await whenFree(open, name, request);
  return tap && describeHostPort(request, tap);
}

/** An interface of the host, as far as it is looked at. */
interface HostLink {
  ifname: string;
  addr_info: { local: string; prefixlen: number; scope: string }[];
}

/** What the host reaches by another interface already, it would not reach by this one. */
async function refuseOverlap({ host, name }: HostPortRequest): Promise<void> {
  const links = await readLink<HostLink[]>(["address", "show"]);
  for (const { ifname, addr_info: addresses } of links) {
    for (const { local, prefixlen, scope } of addresses) {
      if (scope !== "global" || !host.addresses.some((own) => overlaps(own, `${local}/${prefixlen}`))) continue;
      throw new PortyardError(
        "subnet-in-use",
        `The host's interface ${ifname} has ${local}/${prefixlen}, which overlaps the network of ${name}.`,
        {
          path: ifname,
          value: `${local}/${prefixlen}`,
          remedy: "Give the network another subnet, or leave out its gateway.",
        },
      );
    }
  }
}

function overlaps(one: string, other: string): boolean {
  const [a, b] = [subnetOf(one), subnetOf(other)];
  return contains(a, b) || contains(b, a);
}

function subnetOf(text: string): IpAddress {
  const address = readAddress(text)!;
  return { ...address, text: networkAddress(address) };
}

async function setUp({ host, mac, mtu }: HostPortRequest): Promise<void> {
  const { interface: name, addresses } = host;
  const hasIpv6 = addresses.some(isIpv6);
  if (hasIpv6) allowIpv6(name);
  set(`ipv4/conf/${name}/rp_filter`, "0");
  set(`ipv4/conf/${name}/send_redirects`, "0");
  if (hasIpv6) set(`ipv6/conf/${name}/accept_ra`, "0");
  const lines = addresses.map((address) => addAddress(address, name, "nodad "));
  await runLinkBatch([`link set dev ${name} address ${mac} mtu ${mtu}`, ...lines, `link set dev ${name} up`]);
}

function set(setting: string, value: string): void {
  const file = `/proc/sys/net/${setting}`;
  try {
    if (readFileSync(file, "utf8").trim() !== value) writeFileSync(file, value);
  } catch (cause) {
    throw fileFault("Writing", file, cause);
  }
}

/** The port of an open TAP that stands where it belongs: one that was made just now, or one that a forwarder kept. */
export function describeHostPort(request: HostPortRequest, tap: Omit<Tap, "name">): OpenPort {
  const { name, host, mac, mtu } = request;
  const { descriptor, checksum, tso, uso } = tap;
  return {
    kind: "host",
    name,
    descriptor,
    vnet: true,
    checksum,
    tso,
    uso,
    auxdata: false,
    mac,
    mtu,
    interface: host.interface,
    namespace: null,
    pins: null,
    outlives: false,
    restore: 0,
    leave: () => closeSync(descriptor),
    close: once(() => closeTapPort(descriptor)),
  };
}

function interfaceTaken({ host, name }: HostPortRequest): PortyardError {
  return new PortyardError("interface-taken", `The host has an interface called ${host.interface} already.`, {
    path: host.interface,
    value: name,
    remedy: `Give the network another name, or remove that interface: ip link del ${host.interface}.`,
  });
}
