/** From what people write to what the engine takes: defaults filled in, one value made a list, text made canonical. */
import { availableParallelism } from "node:os";
import { DEFAULT_FLOWS, DEFAULT_MAC_AGE_SECONDS, DEFAULT_MACS, MAX_MACS_PER_PORT, MAX_WORKERS } from "../../assembly/abi/limits.ts";
import { DEFAULT_FLOW_TIMEOUTS, DEFAULT_NAME, DEFAULT_PLUGIN_SOCKET, DEFAULT_POOLS } from "./defaults.ts";
import { formatAddress, readAddress } from "./ip-address.ts";
import { defaultMac } from "./mac-address.ts";
import { DEFAULT_MTU, type NetworkInput } from "./network-schema.ts";
import type { PortInput } from "./port-schema.ts";
import { type PublishForm, readPublication } from "./publish.ts";
import { normaliseBalancer } from "../service/parse.ts";
import type { ConfigInput } from "./schema.ts";
import { readPortRange, type ServiceInput } from "./service-schema.ts";
import type { EngineConfig, FlowTimeouts, NetworkConfig, PortConfig, Publication, ServiceConfig, ServicePort, TapConfig } from "./types.ts";

const list = (value: string | string[] | undefined): string[] => (value === undefined ? [] : [value].flat());
const canonical = (text: string): string => formatAddress(readAddress(text)!);
const bare = (text: string): string => readAddress(text)!.text;

const published = (texts: readonly string[] | undefined, by: PublishForm): { publish?: Publication[] } =>
  texts === undefined || texts.length === 0 ? {} : { publish: texts.map((text) => readPublication(text, by) as Publication) };

/** @param input checked by `networkSchema`. */
export function normaliseNetwork(input: NetworkInput): NetworkConfig {
  return {
    name: input.name,
    subnets: list(input.subnet).map(canonical),
    mtu: input.mtu ?? DEFAULT_MTU,
    learning: input.learning ?? true,
    macAgeSeconds: input.macAgeSeconds ?? DEFAULT_MAC_AGE_SECONDS,
    internal: input.internal ?? false,
    gateways: list(input.gateway).map(bare),
    ...published(input.publish, "network"),
  };
}

function withPrefix(text: string, network: NetworkConfig | undefined): string {
  const address = readAddress(text)!;
  const subnet = network?.subnets.map((prefix) => readAddress(prefix)!).find(({ family }) => family === address.family);
  return formatAddress({ ...address, prefixLength: address.prefixLength ?? subnet?.prefixLength ?? null });
}

function normaliseTap(input: NonNullable<PortInput["tap"]>, network: NetworkConfig | undefined): TapConfig {
  return {
    namespace: input.namespace,
    interface: input.interface,
    addresses: list(input.address).map((address) => withPrefix(address, network)),
    offload: input.offload ?? true,
    ...(input.handover && { handover: true }),
    ...(network && !network.internal && network.gateways.length > 0 && { gateways: network.gateways }),
  };
}

/** A TAP without address gets some from the pool of its network. */
function isLent(tap: TapConfig | undefined, network: NetworkConfig | undefined): boolean {
  return tap?.addresses.length === 0 && !tap.handover && (network?.subnets.length ?? 0) > 0;
}

/** @param instance its name goes into the MAC of a TAP that has none.
 *  @param networks where the untagged network of the port is looked up, for the prefix length of its addresses. */
export function normalisePort(input: PortInput, instance: string, networks: ReadonlyMap<string, NetworkConfig>): PortConfig {
  const network = networks.get(input.network ?? input.native ?? "");
  const tap = input.tap && normaliseTap(input.tap, network);
  const own = (tap?.addresses ?? []).map(bare);
  const addresses = [...own, ...(input.addresses ?? []).map(bare).filter((address) => !own.includes(address))];
  const mac = input.mac?.toLowerCase() ?? (tap && defaultMac(instance, input.name));
  return {
    name: input.name,
    ...(input.network !== undefined && { network: input.network }),
    ...(input.trunk && { trunk: input.trunk }),
    ...(input.native !== undefined && { native: input.native }),
    ...(mac !== undefined && { mac }),
    ...(input.mtu !== undefined && { mtu: input.mtu }),
    addresses,
    staticMacs: (input.staticMacs ?? []).map((address) => address.toLowerCase()),
    macLimit: input.macLimit ?? MAX_MACS_PER_PORT,
    sourceCheck: input.sourceCheck ?? (addresses.length > 0 || isLent(tap, network)),
    ...published(input.publish, "port"),
    ...(tap && { tap }),
    ...(input.packet && { packet: { interface: input.packet.interface, shared: input.packet.shared ?? false } }),
    ...(input.memory && { memory: { offload: input.memory.offload ?? false } }),
  };
}

function normaliseServicePort({ protocol, port, targetPort }: NonNullable<ServiceInput["ports"]>[number]): ServicePort {
  const [first, last] = typeof port === "number" ? [port, port] : readPortRange(port)!;
  return { protocol, port: first, lastPort: last, targetPort: targetPort ?? first };
}

/** @param input checked by `serviceSchema`. */
export function normaliseService(input: ServiceInput): ServiceConfig {
  return {
    name: input.name,
    network: input.network,
    addresses: list(input.address).map(bare),
    ports: (input.ports ?? []).map(normaliseServicePort),
    affinitySeconds: input.affinitySeconds ?? 0,
    ...normaliseBalancer(input),
  };
}

function workerCount(workers: ConfigInput["workers"]): number {
  if (workers !== "auto") return workers ?? 1;
  return Math.min(MAX_WORKERS, Math.max(1, availableParallelism() - 1));
}

/** The keys that have a value. */
const said = (times: ConfigInput["flowTimeouts"]): Partial<FlowTimeouts> =>
  Object.fromEntries(Object.entries(times ?? {}).filter(([, seconds]) => seconds !== undefined));

/** @param input checked by `configSchema`. */
export function normaliseConfig(input: ConfigInput): EngineConfig {
  const name = input.name ?? DEFAULT_NAME;
  const networks = (input.networks ?? []).map(normaliseNetwork);
  const byName = new Map(networks.map((network) => [network.name, network]));
  const ports = (input.ports ?? []).map((port) => normalisePort(port, name, byName));
  const { socket = DEFAULT_PLUGIN_SOCKET, pools = [...DEFAULT_POOLS] } = input.docker ?? {};
  return {
    name,
    workers: workerCount(input.workers),
    tables: { macs: input.tables?.macs ?? DEFAULT_MACS, flows: input.tables?.flows ?? DEFAULT_FLOWS },
    flowTimeouts: { ...DEFAULT_FLOW_TIMEOUTS, ...said(input.flowTimeouts) },
    networks,
    ports,
    services: (input.services ?? []).map(normaliseService),
    ...(input.docker && { docker: { socket, pools } }),
  };
}
