/** What the service stage writes down of its look-ups, for an explanation (abi/trace.ts). Every call stands behind `if (TRACE)`. */
import * as backend from "../../abi/backend";
import * as abi from "../../abi/service";
import * as step from "../../abi/trace";
import { ofLoad, ofResponseTime } from "../../balance/score";
import * as desc from "../../memory/descriptor";
import { note } from "../../memory/trace";
import * as backends from "../../tables/backend-table";
import * as endpoints from "../../tables/endpoint-table";
import { flagsOf, stateOf } from "../../tables/flow-entry";
import * as flow from "../../abi/flow";
import * as services from "../../tables/service-table";
import { TCP, UDP } from "../../wire/ip-protocol";
import * as packet from "./packet";

/** The flow at `entry`, whose word was read. */
export function noteFlow(outcome: u32, entry: usize, word: u64): void {
  note(step.FLOW, outcome, stateOf(word), load<u32>(entry, flow.BACKEND), load<u32>(entry, flow.SERVICE), flagsOf(word));
}

/** A packet of no flow, and what its destination is to services: the record `endpoint`, or 0. */
export function noteNoFlow(descriptor: usize, endpoint: usize): void {
  note(step.FLOW, step.FLOW_NONE);
  const to = packet.destination(descriptor);
  noteEndpoint(endpoint, targetPort(descriptor), packet.family(descriptor), packet.low(descriptor, to), packet.high(descriptor, to));
}

function targetPort(descriptor: usize): u32 {
  const protocol = desc.protocol(descriptor);
  return desc.l4(descriptor) != 0 && (protocol == TCP || protocol == UDP) ? packet.targetPort(descriptor) : 0;
}

/** What the address, as two halves, is to services. */
export function noteEndpoint(endpoint: usize, port: u32, family: u32, low: u64, high: u64): void {
  const service: u32 = endpoint == 0 ? 0 : endpoints.serviceOf(endpoint);
  const first: u32 = endpoint == 0 ? 0 : endpoints.backendOf(endpoint);
  const outcome = service != 0 ? step.ENDPOINT_VIRTUAL : first != 0 ? step.ENDPOINT_BACKEND : step.ENDPOINT_NONE;
  note(step.ENDPOINT, outcome, port | (family << 16), service != 0 ? service : first, low, high);
}

/** All that the service chooses from, with what its algorithm goes by. */
export function noteCandidates(worker: usize, record: usize): void {
  const slate = services.slate(record);
  for (let position: u32 = 0; slate != 0 && position < services.count(slate); position++) {
    const index = services.backendAt(slate, position);
    const at = backends.recordOf(index);
    const score = scoreOf(worker, services.algorithm(record), at);
    note(step.CANDIDATE, fitness(at), index, backends.active(at), reinterpret<u64>(score), backends.weight(at));
  }
}

function scoreOf(worker: usize, algorithm: u32, record: usize): f64 {
  if (backends.weight(record) == 0) return 0;
  if (algorithm == abi.LEAST_LOAD || algorithm == abi.POWER_OF_TWO) return ofLoad(worker, record);
  return algorithm == abi.LEAST_RESPONSE_TIME ? ofResponseTime(worker, record) : 0;
}

function fitness(record: usize): u32 {
  if (backends.isUsable(record)) return step.CANDIDATE_USABLE;
  if (backends.weight(record) == 0) return step.CANDIDATE_DRAINED;
  return load<u32>(record) == backend.USABLE ? step.CANDIDATE_FULL : step.CANDIDATE_UNUSABLE;
}

/** The end that a packet gets, or that it had: the address at `address` and the port `portBe`. */
export function noteEnd(what: u32, which: u32, isIpv4: bool, address: usize, portBe: u32): void {
  const low = isIpv4 ? <u64>load<u32>(address) : load<u64>(address);
  note(what, which, bswap<u16>(<u16>portBe), isIpv4 ? 4 : 6, low, isIpv4 ? 0 : load<u64>(address, 8));
}

/** No station is known at a backend. */
export function noteAsk(isAsked: bool, index: u32, record: usize): void {
  const family = load<u32>(record, backend.FAMILY);
  note(step.ASK, <u32>isAsked, index, family, load<u64>(record, backend.ADDRESS), load<u64>(record, backend.ADDRESS + 8));
}

/** An echo request to a virtual address, which the engine answers. */
export function noteEcho(descriptor: usize): void {
  note(step.ECHO, 1, 0, packet.virtualService(descriptor));
}

/** The MACs that the packet goes on with. */
export function noteMacs(descriptor: usize, source: u64): void {
  note(step.READDRESS, 0, 0, 0, desc.destination(descriptor), source);
}
