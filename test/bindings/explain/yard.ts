/** An inline engine with a bit of everything, and random frames for it: well-formed ones of its stations and of strangers, and the same
 *  with bytes changed, cut, or under a virtio-net header that fits or does not.                                                  */
import { parseConfig } from "../../../bindings/config/parse.ts";
import { Engine } from "../../../bindings/engine.ts";
import type { Parts } from "../../../bindings/engine/parts.ts";
import type { ExplainOptions } from "../../../bindings/explain/types.ts";
import type { Build } from "../../../bindings/wasm/module.ts";
import { hex, ramp } from "../../support/packet/bytes.ts";
import { arp, BROADCAST, ethernet, TYPE_ARP, TYPE_EXPERIMENT, TYPE_IPV4, TYPE_IPV6, tagged } from "../../support/packet/ethernet.ts";
import { ipv4, ipv6 } from "../../support/packet/ip.ts";
import * as nd from "../../support/packet/neighbour.ts";
import { offload } from "../../support/packet/offload.ts";
import type { Random } from "../../support/packet/random.ts";
import { superFrame } from "../../support/packet/super-frame.ts";
import { ACK, echo, FIN, icmp, RST, SYN, tcp, udp } from "../../support/packet/transport.ts";

/** Of a station. */
export const mac = (number: number): string => `02:00:00:00:00:${number.toString(16).padStart(2, "0")}`;

const memory = {};
const CONFIG = {
  tables: { flows: 1024 },
  networks: [
    { name: "blue", subnet: ["10.77.0.0/24", "fd77::/64"] },
    { name: "green", subnet: "10.78.0.0/24", learning: false },
    { name: "lone", mtu: 1280, macAgeSeconds: 15 },
  ],
  ports: [
    { name: "a", network: "blue", memory, mac: mac(1), addresses: ["10.77.0.1", "fd77::1"] },
    { name: "b", network: "blue", memory: { offload: true }, mac: mac(2), addresses: ["10.77.0.2", "fd77::2"] },
    { name: "c", network: "blue", memory, macLimit: 2 },
    { name: "d", network: "blue", memory, mtu: 1280, mac: mac(4), addresses: ["10.77.0.4"], sourceCheck: false },
    { name: "e", network: "green", memory, staticMacs: [mac(5)] },
    { name: "t", trunk: { blue: 10, green: 20 }, native: "green", memory },
    { name: "u", trunk: { blue: 10 }, memory: { offload: true } },
    { name: "z", network: "lone", memory },
  ],
  services: [
    {
      name: "web",
      network: "blue",
      address: ["10.77.0.100", "fd77::100"],
      ports: [
        { protocol: "tcp" as const, port: 80 },
        { protocol: "udp" as const, port: 80 },
      ],
      algorithm: "power-of-two" as const,
      // nobody is ever at the last one; .9 is whoever says so
      backends: [...["10.77.0.1", "10.77.0.2", "10.77.0.4", "10.77.0.9", "fd77::99"].map((address) => ({ address }))],
      ejection: false as const,
    },
  ],
};
export const [VIRTUAL, VIRTUAL6] = ["10.77.0.100", "fd77::100"];
export const PORTS = CONFIG.ports.map(({ name }) => name);
/** Ports that take a virtio-net header. */
export const WITH_OFFLOAD = CONFIG.ports
  .filter(({ memory: { offload: takes = false } }: { memory: { offload?: boolean } }) => takes)
  .map(({ name }) => name);

const STATIONS = [1, 2, 4, 5, 6, 7, 8, 9].map(mac);
const IPV4 = ["10.77.0.1", "10.77.0.2", "10.77.0.4", "10.77.0.9", "10.78.0.1", "0.0.0.0"];
const BOUND = ["10.77.0.1", "10.77.0.2", "10.77.0.4"];
const IPV6 = ["fd77::1", "fd77::2", "fd77::9", "::", "fe80::ff:fe00:1", "fe80::5", "ff02::1"];

export interface RandomFrame {
  port: string;
  frame: Uint8Array;
  options: ExplainOptions;
}

/** @param build of the engine that forwards. */
export async function makeYard(build: Build): Promise<{ engine: Engine; tables: () => Uint8Array }> {
  const engine = await Engine.create(parseConfig(CONFIG), { isolation: "inline", build, hashSeed: 7n });
  const { store } = (engine as unknown as { parts: Parts }).parts;
  return { engine, tables: () => store.tables.bytes.subarray(0, store.layout.workersBase) };
}

