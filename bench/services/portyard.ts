/** Through Portyard: a forwarder process of its own, one worker, TAPs in the namespaces. With a service on the virtual address, or as a plain
 *  switch. */
import type { EngineOptions } from "../../bindings/index.ts";
import { Engine, parseConfig } from "../../bindings/index.ts";
import type { ServiceConfig } from "../../bindings/config/types.ts";
import { onEnd } from "../support/cleanup.ts";
import { ipBatch } from "../support/namespace.ts";
import type { Connected, Way } from "./types.ts";
import { END_DEVICE, FIRST_PORT, LAST_PORT, makeWorld, type Station, SUBNET, SUBNET_BITS, VIRTUAL, type World } from "./world.ts";

const NETWORK = "bench";
const SPIN_MICROSECONDS = 50;
const spin = { spinMicroseconds: SPIN_MICROSECONDS };
const spins = `spinning ${SPIN_MICROSECONDS} us before it sleeps`;

export const PORTYARD: readonly Way[] = [
  portyard("virtual", "Portyard, round robin on a virtual address, TAPs, io_uring", true, {}),
  portyard("direct", "Portyard as a switch, the client spreads its connections itself", false, {}),
  portyard("virtual-spin", `as virtual, ${spins}`, true, spin),
  portyard("direct-spin", `as direct, ${spins}`, false, spin),
];

function portyard(name: string, about: string, isBalanced: boolean, options: EngineOptions): Way {
  return { name, about, missing: () => null, connect: () => connect(isBalanced, options) };
}

async function connect(isBalanced: boolean, options: EngineOptions): Promise<Connected> {
  const world = makeWorld();
  const ports = [world.client, ...world.backends].map(portOf);
  const config = parseConfig({ name: `pyb-${process.pid}-services`, networks: [{ name: NETWORK, subnet: SUBNET }], ports });
  const engine = await Engine.create(config, { isolation: "process", io: "uring", ...options });
  onEnd("the engine", () => engine.close());
  addFurtherAddresses(world.client);
  if (!isBalanced) return { world, targets: world.backends.map(mainAddress), isBalanced };
  await engine.addService(serviceOf(world));
  return { world, targets: [VIRTUAL], isBalanced };
}

function portOf({ label, namespace, addresses }: Station): object {
  const [address, ...further] = addresses;
  const tap = { namespace: namespace.name, interface: END_DEVICE, address: `${address}/${SUBNET_BITS}` };
  return { name: label, network: NETWORK, tap, addresses: further };
}

function addFurtherAddresses({ namespace, addresses }: Station): void {
  ipBatch(
    addresses.slice(1).map((address) => `address add ${address}/${SUBNET_BITS} dev ${END_DEVICE}`),
    namespace.name,
  );
}

const mainAddress = ({ addresses }: Station): string => addresses[0] as string;

function serviceOf({ backends }: World): ServiceConfig {
  return {
    name: "my-service",
    network: NETWORK,
    addresses: [VIRTUAL],
    ports: [{ protocol: "tcp", port: FIRST_PORT, lastPort: LAST_PORT, targetPort: FIRST_PORT }],
    algorithm: "round-robin",
    backends: backends.map((one) => ({ name: one.label, address: mainAddress(one), port: null, weight: 1, maxFlows: null })),
    slowStartSeconds: 0,
    ejection: null,
    panicShare: 0,
    affinitySeconds: 0,
  };
}
