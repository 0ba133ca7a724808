/** Portyard itself, as a program that embeds it gets it: a forwarder process of its own, one worker, tables on tmpfs. Ports
 *  are TAPs in the containers' namespaces, or the ends of veth pairs in the host's. */
import type { EngineOptions } from "../../bindings/index.ts";
import { Engine, parseConfig } from "../../bindings/index.ts";
import { onEnd } from "../support/cleanup.ts";
import { connectByVeth, type End, type Ends, makeEnds, running } from "./ends.ts";
import { END_DEVICE, type RunningSwitch, type SwitchUnderTest } from "./types.ts";

export const SPIN_MICROSECONDS = 50;
export const NETWORK = "bench";
const SUBNET = "10.200.0.0/16";

const uring = { io: "uring" } as const;
const syscall = { io: "syscall" } as const;
const spin = { spinMicroseconds: SPIN_MICROSECONDS };

export const PORTYARD: readonly SwitchUnderTest[] = [
  portyard("uring", "Portyard, TAP, io_uring", "tap", uring),
  portyard("syscall", "Portyard, TAP, read and write", "tap", syscall),
  portyard("packet", "Portyard, veth with packet sockets, io_uring", "packet", uring),
  portyard("uring-spin", `Portyard, TAP, io_uring, spinning ${SPIN_MICROSECONDS} us before it sleeps`, "tap", { ...uring, ...spin }),
  portyard("syscall-spin", `Portyard, TAP, read and write, spinning ${SPIN_MICROSECONDS} us`, "tap", { ...syscall, ...spin }),
  portyard("packet-spin", `Portyard, veth with packet sockets, io_uring, spinning ${SPIN_MICROSECONDS} us`, "packet", {
    ...uring,
    ...spin,
  }),
];

function portyard(name: string, about: string, kind: "tap" | "packet", options: EngineOptions): SwitchUnderTest {
  return { name, about, missing: () => null, start: () => startPortyard(kind, options) };
}

async function startPortyard(kind: "tap" | "packet", options: EngineOptions): Promise<RunningSwitch> {
  const ends = makeEnds();
  const ports = [ends.a, ends.b].map((end) => (kind === "tap" ? tapPort(end) : packetPort(end)));
  return startEngine(ends, "switch", ports, options);
}

/** A switch between two ends.
 *  @param label of the engine; different ones when two stand at the same time.
 *  @param ports as a configuration file has them, those of the ends among them. */
export async function startEngine(ends: Ends, label: string, ports: readonly object[], options: EngineOptions): Promise<RunningSwitch> {
  const config = parseConfig({ name: `pyb-${process.pid}-${label}`, networks: [{ name: NETWORK, subnet: SUBNET }], ports });
  const engine = await Engine.create(config, { isolation: "process", ...options });
  const stop = onEnd(`the engine ${label}`, () => engine.close());
  return running(ends, stop);
}

export function tapPort({ label, namespace, address }: End): object {
  return { name: label, network: NETWORK, tap: { namespace: namespace.name, interface: END_DEVICE, address: `${address}/16` } };
}

function packetPort(end: End): object {
  return { name: end.label, network: NETWORK, packet: { interface: connectByVeth(end) } };
}