/** A frame and where it enters. */
export function randomFrame(chance: Random): RandomFrame {
  const port = chance.pick(PORTS);
  if (chance.below(3) === 0) return randomServedFrame(chance);
  if (chance.below(10) === 0) return { port, ...randomSuperFrame(chance) };
  const whole = mutated(chance, randomTags(chance, wellFormed(chance, port)));
  if (chance.below(8) === 0)
    return { port, frame: whole.subarray(0, chance.below(whole.length + 1)), options: { originalBytes: whole.length } };
  return { port, frame: whole, options: chance.below(12) === 0 ? { offload: randomOffload(chance) } : {} };
}

/** Half of them from the station and the addresses that the port has. */
function wellFormed(chance: Random, port: string): Uint8Array {
  const { pick, below } = chance;
  const own = below(2) === 0 ? CONFIG.ports.find(({ name }) => name === port) : undefined;
  const [from, to] = [own?.mac ?? pick(STATIONS), pick([...STATIONS, BROADCAST, "33:33:00:00:00:01"])];
  const four = { source: own?.addresses?.[0] ?? pick(IPV4), destination: pick(IPV4) };
  const six = { source: own?.addresses?.[1] ?? pick(IPV6), destination: pick(IPV6) };
  const ports = { sourcePort: pick([67, 68, 546, 547, 5000]), targetPort: pick([67, 68, 547, 80]) };
  const payload = ramp(pick([0, 5, 60, 1200, 1480, 1600]));
  const mss = [2, 4, ...hex("05b4")];
  const kinds = [
    () =>
      arp({
        operation: pick([1, 1, 2, 3]),
        senderMac: pick([from, pick(STATIONS)]),
        senderAddress: four.source,
        targetAddress: four.destination,
      }),
    () => ipv4({ ...four, protocol: 17 }, udp(four, ports, payload)),
    () => ipv4({ ...four, protocol: 6 }, tcp(four, { ...ports, sequence: 1, flags: SYN, options: mss }, payload)),
    () => ipv4({ ...four, protocol: 6 }, tcp(four, { ...ports, sequence: 1, flags: ACK }, payload)),
    () => ipv4({ ...four, protocol: 1 }, echo(8, 1, 1, payload)),
    () => ipv6({ ...six, next: 17 }, udp(six, ports, payload)),
    () => ipv6({ ...six, next: 6 }, tcp(six, { ...ports, sequence: 1, flags: SYN | ACK, options: mss }, payload)),
  ];
  const kind = below(kinds.length + 4);
  if (below(12) === 0) {
    const question = arp({ operation: 1, senderMac: from, senderAddress: four.source, targetAddress: pick(BOUND) });
    return ethernet(BROADCAST, from, TYPE_ARP, question);
  }
  if (below(20) === 0) return nd.udp4({ from, to: BROADCAST }, four, 67, 68);
  if (kind === kinds.length) return nd.solicitation(from, six.source, six.destination);
  if (kind === kinds.length + 1) return nd.advertisement(from, six.source, six.destination, 0x20);
  if (kind === kinds.length + 2) return nd.listener(from, six.source, pick([131, 132, 143]));
  if (kind === kinds.length + 3) return ethernet(to, from, TYPE_EXPERIMENT, payload);
  const type = kind === 0 ? TYPE_ARP : kind < 5 ? TYPE_IPV4 : TYPE_IPV6;
  return ethernet(to, from, type, kinds[kind]?.() ?? []);
}

/** Three of four as they are. */
function randomServedFrame(chance: Random): RandomFrame {
  const port = chance.pick(["a", "b", "c", "c", "c", "d"]);
  const own = CONFIG.ports.find(({ name }) => name === port);
  const [source, source6] = [own?.addresses?.[0] ?? chance.pick(IPV4), own?.addresses?.[1] ?? chance.pick(IPV6)];
  const frame = servedFrame(chance, own?.mac ?? chance.pick(STATIONS), source, source6);
  return { port, frame: chance.below(4) === 0 ? mutated(chance, frame) : frame, options: {} };
}

