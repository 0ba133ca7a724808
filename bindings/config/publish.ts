/** A published port as people write it, in the order of Docker's `-p` and of `ssh -L`:
 *
 *    [[HOST-ADDRESS:][HOST-PORTS]:]PORTS[/PROTOCOL]                       of a port
 *    [[HOST-ADDRESS:][HOST-PORTS]:]TARGET-ADDRESS:PORTS[/PROTOCOL]        of a network
 *
 *  PORTS is a number from 1 to 65535 or a range such as 80-90, whose host's ports have the same length. Without host ports
 *  free ones are chosen; without host address it is all of them; 0.0.0.0 and [::] are all of one family. IPv6 addresses
 *  stand in brackets. PROTOCOL is tcp, which is the default, or udp. */
import ipaddr from "ipaddr.js";
import { type Family, isStationAddress, readAddress } from "./ip-address.ts";
import type { Publication } from "./types.ts";

/** What publishes: a port, whose own addresses are the targets, or a network, which names the target. */
export type PublishForm = "port" | "network";

export interface PublicationFault {
  /** As of a `Problem`. */
  fault: string;
  remedy: string;
}

export const PUBLISH_FORMS: Record<PublishForm, string> = {
  port: 'text such as "8080:80", "8080:80/udp", "8000-8010:80-90", "127.0.0.1:8080:80", "[::1]:8080:80" or "80"',
  network: 'text such as "8080:10.77.0.2:80", "8080:[fd77::2]:80/udp", "8000-8010:10.77.0.2:80-90" or "127.0.0.1:8080:10.77.0.2:80"',
};

const MAX_PORT = 65535;

interface Range {
  first: number;
  count: number;
}

const bad = (fault: string, remedy: string): PublicationFault => ({ fault, remedy });
const isFault = (read: object | null): read is PublicationFault => read !== null && "fault" in read;

/** Text at colons that are not in brackets; null when brackets do not pair. */
function split(text: string): string[] | null {
  const parts = text.match(/\[[^\][]*\]|[^:[\]]+|:/g) ?? [];
  if (parts.join("") !== text) return null;
  const fields = [""];
  for (const part of parts) {
    if (part === ":") fields.push("");
    else if (fields.at(-1) !== "") return null;
    else fields[fields.length - 1] = part;
  }
  return fields;
}

function readRange(text: string): Range | PublicationFault {
  const [, from, to = from] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  if (from === undefined)
    return bad(`has ${JSON.stringify(text)} where a port or a range of ports stands`, "write a number or a range such as 80-90");
  const [first, last] = [Number(from), Number(to)];
  if (first < 1 || last > MAX_PORT) return bad(`has port ${first < 1 ? first : last}`, `choose ports from 1 to ${MAX_PORT}`);
  if (last < first) return bad(`has the range ${text}, which ends before it begins`, "write the lower port first");
  return { first, count: last - first + 1 };
}

/** `127.0.0.1` or `[::1]`, as canonical text without brackets. */
function readBracketed(text: string, what: string): string | PublicationFault {
  const inside = /^\[(.*)\]$/.exec(text)?.[1];
  const address = readAddress(inside ?? text);
  if (!address || address.prefixLength !== null)
    return bad(`has ${JSON.stringify(text)} where ${what} stands`, "write an address such as 192.0.2.1 or [fd00::1]");
  if ((address.family === 6) !== (inside !== undefined))
    return bad(`has ${text} in the wrong brackets`, "write IPv6 addresses, and only these, in brackets");
  return address.text;
}

/** Ranges of addresses that no socket of a host is bound to; a link-local one would need its zone. */
const NO_HOST_RANGES = ["multicast", "broadcast", "ipv4Mapped", "linkLocal"];

function readHostAddress(text: string): string | PublicationFault {
  const address = readBracketed(text, "a host address");
  if (typeof address !== "string") return address;
  const range = ipaddr.parse(address).range();
  if (NO_HOST_RANGES.includes(range))
    return bad(`has the host address ${address}, a ${range} address`, "write a unicast address of the host, or leave it out");
  return address;
}

