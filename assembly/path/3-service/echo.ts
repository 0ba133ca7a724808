/** ICMP echo to a virtual address is answered by the engine itself (design, section 3): whether a service can be reached does not depend on a backend.
 *  RFC 792, RFC 4443. The frame is consumed; the reply is a copy of it with its ends swapped. */
import * as field from "../../abi/descriptor";
import * as reason from "../../abi/drop-reason";
import * as record from "../../abi/worker";
import * as desc from "../../memory/descriptor";
import { TRACE } from "../../memory/trace";
import { count } from "../../memory/worker";
import * as ethernet from "../../wire/ethernet";
import * as icmpv4 from "../../wire/icmpv4";
import * as icmpv6 from "../../wire/icmpv6";
import * as ipv4 from "../../wire/ipv4";
import * as ipv6 from "../../wire/ipv6";
import { originate, send } from "../5-egress/originate";
import { noteEcho } from "./notes";
import * as packet from "./packet";
import { HOPS } from "./reset";

/** Verdict CONSUME (answered), or DROP. The frame holds an echo request to a virtual address. */
export function answerEcho(worker: usize, descriptor: usize): u32 {
  const reply = originate(worker, desc.network(descriptor), desc.bytes(descriptor));
  if (TRACE) noteEcho(descriptor);
  if (reply == 0) return desc.drop(descriptor, reason.POOL_EMPTY);
  const from = desc.frame(descriptor);
  const frame = desc.frame(reply);
  memory.copy(frame, from, desc.bytes(descriptor));
  ethernet.setDestination(frame, desc.source(descriptor));
  ethernet.setSource(frame, desc.destination(descriptor));
  const ip = frame + (desc.l3(descriptor) - from);
  const message = frame + (desc.l4(descriptor) - from);
  if (packet.isIpv4(descriptor)) {
    ipv4.swapAddresses(ip);
    ipv4.setTimeToLive(ip, HOPS);
    ipv4.updateChecksum(ip);
    icmpv4.turnIntoReply(message);
  } else {
    ipv6.copy(ipv6.source(ip), packet.destination(descriptor));
    ipv6.copy(ipv6.destination(ip), packet.source(descriptor));
    ipv6.setHopLimit(ip, HOPS);
    icmpv6.turnIntoReply(message);
  }
  count(worker, record.ANSWERED, 1);
  send(worker, reply, desc.port(descriptor));
  return field.CONSUME;
}

/** Whether the packet, which is one of ICMP, is an echo request or reply, whole. */
export function isEchoMessage(descriptor: usize): bool {
  if ((desc.flags(descriptor) & field.FLAG_FRAGMENT) != 0 || desc.l4Bytes(descriptor) < icmpv4.HEADER_BYTES) return false;
  return packet.isIpv4(descriptor) ? icmpv4.isEcho(desc.l4(descriptor)) : icmpv6.isEcho(desc.l4(descriptor));
}

/** Of an echo message: it is a request. */
export function isEchoRequest(descriptor: usize): bool {
  return packet.isIpv4(descriptor) ? icmpv4.isEchoRequest(desc.l4(descriptor)) : icmpv6.isEchoRequest(desc.l4(descriptor));
}
