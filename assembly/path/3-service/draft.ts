/** A flow that is about to begin, laid out in the worker's draft (abi/flow.ts). As long as nothing else is said it goes to whom the packet is addressed. */
import * as flow from "../../abi/flow";
import * as map from "../../abi/memory-map";
import * as desc from "../../memory/descriptor";
import { nowUs } from "../../memory/worker";
import { TCP } from "../../wire/ip-protocol";
import * as tcp from "../../wire/tcp";
import * as packet from "./packet";

/** Both tuples are those of the packet; its frame is the first one.
 *  @param backend index + 1, 0: none. */
export function write(worker: usize, descriptor: usize, draft: usize, service: u32, backend: u32): void {
  writeEnds(descriptor, draft, packet.head(descriptor), rotl<u32>(packet.ports(descriptor), 16), service);
  store<u32>(draft, backend, flow.BACKEND);
  store<u64>(draft, desc.source(descriptor), flow.CLIENT_MAC);
  store<u64>(draft, desc.destination(descriptor), flow.BACKEND_MAC);
  store<u32>(draft, nowUs(worker), flow.REQUEST_US);
  store<u64>(draft, 1, flow.CLIENT_FRAMES);
  store<u64>(draft, desc.bytes(descriptor), flow.CLIENT_BYTES);
  if (desc.protocol(descriptor) == TCP) store<u32>(draft, tcp.sequence(desc.l4(descriptor)) + 1, flow.CLIENT_SEQUENCE);
}

/** Which backend a client of `service` has, an entry of its own kind (abi/flow.ts, AFFINITY). */
export function writeAffinity(descriptor: usize, draft: usize, service: u32): void {
  const head = <u64>(desc.network(descriptor) | (flow.AFFINITY << 16) | (packet.family(descriptor) << 24));
  writeEnds(descriptor, draft, head, flow.AFFINITY_PORT * 0x10001, service);
}

/** A draft whose tuples have the addresses of the packet: the original one with `head`, the reply with `replyPorts`, source port in the lower half. */
function writeEnds(descriptor: usize, draft: usize, head: u64, replyPorts: u32, service: u32): void {
  memory.fill(draft, 0, map.FLOW_BYTES);
  store<u64>(draft, head, flow.NETWORK);
  store<u32>(draft, replyPorts, flow.BACKEND_PORT);
  store<u32>(draft, service, flow.SERVICE);
  packet.copyAddress(descriptor, draft + flow.CLIENT_ADDRESS, packet.source(descriptor));
  packet.copyAddress(descriptor, draft + flow.VIRTUAL_ADDRESS, packet.destination(descriptor));
  memory.copy(draft + flow.BACKEND_ADDRESS, draft + flow.VIRTUAL_ADDRESS, 16);
  memory.copy(draft + flow.SOURCE_ADDRESS, draft + flow.CLIENT_ADDRESS, 16);
}

/** It goes to the 16 bytes at `address`, `port` (host order) and `mac`. */
export function setBackend(draft: usize, address: usize, port: u32, mac: u64): void {
  memory.copy(draft + flow.BACKEND_ADDRESS, address, 16);
  store<u16>(draft, bswap<u16>(<u16>port), flow.BACKEND_PORT);
  store<u64>(draft, mac, flow.BACKEND_MAC);
}

/** To its backend it comes from the 16 bytes at `address`, `port` (host order). */
export function setSource(draft: usize, address: usize, port: u32): void {
  memory.copy(draft + flow.SOURCE_ADDRESS, address, 16);
  store<u16>(draft, bswap<u16>(<u16>port), flow.SOURCE_PORT);
}