function readTarget(text: string): string | PublicationFault {
  const address = readBracketed(text, "the target's address");
  if (typeof address !== "string") return address;
  return isStationAddress(readAddress(address)!)
    ? address
    : bad(`has the target ${address}, which no station can have`, "write an address of the network's subnet");
}

function readProtocol(text: string | undefined): { protocol: Publication["protocol"] } | PublicationFault {
  if (text === undefined || text === "tcp" || text === "udp") return { protocol: text ?? "tcp" };
  return bad(`has the protocol ${JSON.stringify(text)}`, "write tcp or udp");
}

function lengthsDiffer(host: Range, target: Range): PublicationFault {
  return bad(`has ranges of ${host.count} and ${target.count} ports`, "give both ranges the same length");
}

/** @returns what `text` publishes, or what is wrong with it. */
export function readPublication(text: string, by: PublishForm): Publication | PublicationFault {
  const [place = "", word, ...rest] = text.split("/");
  const fields = split(place);
  const form = `write ${PUBLISH_FORMS[by]}`;
  if (!fields || rest.length > 0) return bad("is no published port", form);
  const targetPort = readRange(fields.pop() ?? "");
  const targetAddress = by === "network" ? readTarget(fields.pop() ?? "") : null;
  const hostPort = readHostPorts(fields.pop());
  const hostAddress = fields.length === 0 ? null : readHostAddress(fields.pop() ?? "");
  if (fields.length > 0) return bad("has too many parts", `${form}; IPv6 addresses stand in brackets`);
  const protocol = readProtocol(word);
  const fault = [targetPort, targetAddress, hostPort, hostAddress, protocol].find((read) => typeof read === "object" && isFault(read));
  if (fault) return fault as PublicationFault;
  const [target, host] = [targetPort as Range, hostPort as Range | null];
  if (host && host.count !== target.count) return lengthsDiffer(host, target);
  return {
    ...(protocol as { protocol: Publication["protocol"] }),
    hostAddress: hostAddress as string | null,
    hostPort: host?.first ?? null,
    targetAddress: targetAddress as string | null,
    targetPort: target.first,
    count: target.count,
  };
}

const readHostPorts = (text: string | undefined): Range | PublicationFault | null =>
  text === undefined || text === "" ? null : readRange(text);

/** What is wrong with `text`, or null. */
export function publicationFault(text: string, by: PublishForm): PublicationFault | null {
  const read = readPublication(text, by);
  return isFault(read) ? read : null;
}

const bracketed = (address: string): string => (address.includes(":") ? `[${address}]` : address);
const formatRange = (first: number, count: number): string => (count === 1 ? String(first) : `${first}-${first + count - 1}`);

/** The text that `readPublication` makes the same of. */
export function formatPublication({ protocol, hostAddress, hostPort, targetAddress, targetPort, count }: Publication): string {
  const host = hostPort === null ? "" : formatRange(hostPort, count);
  const before = hostAddress === null ? [] : [bracketed(hostAddress)];
  const middle = hostAddress === null && hostPort === null ? [] : [host];
  const target = targetAddress === null ? [] : [bracketed(targetAddress)];
  return `${[...before, ...middle, ...target, formatRange(targetPort, count)].join(":")}/${protocol}`;
}

/** 127.0.0.0/8 and ::1: what only the host itself reaches. */
export function isLoopback(address: string): boolean {
  return ipaddr.parse(address).range() === "loopback";
}

/** 0.0.0.0 and ::, all of one family. */
export function isUnspecified(address: string): boolean {
  return ipaddr.parse(address).range() === "unspecified";
}

/** Families of host addresses that a publication may use; both when it names no address. */
export function familiesOf(hostAddress: string | null): Family[] {
  return hostAddress === null ? [4, 6] : [readAddress(hostAddress)!.family];
}
