/** Where backends are whose addresses are not bound: the engine asks for them, from the virtual address, by ARP (RFC 826) or a neighbour
 *  solicitation (RFC 4861), and takes in what stations say of themselves. */
import * as abi from "../../abi/backend";
import * as step from "../../abi/trace";
import { MAX_PORTS } from "../../abi/limits";
import * as desc from "../../memory/descriptor";
import * as pool from "../../memory/frame-pool";
import { TRACE, note } from "../../memory/trace";
import { nowSeconds } from "../../memory/worker";
import * as addresses from "../../tables/address-table";
import * as backends from "../../tables/backend-table";
import * as endpoints from "../../tables/endpoint-table";
import * as services from "../../tables/service-table";
import * as arp from "../../wire/arp";
import * as ethernet from "../../wire/ethernet";
import * as icmpv6 from "../../wire/icmpv6";
import { ICMPV6 } from "../../wire/ip-protocol";
import * as ipv6 from "../../wire/ipv6";
import * as nd from "../../wire/neighbour-discovery";
import { flood } from "../4-switch/forward";
import { complete, originate } from "../5-egress/originate";

const BROADCAST: u64 = 0xffffffffffff;
const ARP_FRAME_BYTES: u32 = ethernet.HEADER_BYTES + arp.HEADER_BYTES;
const SOLICITATION_FRAME_BYTES: u32 = ethernet.HEADER_BYTES + ipv6.HEADER_BYTES + nd.SOLICITATION_BYTES;
/** No port: everybody is asked. */
const NOBODY: u32 = MAX_PORTS;

/** Asks for `backend`, for the service that has `service`, at most once a second; whether it did. */
export function ask(worker: usize, descriptor: usize, service: usize, backend: usize): bool {
  const now = nowSeconds(worker);
  if (load<u32>(backend, abi.ASKED) == now + 1) return false;
  store<u32>(backend, now + 1, abi.ASKED);
  const isIpv4 = services.family(service) == 4;
  const question = originate(worker, desc.network(descriptor), isIpv4 ? ARP_FRAME_BYTES : SOLICITATION_FRAME_BYTES);
  if (question == 0) return false;
  if (isIpv4) writeArp(desc.frame(question), service, backend);
  else writeSolicitation(desc.frame(question), service, backend);
  complete(worker, question, NOBODY);
  flood(worker, question, desc.network(question), NOBODY);
  pool.release(worker, question);
  return true;
}

function writeArp(frame: usize, service: usize, backend: usize): void {
  const mac = services.virtualMac(service);
  ethernet.write(frame, BROADCAST, mac, ethernet.ETHER_TYPE_ARP);
  arp.write(frame + ethernet.HEADER_BYTES, arp.REQUEST, mac, load<u32>(services.virtualAddress(service)), 0, load<u32>(backends.addressOf(backend)));
}

/** To the solicited-node group of the address (RFC 4291, section 2.7.1). */
function writeSolicitation(frame: usize, service: usize, backend: usize): void {
  const mac = services.virtualMac(service);
  const target = backends.addressOf(backend);
  const ip = frame + ethernet.HEADER_BYTES;
  const message = ip + ipv6.HEADER_BYTES;
  ethernet.write(frame, 0x3333 | (0xff << 16) | (<u64>(load<u32>(target, 12) >> 8) << 24), mac, ethernet.ETHER_TYPE_IPV6);
  ipv6.write(ip, nd.SOLICITATION_BYTES, ICMPV6, nd.HOP_LIMIT_REQUIRED, services.virtualAddress(service), nd.writeGroup(ipv6.destination(ip), target));
  nd.writeSolicitation(message, target, mac);
  icmpv6.updateChecksum(message, nd.SOLICITATION_BYTES, ipv6.pseudoHeader(ip, ICMPV6, nd.SOLICITATION_BYTES));
}

/** A station says that it has an address, as two halves: backends there that are not bound to a port are at `mac` from now on. */
export function learn(network: u32, family: u32, low: u64, high: u64, mac: u64): void {
  const endpoint = endpoints.find(network, family, low, high);
  if (endpoint == 0 || endpoints.backendOf(endpoint) == 0 || addresses.isBound(network, family, low, high)) return;
  for (let next = endpoints.backendOf(endpoint); next != 0; next = backends.nextOf(backends.recordOf(next - 1))) {
    if (backends.macOf(backends.recordOf(next - 1)) == mac) continue;
    backends.setMac(backends.recordOf(next - 1), mac);
    if (TRACE) note(step.RESOLVED, 0, next - 1, 0, mac);
  }
}
