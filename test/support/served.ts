/** An inline engine with services, and stations at its ports that speak by packets. Every station has the addresses 10.77.0.N and fd77::N, bound to
 *  its port, but for those whose names begin with "wild": these are learned.
 *
 *      c1 c2 c3 (clients, .11-.13)      b1 b2 b3 (backends, .21-.23)      wild1 (.31)      my-service: 10.77.0.100, fd77::100           */
import * as assert from "uvu/assert";
import { parseConfig } from "../../bindings/config/parse.ts";
import type { ServiceConfig } from "../../bindings/config/types.ts";
import { Engine } from "../../bindings/engine.ts";
import { conserved } from "./conservation.ts";
import { BUILDS, type Build } from "./wasm.ts";
import type { Part } from "./packet/bytes.ts";
import { ethernet, station, TYPE_IPV4, TYPE_IPV6 } from "./packet/ethernet.ts";
import { ICMP, ICMPV6, ipv4, ipv6, TCP, UDP } from "./packet/ip.ts";
import { type Packet, readPacket, told } from "./packet/read.ts";
import { ACK, icmp, icmpv6, type Segment, SYN, tcp, udp } from "./packet/transport.ts";

const STATIONS = { c1: 11, c2: 12, c3: 13, b1: 21, b2: 22, b3: 23, wild1: 31 } as const;
export type Name = keyof typeof STATIONS;
export const VIRTUAL = "10.77.0.100";
export const VIRTUAL6 = "fd77::100";

export const addressOf = (name: Name, family: 4 | 6 = 4): string =>
  family === 4 ? `10.77.0.${STATIONS[name]}` : `fd77::${STATIONS[name]}`;
export const macOf = (name: Name): string => station(STATIONS[name]);

export const backend = (name: Name, weight = 1, family: 4 | 6 = 4) => ({
  name: family === 4 ? name : `${name}-6`,
  address: addressOf(name, family),
  port: null,
  weight,
  maxFlows: null,
});

/** TCP and UDP port 80, to 8080 of b1, b2 and b3. */
export const SERVICE: ServiceConfig = {
  name: "my-service",
  network: "blue",
  addresses: [VIRTUAL],
  ports: [
    { protocol: "tcp", port: 80, lastPort: 80, targetPort: 8080 },
    { protocol: "udp", port: 80, lastPort: 80, targetPort: 8080 },
  ],
  algorithm: "round-robin",
  backends: [backend("b1"), backend("b2"), backend("b3")],
  slowStartSeconds: 0,
  ejection: null,
  panicShare: 0,
  affinitySeconds: 0,
};

/** The same for both families. */
export const DUAL: ServiceConfig = {
  ...SERVICE,
  addresses: [VIRTUAL, VIRTUAL6],
  backends: [backend("b1"), backend("b2"), backend("b3"), backend("b1", 1, 6), backend("b2", 1, 6)],
};

export interface Heard extends Packet {
  port: Name;
  frame: Uint8Array;
}

export class Served {
  readonly engine: Engine;
  readonly heard: Heard[] = [];
  /** What is not IP. */
  readonly others: { port: Name; frame: Uint8Array }[] = [];

  private constructor(engine: Engine) {
    this.engine = engine;
    for (const name of Object.keys(STATIONS) as Name[]) {
      engine.memoryPort(name).onFrame((frame) => {
        const type = (frame[12]! << 8) | frame[13]!;
        if (type !== TYPE_IPV4 && type !== TYPE_IPV6) this.others.push({ port: name, frame: frame.slice() });
        else this.heard.push({ port: name, frame: frame.slice(), ...readPacket(frame) });
      });
    }
  }

  static async create(build: Build, service: ServiceConfig | null = SERVICE, tables: { flows?: number } = {}): Promise<Served> {
    const ports = (Object.keys(STATIONS) as Name[]).map((name) => ({
      name,
      network: "blue",
      memory: {},
      ...(name.startsWith("wild") ? {} : { mac: macOf(name), addresses: [addressOf(name), addressOf(name, 6)] }),
    }));
    const parsed = parseConfig({ networks: [{ name: "blue", subnet: ["10.77.0.0/24", "fd77::/64"] }], ports });
    const config = { ...parsed, tables: { ...parsed.tables, flows: 1024, ...tables } };
    const served = new Served(await Engine.create(config, { isolation: "inline", build, hashSeed: 7n }));
    served.engine.tick(1000);
    if (service !== null) await served.engine.addService(service);
    return served;
  }

