/** What cases about services share: addresses of the yard `served`, segments of its client, and steps that are always the same. */
import { virtualMac } from "../../../../bindings/config/mac-address.ts";
import { ethernet, TYPE_IPV4, TYPE_IPV6 } from "../../../support/packet/ethernet.ts";
import { type Ends, ipv4, ipv6, TCP } from "../../../support/packet/ip.ts";
import { ACK, SYN, tcp } from "../../../support/packet/transport.ts";
import type { Before, Case, Told } from "./case.ts";
import { A, B } from "./yards.ts";

export const [CLIENT, WEB, BUSY, FAR, EMPTY, KEPT] = ["2", "100", "101", "102", "103", "104"].map((last) => `10.77.0.${last}`) as [
  string,
  string,
  string,
  string,
  string,
  string,
];
export const [B4, D4, X4] = ["10.77.0.3", "10.77.0.5", "10.77.0.9"];
export const macOf = (address: string): string => virtualMac("blue", address);
export const V = macOf(WEB);

export interface Segment extends Ends {
  ports?: [source: number, target: number];
  flags?: number;
  sequence?: number;
  acknowledged?: number;
  window?: number;
}

export const segment = (
  from: string,
  to: string,
  { source, destination, ports = [40_000, 80], flags = SYN, sequence = 100, acknowledged = 0, window = 64240 }: Segment,
) => {
  const ends = { source, destination };
  const [sourcePort, targetPort] = ports;
  const content = tcp(ends, { sourcePort, targetPort, sequence, acknowledged, flags, window });
  return source.includes(":")
    ? ethernet(to, from, TYPE_IPV6, ipv6({ ...ends, next: TCP }, content))
    : ethernet(to, from, TYPE_IPV4, ipv4({ ...ends, protocol: TCP }, content));
};
/** Of the client to a virtual address. */
export const asks = (virtual: string, more: Partial<Segment> = {}): Uint8Array =>
  segment(A, macOf(virtual), { source: virtual.includes(":") ? "fd77::2" : CLIENT, destination: virtual, ...more });
/** The same as its backend gets it. */
export const reaches = (virtual: string, mac: string, destination: string, targetPort = 8080, more: Partial<Segment> = {}): Uint8Array =>
  segment(macOf(virtual), mac, {
    source: destination.includes(":") ? "fd77::2" : CLIENT,
    destination,
    ...more,
    ports: [more.ports?.[0] ?? 40_000, targetPort],
  });
/** The answer of a backend to the client, and as the client gets it. */
export const replies = (flags = SYN | ACK): Uint8Array =>
  segment(B, A, { source: B4, destination: CLIENT, ports: [8080, 40_000], flags, sequence: 900, acknowledged: 101 });
export const heard = (flags = SYN | ACK): Uint8Array =>
  segment(V, A, { source: WEB, destination: CLIENT, ports: [80, 40_000], flags, sequence: 900, acknowledged: 101 });

export const into = (port: string, ...frames: Uint8Array[]): Before[] => frames.map((frame) => ({ into: port, frame }));
export const NONE = { service: null, backend: null, state: null, isTranslated: null, isSourceTranslated: null };
export const newFlow: Told = { step: "flow", outcome: "none", text: "of no known flow", ...NONE };
export const virtual = (service: string, address: string): Told => ({
  step: "service",
  outcome: "virtual",
  address,
  service,
  backend: null,
  port: 80,
  targetPort: 8080,
  text: `${address} is the virtual address of ${service}, and TCP port 80 leads to its port 8080`,
});
export const begun = (service: string, backend: string, more: object = {}): Told => ({
  step: "flow",
  outcome: "new",
  service,
  backend,
  state: "half-open",
  isTranslated: true,
  isSourceTranslated: false,
  ...more,
});

export type Rest = Omit<Case, "yard" | "into" | "verdict"> & { into?: string };
export const forwarded = (rest: Rest): Case => ({ yard: "served", into: "a", verdict: "forwarded", ...rest });
export const answered = (rest: Rest): Case => ({ yard: "served", into: "a", verdict: "answered", ...rest });
export const dropped = (reason: string, rest: Rest): Case => ({
  yard: "served",
  into: "a",
  verdict: "dropped",
  reason,
  drops: [`${reason} at ${rest.into ?? "a"}`],
  ...rest,
});

export const usable = { state: "usable", active: 0, weight: 1, score: null } as const;
export const old = { backend: "old", state: "drained", active: 0, weight: 0, score: null } as const;
