/** Which backend a new flow to a virtual address gets: the one that its client has had, where the service says so (session affinity), else the
 *  one that the service's balancer picks. */
import * as flow from "../../abi/flow";
import * as abi from "../../abi/service";
import * as step from "../../abi/trace";
import { pick } from "../../balance/balance";
import { TRACE, note } from "../../memory/trace";
import * as backends from "../../tables/backend-table";
import { wordOf } from "../../tables/flow-entry";
import * as flows from "../../tables/flow-table";
import * as services from "../../tables/service-table";
import { noteCandidates } from "./notes";
import * as packet from "./packet";
import * as draft from "./draft";

/** Index + 1 of a backend; 0: there is none. `record` is that of `service`. */
export function chooseBackend(worker: usize, descriptor: usize, service: u32, record: usize): u32 {
  if (TRACE) noteCandidates(worker, record);
  if (services.affinitySeconds(record) == 0) return chosen(record, step.CHOSEN_BALANCED, pick(worker, record, keyOf(descriptor, record)));
  const wanted = flows.draftOf(worker);
  draft.writeAffinity(descriptor, wanted, service);
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
  store<u32>(wanted, picked, flow.BACKEND);
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