  async close(): Promise<void> {
    conserved(this.engine.workers()[0]!);
    await this.engine.close();
  }

  /** MAC that a station would have for an address. */
  macFor(address: string): string {
    const found = (Object.keys(STATIONS) as Name[]).find((name) => addressOf(name) === address || addressOf(name, 6) === address);
    return found === undefined ? "02:00:00:00:00:ff" : macOf(found);
  }

  /** Sends an IP packet from a station, in a frame to the MAC that it has for the destination. */
  ip(
    from: Name,
    destination: string,
    protocol: number,
    payload: (ends: { source: string; destination: string }) => Part,
    options = {},
  ): void {
    const isIpv6 = destination.includes(":");
    const ends = { source: addressOf(from, isIpv6 ? 6 : 4), destination };
    const packet = isIpv6 ? ipv6({ ...ends, next: protocol }, payload(ends)) : ipv4({ ...ends, protocol, ...options }, payload(ends));
    this.engine.memoryPort(from).send(ethernet(this.macFor(destination), macOf(from), isIpv6 ? TYPE_IPV6 : TYPE_IPV4, packet));
  }

  tcp(from: Name, destination: string, segment: Segment, ...payload: Part[]): void {
    this.ip(from, destination, TCP, (ends) => tcp(ends, segment, ...payload));
  }

  udp(from: Name, destination: string, sourcePort: number, targetPort: number, ...payload: Part[]): void {
    this.ip(from, destination, UDP, (ends) => udp(ends, { sourcePort, targetPort }, ...payload));
  }

  ping(from: Name, destination: string, isReply = false, identifier = 7): void {
    const body = [identifier >> 8, identifier & 255, 0, 1, 1, 2, 3, 4];
    const isIpv6 = destination.includes(":");
    this.ip(from, destination, isIpv6 ? ICMPV6 : ICMP, (ends) =>
      isIpv6 ? icmpv6(ends, isReply ? 129 : 128, 0, body) : icmp(isReply ? 0 : 8, 0, body),
    );
  }

  /** Opens a connection of `client` from `port` through a virtual address, whose backends have port 8080; the backend that it came to. */
  open(client: Name, port: number, virtual = VIRTUAL): Name {
    const ends = { sourcePort: port, targetPort: 80 };
    assert.equal(this.take(), [], "something was heard before");
    this.tcp(client, virtual, { ...ends, flags: SYN, sequence: 100 });
    const [syn] = this.takeAll();
    assert.ok(syn, "the SYN reached nobody");
    this.tcp(syn.port, syn.source, { sourcePort: 8080, targetPort: syn.sourcePort, flags: SYN | ACK, sequence: 900, acknowledged: 101 });
    this.tcp(client, virtual, { ...ends, flags: ACK, sequence: 101, acknowledged: 901 });
    assert.is(this.takeAll().length, 2, "its answer and the answer to that arrive");
    return syn.port;
  }

  /** What was heard since the last call, as "PORT: FROM > TO FLAGS"; every checksum was right. */
  take(): string[] {
    return this.takeAll().map((packet) => `${packet.port}: ${told(packet)}`);
  }

  takeAll(): Heard[] {
    const all = this.heard.splice(0);
    for (const packet of all) assert.ok(packet.isSound, `a checksum of ${told(packet)} is wrong`);
    return all;
  }

  drops(): string[] {
    return this.engine.drops().map(({ reason, port, count }) => `${count} ${reason} at ${port}`);
  }
}

/** A case for each build: an engine with `service`, or none. */
export function story(
  test: (name: string, body: () => Promise<void>) => void,
  name: string,
  body: (served: Served) => void | Promise<void>,
  service: ServiceConfig | null = SERVICE,
): void {
  for (const build of BUILDS) {
    test(`${name} (${build})`, async () => {
      const served = await Served.create(build, service);
      await body(served);
      await served.close();
    });
  }
}
