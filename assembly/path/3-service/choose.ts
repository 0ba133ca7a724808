/** Which backend a new flow to a virtual address gets: the one that its client has had, where the service says so (session affinity), else the
 *  one that the service's balancer picks. */
import * as flow from "../../abi/flow";
import * as map from "../../abi/memory-map";
import * as abi from "../../abi/service";
import * as step from "../../abi/trace";
import { pick } from "../../balance/balance";
import * as desc from "../../memory/descriptor";
import { TRACE, note } from "../../memory/trace";
import * as backends from "../../tables/backend-table";
import { wordOf } from "../../tables/flow-entry";
import * as flows from "../../tables/flow-table";
import * as services from "../../tables/service-table";
import { noteCandidates } from "./notes";
import * as packet from "./packet";

/** Index + 1 of a backend; 0: there is none. `record` is that of `service`. */
export function chooseBackend(worker: usize, descriptor: usize, service: u32, record: usize): u32 {
  if (TRACE) noteCandidates(worker, record);
  if (services.affinitySeconds(record) == 0) return chosen(record, step.CHOSEN_BALANCED, pick(worker, record, keyOf(descriptor, record)));
  writeAffinity(worker, descriptor, service);
  const known = flows.findDraft(worker, flow.ORIGINAL) & ~1;
  if (known != 0) {
    const had = load<u32>(known, flow.BACKEND);
    if (had != 0 && isStill(had, service)) {
      flows.touch(worker, known);
      return chosen(record, step.CHOSEN_AGAIN, had);
    }
    flows.remove(worker, known, wordOf(known));
  }
  const picked = chosen(record, step.CHOSEN_BALANCED, pick(worker, record, keyOf(descriptor, record)));
  if (picked == 0) return 0;
  writeAffinity(worker, descriptor, service);
  store<u32>(flows.draftOf(worker), picked, flow.BACKEND);
  flows.insert(worker, flow.STATE_UDP, 0);
  return picked;
}

// @ts-ignore: decorator
@inline
function chosen(record: usize, how: u32, backend: u32): u32 {
  if (TRACE) note(step.CHOSEN, how, backend, services.algorithm(record));
  return backend;
}

function isStill(backend: u32, service: u32): bool {
  const record = backends.recordOf(backend - 1);
  return backends.isUsable(record) && backends.serviceOf(record) == service;
}

/** Of `source-hash` the client's address; else address and ports, so that the connections of one client are spread. No secret goes into it: every
 *  host chooses alike. */
function keyOf(descriptor: usize, record: usize): u64 {
  const from = packet.source(descriptor);
  const address = packet.low(descriptor, from) ^ rotl<u64>(packet.high(descriptor, from), 32);
  if (services.algorithm(record) == abi.SOURCE_HASH) return address;
  return address ^ rotl<u64>(<u64>packet.ports(descriptor), 32);
}

/** An entry of its own kind in the flow table (abi/flow.ts, AFFINITY). */
function writeAffinity(worker: usize, descriptor: usize, service: u32): void {
  const draft = flows.draftOf(worker);
  memory.fill(draft, 0, map.FLOW_BYTES);
  store<u32>(draft, desc.network(descriptor) | (flow.AFFINITY << 16) | (packet.family(descriptor) << 24), flow.NETWORK);
  store<u32>(draft, flow.AFFINITY_PORT | (flow.AFFINITY_PORT << 16), flow.BACKEND_PORT);
  store<u32>(draft, service, flow.SERVICE);
  packet.copyAddress(descriptor, draft + flow.CLIENT_ADDRESS, packet.source(descriptor));
  packet.copyAddress(descriptor, draft + flow.VIRTUAL_ADDRESS, packet.destination(descriptor));
  memory.copy(draft + flow.BACKEND_ADDRESS, draft + flow.VIRTUAL_ADDRESS, 16);
  memory.copy(draft + flow.SOURCE_ADDRESS, draft + flow.CLIENT_ADDRESS, 16);
}
