/** A packet that belongs to no flow and goes to an endpoint: a new flow begins, to a backend of the virtual address's service, or to the very backend
 *  that it is addressed to. Who cannot be served is told so at once. */
import * as field from "../../abi/descriptor";
import * as flow from "../../abi/flow";
import * as reason from "../../abi/drop-reason";
import * as step from "../../abi/trace";
import * as desc from "../../memory/descriptor";
import { TRACE, note } from "../../memory/trace";
import * as backends from "../../tables/backend-table";
import * as endpoints from "../../tables/endpoint-table";
import { wordOf } from "../../tables/flow-entry";
import * as flows from "../../tables/flow-table";
import * as services from "../../tables/service-table";
import { TCP } from "../../wire/ip-protocol";
import { chooseBackend } from "./choose";
import * as draft from "./draft";
import { enterDirect, enterVirtual } from "./enter";
import { noteAsk, noteFlow, noteNoFlow } from "./notes";
import * as packet from "./packet";
import { refuse } from "./refuse";
import { ask } from "./resolve";
import { isSyn } from "./tcp-track";

/** Verdict, or BEGIN_ANEW. */
export function begin(worker: usize, descriptor: usize): u32 {
  const endpoint = packet.endpoint(descriptor);
  if (TRACE) noteNoFlow(descriptor, endpoint);
  if (endpoint == 0) return field.CONTINUE;
  const service = endpoints.serviceOf(endpoint);
  return service != 0 ? beginVirtual(worker, descriptor, service) : beginDirect(worker, descriptor, endpoints.backendOf(endpoint));
}

function beginVirtual(worker: usize, descriptor: usize, service: u32): u32 {
  const record = services.recordOf(service);
  const port = packet.targetPort(descriptor);
  const rule = services.ruleFor(record, desc.protocol(descriptor), port);
  if (TRACE) note(step.RULE, <u32>(rule != 0), rule == 0 ? 0 : services.targetPort(rule) + port - services.firstPort(rule), desc.protocol(descriptor));
  if (rule == 0) return refused(worker, descriptor, reason.NO_SERVICE);
  if (desc.protocol(descriptor) == TCP && !isSyn(desc.l4(descriptor))) return refused(worker, descriptor, reason.NO_FLOW);
  const chosen = chooseBackend(worker, descriptor, service, record);
  if (chosen == 0) return refused(worker, descriptor, reason.NO_BACKEND);
  const backend = backends.recordOf(chosen - 1);
  if (backends.macOf(backend) == 0) {
    const isAsked = ask(worker, descriptor, record, backend);
    if (TRACE) noteAsk(isAsked, chosen - 1, backend);
    return desc.drop(descriptor, reason.BACKEND_UNRESOLVED);
  }
  const first = backends.ownPort(backend) != 0 ? backends.ownPort(backend) : services.targetPort(rule);
  const to = flows.draftOf(worker);
  draft.write(worker, descriptor, to, service, chosen);
  draft.setBackend(to, backends.addressOf(backend), first + port - services.firstPort(rule), backends.macOf(backend));
  return enterVirtual(worker, descriptor, record);
}

function refused(worker: usize, descriptor: usize, why: u32): u32 {
  refuse(worker, descriptor);
  return desc.drop(descriptor, why);
}

/** To the first of the backends with its address that has its port; of none it is nobody's business. */
function beginDirect(worker: usize, descriptor: usize, first: u32): u32 {
  const protocol = desc.protocol(descriptor);
  if (protocol == TCP && !isSyn(desc.l4(descriptor))) return field.CONTINUE;
  for (let backend = first; backend != 0; backend = backends.nextOf(backends.recordOf(backend - 1))) {
    if (!isPortOf(backends.recordOf(backend - 1), protocol, packet.targetPort(descriptor))) continue;
    const service = backends.serviceOf(backends.recordOf(backend - 1));
    draft.write(worker, descriptor, flows.draftOf(worker), service, backend);
    return enterDirect(worker, descriptor, services.recordOf(service));
  }
  return field.CONTINUE;
}

/** An echo to a backend: it is seen among the flows, and is no load of it. */
export function beginEcho(worker: usize, descriptor: usize): void {
  const endpoint = packet.endpoint(descriptor);
  if (TRACE) noteNoFlow(descriptor, endpoint);
  if (endpoint == 0 || endpoints.backendOf(endpoint) == 0) return;
  draft.write(worker, descriptor, flows.draftOf(worker), backends.serviceOf(backends.recordOf(endpoints.backendOf(endpoint) - 1)), 0);
  const entry = flows.insert(worker, flow.STATE_ICMP, flow.FLAG_DIRECT);
  if (TRACE && entry > <usize>flow.REFUSED_END) noteFlow(step.FLOW_NEW, entry, wordOf(entry));
}

function isPortOf(backend: usize, protocol: u32, port: u32): bool {
  const service = services.recordOf(backends.serviceOf(backend));
  const own = backends.ownPort(backend);
  return own == 0 ? services.leadsTo(service, protocol, port) : own == port && services.serves(service, protocol);
}
