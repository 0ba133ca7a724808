/** A packet of a flow gets the ends that its receiver knows, and the MAC of its receiver; on the wire it comes from the virtual MAC. The descriptor
 *  keeps the source that it came from: that is what the switch learns. */
import * as field from "../../abi/descriptor";
import * as reason from "../../abi/drop-reason";
import * as flow from "../../abi/flow";
import * as step from "../../abi/trace";
import * as desc from "../../memory/descriptor";
import { TRACE, note } from "../../memory/trace";
import { flagsOf, instanceOf, wordOf } from "../../tables/flow-entry";
import * as services from "../../tables/service-table";
import * as ethernet from "../../wire/ethernet";
import { remember } from "./fragments";
import { noteMacs } from "./notes";
import { setDestination, setSource } from "./translate";

/** Of a flow that is not direct, in whose word was `word`. Verdict CONTINUE, or DROP: it became another flow meanwhile, or the packet is the first piece
 *  of one of which nothing may go on. */
export function rewrite(worker: usize, descriptor: usize, entry: usize, word: u64, direction: u32): u32 {
  if (isFirstPiece(descriptor) && !remember(worker, descriptor, entry | direction)) {
    if (TRACE) note(step.PIECE, step.PIECE_OVERLAPS);
    return desc.drop(descriptor, reason.FRAGMENT_OVERLAP);
  }
  return setEnds(descriptor, entry, word, direction);
}

function isFirstPiece(descriptor: usize): bool { return (desc.flags(descriptor) & field.FLAG_FRAGMENT) != 0 && desc.l4(descriptor) != 0; }

/** The same for a piece that is not the first. */
export function setEnds(descriptor: usize, entry: usize, word: u64, direction: u32): u32 {
  if (direction == flow.ORIGINAL) toBackend(descriptor, entry, flagsOf(word));
  else toClient(descriptor, entry, flagsOf(word));
  const mac = services.virtualMac(services.recordOf(load<u32>(entry, flow.SERVICE)));
  if (mac != 0) ethernet.setSource(desc.frame(descriptor), mac);
  if (TRACE) noteMacs(descriptor, ethernet.source(desc.frame(descriptor)));
  desc.setFlags(descriptor, desc.flags(descriptor) | field.FLAG_SERVED);
  return instanceOf(wordOf(entry)) == instanceOf(word) ? field.CONTINUE : desc.drop(descriptor, reason.NO_FLOW);
}

function toBackend(descriptor: usize, entry: usize, flags: u32): void {
  setDestination(descriptor, entry + flow.BACKEND_ADDRESS, load<u16>(entry, flow.BACKEND_PORT));
  if ((flags & flow.FLAG_SOURCE) != 0) setSource(descriptor, entry + flow.SOURCE_ADDRESS, load<u16>(entry, flow.SOURCE_PORT));
  send(descriptor, load<u64>(entry, flow.BACKEND_MAC));
}

/** Where the client's address was kept the backend knows itself where that is: it, or the gateway to it. */
function toClient(descriptor: usize, entry: usize, flags: u32): void {
  setSource(descriptor, entry + flow.VIRTUAL_ADDRESS, load<u16>(entry, flow.VIRTUAL_PORT));
  if ((flags & flow.FLAG_SOURCE) == 0) return;
  setDestination(descriptor, entry + flow.CLIENT_ADDRESS, load<u16>(entry, flow.CLIENT_PORT));
  send(descriptor, load<u64>(entry, flow.CLIENT_MAC));
}

function send(descriptor: usize, mac: u64): void {
  ethernet.setDestination(desc.frame(descriptor), mac);
  desc.setDestination(descriptor, mac);
}
