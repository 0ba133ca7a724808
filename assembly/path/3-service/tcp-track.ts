/** What segments say of their connection: its state, what each side expects next, how long the backend took.
 *
 *      HALF_OPEN --SYN,ACK from the backend, ACK from the client--> ESTABLISHED --FIN--> CLOSING --both FIN, ACK--> TIME_WAIT
 *          |                                                            |                   |
 *          +------------- a reset that its receiver accepts ------------+-------------------+--> the flow ends
 *
 *  RFC 9293 (states, resets), RFC 6191 (a SYN takes the place of a connection in TIME_WAIT), RFC 5961 (which resets are accepted). */
import * as flow from "../../abi/flow";
import * as desc from "../../memory/descriptor";
import { nowUs } from "../../memory/worker";
import * as backends from "../../tables/backend-table";
import { flagsOf, stateOf } from "../../tables/flow-entry";
import * as flows from "../../tables/flow-table";
import * as tcp from "../../wire/tcp";
import { measure, measureSince } from "./measure";

/** How far a reset may lie from what is expected: about a window. */
const RESET_WINDOW: u32 = 0x100000;
const BOTH_FIN: u32 = flow.FLAG_CLIENT_FIN | flow.FLAG_BACKEND_FIN;

/** It asks for a new connection. */
export function isSyn(segment: usize): bool { return (tcp.flags(segment) & (tcp.SYN | tcp.ACK | tcp.RST)) == tcp.SYN; }

/** The segment begins a connection, whatever there was before: beyond the last sequence number of one in TIME_WAIT, or once more to a backend
 *  that has not answered and is not to be had any more. */
export function isNew(descriptor: usize, entry: usize, word: u64): bool {
  const segment = desc.l4(descriptor);
  if (!isSyn(segment)) return false;
  if (stateOf(word) == flow.STATE_TIME_WAIT) return <i32>(tcp.sequence(segment) - load<u32>(entry, flow.CLIENT_SEQUENCE)) >= 0;
  if (stateOf(word) != flow.STATE_HALF_OPEN || (flagsOf(word) & (flow.FLAG_ANSWERED | flow.FLAG_DIRECT)) != 0) return false;
  const backend = flows.backendOf(entry);
  return backend != 0 && !backends.isWanted(backend);
}

/** Takes a segment of a flow in whose word was `word`. Nothing brings one out of TIME_WAIT (RFC 1337). */
export function follow(worker: usize, descriptor: usize, entry: usize, direction: u32, word: u64): void {
  if (stateOf(word) == flow.STATE_TIME_WAIT) return;
  const segment = desc.l4(descriptor);
  const flags = tcp.flags(segment);
  if ((flags & tcp.RST) != 0) return reset(worker, segment, entry, direction, word);
  const payload = desc.l4Bytes(descriptor) - tcp.headerBytes(segment);
  expect(segment, entry, direction, payload);
  const bits = bitsAfter(worker, entry, direction, flags, payload, flagsOf(word));
  const state = stateAfter(stateOf(word), direction, flags, bits, flagsOf(word));
  if (state == stateOf(word) && bits == flagsOf(word)) return;
  if (!flows.change(worker, entry, word, state, bits)) return;
  const backend = flows.backendOf(entry);
  if (backend != 0 && ((bits & ~flagsOf(word)) & flow.FLAG_ANSWERED) != 0) backends.answered(backend);
}

/** Where the next sequence number of the side that sends in `direction` stands. */
function sequenceOf(entry: usize, direction: u32): usize { return entry + (direction == flow.ORIGINAL ? flow.CLIENT_SEQUENCE : flow.BACKEND_SEQUENCE); }
/** Where its last acknowledgment stands. */
function acknowledgmentOf(entry: usize, direction: u32): usize {
  return entry + (direction == flow.ORIGINAL ? flow.CLIENT_ACKNOWLEDGMENT : flow.BACKEND_ACKNOWLEDGMENT);
}

/** Remembers what comes next from this side, and how far it has taken in what the other one sent. */
function expect(segment: usize, entry: usize, direction: u32, payload: u32): void {
  const flags = tcp.flags(segment);
  const next = tcp.sequence(segment) + payload + <u32>((flags & tcp.SYN) != 0) + <u32>((flags & tcp.FIN) != 0);
  const at = sequenceOf(entry, direction);
  if ((flags & tcp.SYN) != 0 || <i32>(next - load<u32>(at)) > 0) store<u32>(at, next);
  if ((flags & tcp.ACK) != 0) store<u32>(acknowledgmentOf(entry, direction), tcp.acknowledgment(segment));
}

