/** What an engine tells of its flows, a page at a time, by the names of services and backends. */
import * as field from "../../assembly/abi/flow.ts";
import { AGENT_WORKER } from "../../assembly/abi/limits.ts";
import { readAddress } from "../config/ip-address.ts";
import { PortyardError } from "../error.ts";
import type { Member } from "../service/members.ts";
import * as table from "../tables/flow-table.ts";
import { ICMP_NUMBERS, PROTOCOLS } from "../tables/ip-protocol.ts";
import type { Parts } from "./parts.ts";
import type { ServiceEntry } from "./service-entry.ts";
import type { Services } from "./services.ts";
import type { FlowFilter, FlowInfo, FlowPage } from "./types.ts";

/** Flows of a page, unless it is said otherwise; and at most. */
const DEFAULT_LIMIT = 1000;
const MAX_LIMIT = 100_000;
/** Entries that are looked at for one page. */
const LOOKS = 262_144;

/** States of flows by number, as they are printed. */
export const FLOW_STATES: Record<number, FlowInfo["state"]> = {
  [field.STATE_HALF_OPEN]: "half-open",
  [field.STATE_ESTABLISHED]: "established",
  [field.STATE_CLOSING]: "closing",
  [field.STATE_TIME_WAIT]: "time-wait",
  [field.STATE_UDP_UNANSWERED]: "udp-unanswered",
  [field.STATE_UDP]: "udp",
  [field.STATE_ICMP]: "icmp",
};

export type FlowSources = Pick<Parts, "store" | "networks" | "services" | "nowMs">;

/** @throws PortyardError `bad-argument`. */
export function describeFlows(sources: FlowSources, filter: FlowFilter, { from = 0, limit = DEFAULT_LIMIT } = {}): FlowPage {
  refuse("from", from, 0, Number.MAX_SAFE_INTEGER);
  refuse("limit", limit, 1, MAX_LIMIT);
  const { tables, layout } = sources.store;
  const end = Math.min(table.usedEnd(tables, [...Array(layout.workers).keys(), AGENT_WORKER]), from + LOOKS);
  const client = filter.client === undefined ? null : (readAddress(filter.client)?.text ?? filter.client);
  const flows: FlowInfo[] = [];
  for (let number = from; number < end; number++) {
    const flow = table.readServed(tables, number);
    if (flow === null || (client !== null && flow.client.address !== client)) continue;
    const info = describe(sources, flow);
    if (info === null || !isMeant(info, filter)) continue;
    if (flows.length === limit) return { flows, next: number };
    flows.push(info);
  }
  return { flows, next: end === from + LOOKS ? end : null };
}

/** Null of what is no connection, and of one whose network has just gone. */
function describe({ networks, services, nowMs }: FlowSources, flow: table.ServedFlow): FlowInfo | null {
  const network = networks.nameOf(flow.network);
  const protocol = protocolName(flow.protocol);
  if (network === null || protocol === null) return null;
  const { entry, member } = ownerOf(services, flow);
  return {
    network,
    protocol,
    client: endText(flow.client),
    service: entry?.config.name ?? null,
    virtual: endText(flow.virtual),
    backend: member?.config.name ?? null,
    target: endText(flow.backend),
    state: FLOW_STATES[flow.state] as FlowInfo["state"],
    idleSeconds: Math.max(0, Math.floor(nowMs() / 1000) - flow.lastSeen),
    frames: flow.frames,
    bytes: flow.bytes,
  };
}

/** A flow that does not come through a virtual address is its backend's alone. */
function ownerOf(services: Services, flow: table.ServedFlow): { entry: ServiceEntry | null; member: Member | undefined } {
  const entry = services.at(flow.service) ?? (flow.backendIndex === null ? null : services.ownerOf(flow.backendIndex));
  return { entry, member: flow.backendIndex === null ? undefined : entry?.balanced.members.at(flow.backendIndex) };
}

function isMeant({ network, service, backend, state }: FlowInfo, filter: FlowFilter): boolean {
  const found = { network, service, backend, state };
  return Object.entries(found).every(([key, value]) => {
    const wanted = filter[key as keyof typeof found];
    return wanted === undefined || wanted === value;
  });
}

function protocolName(number: number): FlowInfo["protocol"] | null {
  if (number === PROTOCOLS.tcp) return "tcp";
  if (number === PROTOCOLS.udp) return "udp";
  return ICMP_NUMBERS.includes(number) ? "icmp" : null;
}

function endText({ address, port }: table.FlowEnd): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

function refuse(path: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new PortyardError("bad-argument", `A page of flows cannot have ${path} ${value}.`, {
    path,
    value,
    remedy: `Give a whole number from ${least}${most === MAX_LIMIT ? ` to ${MAX_LIMIT}` : ", as the page before says it"}.`,
  });
}
