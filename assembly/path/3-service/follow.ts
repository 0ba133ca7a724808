/** A packet of a known flow: what it changes of the flow, and its own new ends. */
import * as field from "../../abi/descriptor";
import * as flow from "../../abi/flow";
import * as step from "../../abi/trace";
import * as desc from "../../memory/descriptor";
import { TRACE } from "../../memory/trace";
import * as backends from "../../tables/backend-table";
import { flagsOf, isLive, stateOf, wordOf } from "../../tables/flow-entry";
import * as flows from "../../tables/flow-table";
import { TCP, UDP } from "../../wire/ip-protocol";
import { measureSince } from "./measure";
import { noteFlow } from "./notes";
import * as packet from "./packet";
import { rewrite } from "./rewrite";
import * as track from "./tcp-track";

/** Instead of a verdict: there is no such flow any more, a new one may begin. */
export const BEGIN_ANEW: u32 = 255;

/** Takes the packet to where the flow at `entry` goes. Verdict, or BEGIN_ANEW. */
export function follow(worker: usize, descriptor: usize, entry: usize, direction: u32): u32 {
  const word = wordOf(entry);
  if (!isLive(word) || !packet.isOf(descriptor, entry, direction)) return BEGIN_ANEW;
  if (TRACE) noteFlow(direction == flow.ORIGINAL ? step.FLOW_ORIGINAL : step.FLOW_REPLY, entry, word);
  const protocol = desc.protocol(descriptor);
  if (direction == flow.ORIGINAL && mayBeginAnew(descriptor, entry, word, protocol)) {
    flows.remove(worker, entry, word);
    return BEGIN_ANEW;
  }
  flows.touch(worker, entry);
  count(entry, direction, desc.bytes(descriptor));
  if ((flagsOf(word) & flow.FLAG_DIRECT) == 0 && rewrite(worker, descriptor, entry, word, direction) == field.DROP) return field.DROP;
  if (protocol == TCP) track.follow(worker, descriptor, entry, direction, word);
  else if (direction == flow.REPLY && (flagsOf(word) & flow.FLAG_ANSWERED) == 0) answer(worker, entry, word, protocol);
  return field.CONTINUE;
}

/** A new connection takes the place of one that has ended, and a request looks for another backend where its own cannot be had. */
function mayBeginAnew(descriptor: usize, entry: usize, word: u64, protocol: u32): bool {
  if (protocol == TCP) return track.isNew(descriptor, entry, word);
  if (protocol != UDP || (flagsOf(word) & flow.FLAG_DIRECT) != 0) return false;
  const backend = flows.backendOf(entry);
  return backend != 0 && !backends.isWanted(backend);
}

/** Each direction is counted by the worker that reads its port; two at once may lose one. */
function count(entry: usize, direction: u32, bytes: u32): void {
  const at = entry + flow.CLIENT_FRAMES + direction * (flow.BACKEND_FRAMES - flow.CLIENT_FRAMES);
  store<u64>(at, load<u64>(at) + 1);
  store<u64>(at, load<u64>(at, 8) + bytes, 8);
}

/** The first reply to a request by UDP or echo. */
function answer(worker: usize, entry: usize, word: u64, protocol: u32): void {
  const state = protocol == UDP ? flow.STATE_UDP : stateOf(word);
  if (!flows.change(worker, entry, word, state, flagsOf(word) | flow.FLAG_ANSWERED | flow.FLAG_MEASURED)) return;
  const backend = flows.backendOf(entry);
  if (backend != 0) backends.answered(backend);
  measureSince(worker, entry, load<u32>(entry, flow.REQUEST_US));
}
