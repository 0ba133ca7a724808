/** Resets of the engine's own (RFC 9293, section 3.10.7). At the end of a connection that was silent for too long both of its ends get one, which they
 *  accept because it has exactly the number that they expect next (RFC 5961, section 3.2): the last acknowledgment that they sent. So nobody
 *  hangs in a connection that the engine has forgotten. An end whose acknowledgment was never seen, or whose station is not known any more,
 *  gets none; nor does anybody while no slot is free. */
import * as flow from "../../abi/flow";
import * as service from "../../abi/service";
import { load16 } from "../../memory/bytes";
import * as desc from "../../memory/descriptor";
import { addressesOf } from "../../tables/flow-entry";
import * as services from "../../tables/service-table";
import * as ethernet from "../../wire/ethernet";
import { TCP } from "../../wire/ip-protocol";
import * as ipv4 from "../../wire/ipv4";
import * as ipv6 from "../../wire/ipv6";
import * as tcp from "../../wire/tcp";
import { outputOf } from "../4-switch/forward";
import { originate, send } from "../5-egress/originate";

/** Time to live and hop limit of what the engine sends as the end of a connection. */
export const HOPS: u32 = 64;

/** A frame for a reset, its Ethernet header written; 0: no slot is free. */
export function beginReset(worker: usize, network: u32, isIpv4: bool, to: u64, from: u64): usize {
  const made = originate(worker, network, ethernet.HEADER_BYTES + packetBytes(isIpv4));
  if (made != 0) ethernet.write(desc.frame(made), to, from, isIpv4 ? ethernet.ETHER_TYPE_IPV4 : ethernet.ETHER_TYPE_IPV6);
  return made;
}

/** Where the TCP header of a reset is to be written, without its checksum. */
export function segmentOf(made: usize, isIpv4: bool): usize {
  return desc.frame(made) + ethernet.HEADER_BYTES + (isIpv4 ? ipv4.HEADER_BYTES : ipv6.HEADER_BYTES);
}

/** Sends a reset whose TCP header is written, from one address to another, by `output`. */
export function finishReset(worker: usize, made: usize, isIpv4: bool, from: usize, to: usize, output: u32): void {
  const segment = segmentOf(made, isIpv4);
  const packet = desc.frame(made) + ethernet.HEADER_BYTES;
  if (isIpv4) ipv4.write(packet, packetBytes(isIpv4), TCP, HOPS, load<u32>(from), load<u32>(to));
  else ipv6.write(packet, tcp.HEADER_BYTES, TCP, HOPS, from, to);
  const pseudo = isIpv4 ? ipv4.pseudoHeader(packet, TCP, tcp.HEADER_BYTES) : ipv6.pseudoHeader(packet, TCP, tcp.HEADER_BYTES);
  tcp.updateChecksum(segment, tcp.HEADER_BYTES, pseudo);
  send(worker, made, output);
}

function packetBytes(isIpv4: bool): u32 { return (isIpv4 ? ipv4.HEADER_BYTES : ipv6.HEADER_BYTES) + tcp.HEADER_BYTES; }

/** Resets both ends of the TCP flow at `entry`, whose word had these flags (abi/flow.ts) when its time was out. The client hears it from the virtual
 *  MAC, and so does a backend that does not know the client; where nothing is translated each hears it from the other. */
export function resetEnds(worker: usize, entry: usize, flags: u32): void {
  const client = load<u64>(entry, flow.CLIENT_MAC);
  const backend = load<u64>(entry, flow.BACKEND_MAC);
  const virtual = load<u64>(services.recordOf(load<u32>(entry, flow.SERVICE)), service.VIRTUAL_MAC);
  const isDirect = (flags & flow.FLAG_DIRECT) != 0 || virtual == 0;
  const isHidden = !isDirect && (flags & flow.FLAG_SOURCE) != 0;
  resetSender(worker, entry, flow.ORIGINAL, client, isDirect ? backend : virtual);
  resetSender(worker, entry, flow.REPLY, backend, isHidden ? virtual : client);
}

/** Resets whoever sends in `direction`, at the station `to`. */
function resetSender(worker: usize, entry: usize, direction: u32, to: u64, from: u64): void {
  const network = <u32>load<u16>(entry, flow.NETWORK);
  const isIpv4 = load<u8>(entry, flow.FAMILY) == 4;
  const expected = load<u32>(entry + direction * 4, flow.CLIENT_ACKNOWLEDGMENT);
  const output = expected == 0 ? -1 : outputOf(worker, network, to);
  if (output < 0) return;
  const reset = beginReset(worker, network, isIpv4, to, from);
  if (reset == 0) return;
  const sent = load<u32>(entry + direction * 4, flow.CLIENT_SEQUENCE);
  const ports = entry + flow.CLIENT_PORT + direction * 4;
  tcp.write(segmentOf(reset, isIpv4), load16(ports + 2), load16(ports), expected, sent, tcp.RST | tcp.ACK);
  const sender = addressesOf(entry, direction);
  finishReset(worker, reset, isIpv4, sender + 16, sender, output);
}
