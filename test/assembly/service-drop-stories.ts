/** Drops of the service stage, each produced by frames: a service with one backend, and clients who cannot be served. The frames whose drop is told of go
 *  into port 0; the backend is behind port 1.                                                                            */
import * as field from "../../assembly/abi/flow.ts";
import type * as reasons from "../../assembly/abi/drop-reason.ts";
import * as assert from "uvu/assert";
import type { TestEngine } from "../support/engine.ts";
import { ramp } from "../support/packet/bytes.ts";
import { ethernet, station, TYPE_IPV4 } from "../support/packet/ethernet.ts";
import { ipv4, TCP, UDP } from "../support/packet/ip.ts";
import { ACK, SYN, tcp, udp } from "../support/packet/transport.ts";
import { insertFlow, type ServedBackend, serve, VIRTUAL, VIRTUAL_MAC } from "../support/serving.ts";

export interface ServiceStory {
  /** That the flow table holds. */
  flows: number;
  tell: (engine: TestEngine) => void;
}

const [CLIENT, BACKEND] = ["10.0.0.1", "10.0.0.2"];
const [A, B] = [station(1), station(2)];
const KNOWN: ServedBackend[] = [{ address: BACKEND, mac: B }];
/** One chunk: whoever takes it first has all of it. */
const ONE_CHUNK = 64;
const FEW = 1024;
/** Room for a flow at each port of the virtual address. */
const ALL_PORTS = 131_072;
const [TARGET_PORT, FIRST_FREE_PORT, PORTS] = [8080, 1024, 65_536];

/** A segment of a client to the virtual address. */
const segment = (targetPort: number, flags: number, ends = { source: CLIENT, destination: VIRTUAL }, mac = A): Uint8Array =>
  ethernet(
    VIRTUAL_MAC,
    mac,
    TYPE_IPV4,
    ipv4({ ...ends, protocol: TCP }, tcp(ends, { sourcePort: 40_000, targetPort, sequence: 1, flags })),
  );

/** A piece of a datagram to the virtual address, `offset` in units of eight bytes. */
const piece = (offset: number): Uint8Array => {
  const ends = { source: CLIENT, destination: VIRTUAL };
  const content = offset === 0 ? udp(ends, { sourcePort: 40_000, targetPort: 80 }, ramp(24)) : ramp(32);
  return ethernet(VIRTUAL_MAC, A, TYPE_IPV4, ipv4({ ...ends, protocol: UDP, id: 7, fragment: offset, more: true }, content));
};

const story = (flows: number, served: readonly ServedBackend[], ...frames: Uint8Array[]): ServiceStory => ({
  flows,
  tell: (engine) => {
    prepare(engine, served);
    for (const frame of frames) engine.send(0, frame);
  },
});

function prepare(engine: TestEngine, served: readonly ServedBackend[]): number {
  const network = engine.network();
  engine.accessPorts(network, 2);
  serve(engine, network, served);
  engine.apply();
  return network;
}

/** Each reply tuple of a backend that talks to its own service is another flow's already. */
function takeAllPorts(engine: TestEngine, network: number): void {
  const { tables, wasm, worker } = engine;
  const end = { address: VIRTUAL, port: 0 };
  const ends = { network, protocol: TCP, client: { address: "10.0.0.9", port: 0 }, virtual: end, source: end };
  const draft = wasm.flowDraft(worker.address);
  insertFlow(engine, worker.address, { ...ends, backend: { address: BACKEND, port: TARGET_PORT } }, field.STATE_ESTABLISHED);
  for (let port = FIRST_FREE_PORT; port < PORTS; port++) {
    for (const offset of [field.CLIENT_PORT, field.SOURCE_PORT]) tables.bytes.set([port >> 8, port & 255], draft + offset);
    const entry = wasm.insertFlow(worker.address, field.STATE_ESTABLISHED);
    assert.ok(entry > field.REFUSED_END, `no flow for port ${port}: ${entry}`);
  }
}

export const serviceStories: Record<
  Extract<
    keyof typeof reasons,
    | "NO_BACKEND"
    | "NO_SERVICE"
    | "NO_FLOW"
    | "FLOWS_FULL"
    | "BACKEND_UNRESOLVED"
    | "SOURCE_PORTS_TAKEN"
    | "FRAGMENT_UNKNOWN"
    | "FRAGMENT_OVERLAP"
  >,
  ServiceStory
> = {
  NO_BACKEND: story(FEW, [], segment(80, SYN)),
  NO_SERVICE: story(FEW, KNOWN, segment(81, SYN)),
  NO_FLOW: story(FEW, KNOWN, segment(80, ACK)),
  // another worker has all entries
  FLOWS_FULL: {
    flows: ONE_CHUNK,
    tell: (engine) => {
      const network = prepare(engine, KNOWN);
      const end = { address: "10.0.0.9", port: 1 };
      const far = { address: "10.0.0.8", port: 2 };
      const ends = { network, protocol: TCP, client: end, virtual: far, backend: far, source: end };
      assert.ok(insertFlow(engine, engine.agent, ends, field.STATE_ESTABLISHED) > field.REFUSED_END);
      engine.send(0, segment(80, SYN));
    },
  },
  BACKEND_UNRESOLVED: story(FEW, [{ address: BACKEND, mac: null }], segment(80, SYN)),
  // the backend calls its own service
  SOURCE_PORTS_TAKEN: {
    flows: ALL_PORTS,
    tell: (engine) => {
      takeAllPorts(engine, prepare(engine, KNOWN));
      engine.send(0, segment(80, SYN, { source: BACKEND, destination: VIRTUAL }, B));
    },
  },
  FRAGMENT_UNKNOWN: story(FEW, KNOWN, piece(4)),
  FRAGMENT_OVERLAP: story(FEW, KNOWN, piece(0), piece(4), piece(2)),
};