/** To a virtual address, of all kinds, and questions and answers about it. */
function servedFrame({ pick, below }: Random, from: string, source: string, source6: string): Uint8Array {
  const [four, six] = [
    { source, destination: VIRTUAL },
    { source: source6, destination: VIRTUAL6 },
  ];
  const ports = { sourcePort: pick([67, 5000, 5001]), targetPort: pick([80, 80, 80, 81]) };
  const segment = { ...ports, sequence: below(3) * 1000, acknowledged: below(2), flags: pick([SYN, SYN, ACK, RST, FIN | ACK]) };
  const id = below(3);
  const error = (about: string) =>
    icmp(3, pick([3, 4]), [0, 0, 0, 0], ipv4({ source, destination: about, protocol: 17 }, udp(four, ports)));
  const to = (packet: Uint8Array, type = TYPE_IPV4) => ethernet(pick(STATIONS), from, type, packet);
  const kinds = [
    () => to(ipv4({ ...four, protocol: 6 }, tcp(four, segment, ramp(below(20))))),
    () => to(ipv4({ ...four, protocol: 17 }, udp(four, ports, ramp(below(20))))),
    () => to(ipv4({ ...four, protocol: pick([1, 47]) }, echo(pick([8, 0]), 1, 1, ramp(8)))),
    () => to(ipv4({ ...four, protocol: 17, id, fragment: 0, more: true }, udp(four, ports, ramp(24)))),
    () => to(ipv4({ ...four, protocol: 17, id, fragment: pick([2, 4, 8]), more: below(2) === 0 }, ramp(32))),
    () => to(ipv4({ source: pick(IPV4), destination: source, protocol: 1 }, error(pick([VIRTUAL, ...BOUND])))),
    () =>
      to(ipv4({ source, destination: pick(BOUND), protocol: 6 }, tcp({ source, destination: BOUND[0]! }, { ...segment, targetPort: 80 }))),
    () => to(ipv6({ ...six, next: 6 }, tcp(six, segment)), TYPE_IPV6),
    () => ethernet(BROADCAST, from, TYPE_ARP, arp({ operation: 1, senderMac: from, senderAddress: source, targetAddress: VIRTUAL })),
    () => ethernet(pick(STATIONS), from, TYPE_ARP, arp({ operation: 2, senderMac: from, senderAddress: source, targetAddress: VIRTUAL })),
    () => nd.solicitation(from, source6, VIRTUAL6),
  ];
  return pick(kinds)();
}

function randomTags({ below, pick }: Random, frame: Uint8Array): Uint8Array {
  const tags = pick([0, 0, 1, 1, 1, 2, 3]);
  const tag = () => ({ id: pick([0, 10, 20, 30]), priority: below(8), type: pick([0x8100, 0x8100, 0x88a8]) });
  return tags === 0 ? frame : tagged(frame, ...Array.from({ length: tags }, tag));
}

/** One in three: some bytes changed, or the end cut off. */
function mutated(chance: Random, frame: Uint8Array): Uint8Array {
  const fate = chance.below(6);
  if (fate === 0) return chance.bytes(chance.below(120));
  if (fate === 1) return frame.slice(0, chance.below(frame.length + 1));
  if (fate !== 2) return frame;
  const changed = frame.slice();
  for (let times = 1 + chance.below(4); times > 0; times--) changed[chance.below(Math.min(changed.length, 70))] = chance.below(256);
  return changed;
}

function randomSuperFrame(chance: Random): { frame: Uint8Array; options: ExplainOptions } {
  const { pick, below } = chance;
  const ends = pick([
    { source: pick(IPV4), destination: pick(IPV4) },
    { source: pick(IPV6), destination: pick(IPV6) },
  ]);
  const made = superFrame({
    from: pick(STATIONS),
    to: pick(STATIONS),
    ends,
    payload: ramp(1 + below(20_000)),
    segmentBytes: pick([300, 1400, 1448]),
  });
  return { frame: mutated(chance, made.frame), options: { offload: below(4) === 0 ? randomOffload(chance) : made.offload } };
}

function randomOffload({ below, pick }: Random): Uint8Array {
  return offload({
    flags: below(3),
    type: pick([0, 1, 3, 4, 5]),
    headerBytes: below(80),
    segmentBytes: below(2000),
    start: below(80),
    offset: below(20),
  });
}
