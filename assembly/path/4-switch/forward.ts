/** Fourth phase: learn where the source is, look up where the destination is. Known and unicast: one output. Unknown or
 *  group: every other port of the network. An answer of the table counts only while the port has the generation that it
 *  was learned with; else the destination is unknown. IEEE 802.1Q, section 8.6-8.8. */
import * as field from "../../abi/descriptor";
import * as mac from "../../abi/mac";
import * as reason from "../../abi/drop-reason";
import * as record from "../../abi/worker";
import * as step from "../../abi/trace";
import * as map from "../../abi/memory-map";
import * as view from "../../abi/worker-state";
import * as desc from "../../memory/descriptor";
import { TRACE, note } from "../../memory/trace";
import { count, nowSeconds, viewOf } from "../../memory/worker";
import { portOf } from "../../tables/mac-entry";
import * as macs from "../../tables/mac-table";
import * as networks from "../../tables/network-table";
import { egress } from "../5-egress/egress";

/** Verdict CONTINUE (handed to egress), or DROP with SAME_PORT or NO_OTHER_PORT. */
export function forward(worker: usize, descriptor: usize): u32 {
  const network = desc.network(descriptor);
  const port = desc.port(descriptor);
  learnSource(worker, descriptor);
  if ((desc.flags(descriptor) & field.FLAG_GROUP) != 0) {
    if (TRACE) note(step.LOOKUP, step.LOOKUP_GROUP);
    return flood(worker, descriptor, network, port);
  }
  const value = macs.find(network, desc.destination(descriptor));
  if (value == 0 || !isCurrent(worker, value)) {
    if (TRACE) note(step.LOOKUP, value == 0 ? step.LOOKUP_UNKNOWN : step.LOOKUP_STALE);
    return flood(worker, descriptor, network, port);
  }
  const output = portOf(value);
  if (TRACE) noteFound(worker, value);
  if (output == port && (desc.flags(descriptor) & field.FLAG_SERVED) == 0) return desc.drop(descriptor, reason.SAME_PORT);
  egress(worker, descriptor, output, true);
  return field.CONTINUE;
}

/** Also of a frame that goes no further and after which frames are sent to its station. */
// @ts-ignore: decorator
@inline
export function learnSource(worker: usize, descriptor: usize): void {
  const network = desc.network(descriptor);
  const port = desc.port(descriptor);
  if (networks.isLearning(network)) {
    macs.learn(worker, network, desc.source(descriptor), port, load<u32>(viewOf(worker, port), view.VIEW_GENERATION));
  } else if (TRACE) note(step.LEARN, step.LEARN_OFF);
}

/** A worker may have seen the station after this one's time was read. */
function noteFound(worker: usize, value: u64): void {
  const ageSeconds = max<i32>(<i32>(nowSeconds(worker) - <u32>(value >> mac.SEEN_SHIFT)), 0);
  note(step.LOOKUP, step.LOOKUP_FOUND, portOf(value), ageSeconds, (value >> mac.FLAGS_SHIFT) & mac.FLAG_STATIC);
}

function isCurrent(worker: usize, value: u64): bool {
  const generation = <u32>(value >> mac.GENERATION_SHIFT) & 0xff;
  return load<u32>(viewOf(worker, portOf(value)), view.VIEW_GENERATION) == generation;
}

/** Port behind which the station is, for a frame of the engine's own; -1: it is not known there any more. */
export function outputOf(worker: usize, network: u32, mac: u64): i32 {
  const value = macs.find(network, mac);
  return value == 0 || !isCurrent(worker, value) ? -1 : <i32>portOf(value);
}

/** One output for each other member; the frame itself is not copied, its slot is held once for each. */
export function flood(worker: usize, descriptor: usize, network: u32, port: u32): u32 {
  const words = (load<u32>(map.HEAD_PORT_END) + 31) >> 5;
  let waiting: i32 = -1;
  let outputs: u32 = 0;
  for (let word: u32 = 0; word < words; word++) {
    let members = networks.memberWord(network, word);
    if (word == port >> 5) members &= ~(1 << (port & 31));
    for (; members != 0; members &= members - 1) {
      if (waiting >= 0) egress(worker, descriptor, waiting, false);
      waiting = (word << 5) + <u32>ctz(members);
      outputs++;
    }
  }
  count(worker, record.FLOODED, 1);
  if (waiting < 0) return desc.drop(descriptor, reason.NO_OTHER_PORT);
  count(worker, record.COPIES, outputs - 1);
  egress(worker, descriptor, waiting, true);
  return field.CONTINUE;
}
