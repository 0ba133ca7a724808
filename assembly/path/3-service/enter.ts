/** The worker's draft becomes a flow. Where its reply tuple is that of another flow, or replies would not come this way, its source is translated too:
 *  to the virtual address and a port that is free there (design, section 3). */
import * as field from "../../abi/descriptor";
import * as flow from "../../abi/flow";
import * as reason from "../../abi/drop-reason";
import * as step from "../../abi/trace";
import { SOURCE_PORT_TRIES } from "../../abi/limits";
import { load16 } from "../../memory/bytes";
import * as desc from "../../memory/descriptor";
import * as backends from "../../tables/backend-table";
import { TRACE } from "../../memory/trace";
import { flagsOf, ownHash, wordOf } from "../../tables/flow-entry";
import * as flows from "../../tables/flow-table";
import * as services from "../../tables/service-table";
import { TCP } from "../../wire/ip-protocol";
import { outputOf } from "../4-switch/forward";
import * as draft from "./draft";
import { BEGIN_ANEW } from "./follow";
import { noteFlow } from "./notes";
import { rewrite } from "./rewrite";

/** Source ports that a flow may get beside its own: 1024 and up. */
const FIRST_PORT: u32 = 1024;
const PORTS: u32 = 65536 - FIRST_PORT;

/** A flow to a virtual address, whose service has `record`. Verdict, or BEGIN_ANEW. */
export function enterVirtual(worker: usize, descriptor: usize, record: usize): u32 {
  if (comesBackAnotherWay(worker, descriptor, load<u64>(flows.draftOf(worker), flow.BACKEND_MAC))) return enterTranslated(worker, descriptor, record);
  const entry = insert(worker, descriptor, 0);
  if (entry == flow.TAKEN && flows.findDraft(worker, flow.ORIGINAL) == 0) return enterTranslated(worker, descriptor, record);
  return begun(worker, descriptor, entry);
}

/** A flow to a backend itself. Where it cannot be followed it goes its way all the same, unless replies to it would be taken for another's. */
export function enterDirect(worker: usize, descriptor: usize, record: usize): u32 {
  const entry = insert(worker, descriptor, flow.FLAG_DIRECT);
  if (entry > <usize>flow.REFUSED_END) return begun(worker, descriptor, entry);
  if (entry == flow.RIVAL) return BEGIN_ANEW;
  if (entry != flow.TAKEN) return field.CONTINUE;
  if (flows.findDraft(worker, flow.ORIGINAL) != 0) return BEGIN_ANEW;
  return services.family(record) == 0 ? field.CONTINUE : enterTranslated(worker, descriptor, record);
}

/** The backend is behind the port that the client is behind, or is the client itself: its replies need not come to us. */
function comesBackAnotherWay(worker: usize, descriptor: usize, mac: u64): bool {
  return mac == desc.source(descriptor) || outputOf(worker, desc.network(descriptor), mac) == <i32>desc.port(descriptor);
}

/** The client's own port first, then such as its tuple's hash names. */
function enterTranslated(worker: usize, descriptor: usize, record: usize): u32 {
  const to = flows.draftOf(worker);
  let port = load16(to + flow.CLIENT_PORT);
  let mixed = ownHash(to, flow.ORIGINAL);
  for (let tries = 0; tries < SOURCE_PORT_TRIES; tries++) {
    draft.setSource(to, services.virtualAddress(record), port);
    const entry = insert(worker, descriptor, flow.FLAG_SOURCE);
    if (entry != flow.TAKEN) return begun(worker, descriptor, entry);
    if (flows.findDraft(worker, flow.ORIGINAL) != 0) return BEGIN_ANEW;
    mixed = mixed * 0x9e3779b97f4a7c15 + 1;
    port = FIRST_PORT + <u32>(mixed >> 33) % PORTS;
  }
  return desc.drop(descriptor, reason.SOURCE_PORTS_TAKEN);
}

function firstState(descriptor: usize): u32 {
  return desc.protocol(descriptor) == TCP ? flow.STATE_HALF_OPEN : flow.STATE_UDP_UNANSWERED;
}

/** As flows.insert; the backend has the flow before anybody else can see it. */
function insert(worker: usize, descriptor: usize, flags: u32): usize {
  const backend = backends.recordOf(load<u32>(flows.draftOf(worker), flow.BACKEND) - 1);
  backends.hold(backend);
  const entry = flows.insert(worker, firstState(descriptor), flags);
  if (entry > <usize>flow.REFUSED_END) backends.picked(backend);
  else backends.finish(backend);
  return entry;
}

function begun(worker: usize, descriptor: usize, entry: usize): u32 {
  if (entry == flow.RIVAL || entry == flow.TAKEN) return BEGIN_ANEW;
  if (entry == flow.FULL) return desc.drop(descriptor, reason.FLOWS_FULL);
  const word = wordOf(entry);
  if (TRACE) noteFlow(step.FLOW_NEW, entry, word);
  return (flagsOf(word) & flow.FLAG_DIRECT) == 0 ? rewrite(worker, descriptor, entry, word, flow.ORIGINAL) : field.CONTINUE;
}
