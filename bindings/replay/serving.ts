/** Which service and backend a frame of a replay came to, as what left of it tells: it went to a virtual address, and leaves to a backend's. */
import { addressText } from "../config/ip-address.ts";
import type { ServiceConfig } from "../config/types.ts";

/** A service, and the backend that it led a frame to; null: to none. */
export interface Served {
  service: string;
  backend: string | null;
}

/** Where the destination address of each IP version lies behind the EtherType, and its bytes. */
const DESTINATIONS: Record<number, [at: number, bytes: number]> = { 2048: [16, 4], 34525: [24, 16] };
const TAG_TYPES = [0x8100, 0x88a8, 0x9100];
const ADDRESSES_BYTES = 12;
const TAG_BYTES = 4;
const TYPE_BYTES = 2;
/** Offsets of header length and protocol of IPv4, and of the next header of IPv6; offset of the destination port. */
const [IPV4_PROTOCOL, IPV6_NEXT, IPV6_BYTES, TARGET_PORT] = [9, 6, 40, 2];
const WITH_PORTS = [6, 17];

interface End {
  address: string;
  /** Null without, and behind extension headers. */
  port: number | null;
}

/** Null: it is not for a virtual address. @param outputs all that left of `frame`, of which one at most is the frame itself. */
export function servedBy(services: readonly ServiceConfig[], frame: Uint8Array, outputs: readonly Uint8Array[]): Served | null {
  const asked = destinationOf(frame);
  const service = asked === null ? undefined : services.find(({ addresses }) => addresses.includes(asked.address));
  if (service === undefined) return null;
  const found = outputs.flatMap((output) => {
    const end = destinationOf(output);
    const at = service.backends.filter(({ address }) => address === end?.address);
    return at.find(({ port }) => port !== null && port === end?.port) ?? at.find(({ port }) => port === null) ?? at[0] ?? [];
  });
  return { service: service.name, backend: found[0]?.name ?? null };
}

/** Where an IP packet goes. */
function destinationOf(frame: Uint8Array): End | null {
  let at = ADDRESSES_BYTES;
  while (TAG_TYPES.includes(word(frame, at))) at += TAG_BYTES;
  const place = DESTINATIONS[word(frame, at)];
  const ip = at + TYPE_BYTES;
  if (place === undefined || frame.length < ip + place[0] + place[1]) return null;
  const address = addressText(frame.subarray(ip + place[0], ip + place[0] + place[1]));
  return { address, port: portOf(frame, ip, place[1] === 4) };
}

function portOf(frame: Uint8Array, ip: number, isIpv4: boolean): number | null {
  const protocol = frame[ip + (isIpv4 ? IPV4_PROTOCOL : IPV6_NEXT)] ?? 0;
  const l4 = ip + (isIpv4 ? ((frame[ip] ?? 0) & 15) * 4 : IPV6_BYTES);
  return WITH_PORTS.includes(protocol) && frame.length >= l4 + TARGET_PORT + 2 ? word(frame, l4 + TARGET_PORT) : null;
}

function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