/** Flags of the flow after the segment; takes times when they are there to be taken. */
function bitsAfter(worker: usize, entry: usize, direction: u32, flags: u32, payload: u32, before: u32): u32 {
  let bits = before;
  if ((flags & tcp.FIN) != 0) bits |= direction == flow.ORIGINAL ? flow.FLAG_CLIENT_FIN : flow.FLAG_BACKEND_FIN;
  if (direction == flow.ORIGINAL) {
    if ((flags & tcp.SYN) != 0 && (bits & flow.FLAG_ANSWERED) == 0) askedAgain(entry);
    if (payload == 0 || (bits & (flow.FLAG_REQUESTED | flow.FLAG_MEASURED | flow.FLAG_ANSWERED)) != flow.FLAG_ANSWERED) return bits;
    store<u32>(entry, nowUs(worker), flow.REQUEST_US);
    return bits | flow.FLAG_REQUESTED;
  }
  if ((flags & tcp.SYN) != 0 && (bits & flow.FLAG_ANSWERED) == 0) {
    store<u32>(entry, nowUs(worker) - load<u32>(entry, flow.REQUEST_US), flow.REQUEST_US);
    bits |= flow.FLAG_ANSWERED;
  }
  const isOver = payload > 0 || (flags & tcp.FIN) != 0;
  if (!isOver || (bits & (flow.FLAG_MEASURED | flow.FLAG_ANSWERED)) != flow.FLAG_ANSWERED) return bits;
  takeTime(worker, entry, bits);
  return bits | flow.FLAG_MEASURED;
}

/** From the client's first data to the backend's first answer; where the backend speaks first, or nobody does, the handshake. */
function takeTime(worker: usize, entry: usize, bits: u32): void {
  if ((bits & flow.FLAG_REQUESTED) != 0) measureSince(worker, entry, load<u32>(entry, flow.REQUEST_US));
  else measure(worker, entry, load<u32>(entry, flow.REQUEST_US));
}

/** A SYN came again: the backend has let the first one be. */
function askedAgain(entry: usize): void {
  const backend = flows.backendOf(entry);
  if (backend != 0) backends.fail(backend);
}

function stateAfter(state: u32, direction: u32, flags: u32, bits: u32, before: u32): u32 {
  if ((bits & BOTH_FIN) == BOTH_FIN) return (before & BOTH_FIN) == BOTH_FIN && (flags & tcp.ACK) != 0 ? flow.STATE_TIME_WAIT : flow.STATE_CLOSING;
  if ((bits & BOTH_FIN) != 0) return flow.STATE_CLOSING;
  const isAcknowledged = direction == flow.ORIGINAL && (flags & tcp.ACK) != 0 && (bits & flow.FLAG_ANSWERED) != 0;
  return state == flow.STATE_HALF_OPEN && isAcknowledged ? flow.STATE_ESTABLISHED : state;
}

/** Ends the flow when the receiver will accept the reset. */
function reset(worker: usize, segment: usize, entry: usize, direction: u32, word: u64): void {
  const flags = flagsOf(word);
  if (!isAccepted(segment, entry, direction, flags)) return;
  const isRefusal = direction == flow.REPLY && (flags & flow.FLAG_ANSWERED) == 0;
  const backend = flows.backendOf(entry);
  if (!flows.remove(worker, entry, word) || backend == 0 || !isRefusal) return;
  backends.fail(backend);
}

/** Of a SYN's refusal by its acknowledgment, else by its sequence number, which must lie in what the receiver waits for. */
function isAccepted(segment: usize, entry: usize, direction: u32, flags: u32): bool {
  if (direction == flow.REPLY && (flags & flow.FLAG_ANSWERED) == 0) {
    return (tcp.flags(segment) & tcp.ACK) != 0 && tcp.acknowledgment(segment) == load<u32>(entry, flow.CLIENT_SEQUENCE);
  }
  const acknowledged = load<u32>(acknowledgmentOf(entry, 1 - direction));
  return tcp.sequence(segment) - acknowledged < RESET_WINDOW || tcp.sequence(segment) == load<u32>(sequenceOf(entry, direction));
}
