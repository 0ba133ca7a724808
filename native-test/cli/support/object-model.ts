/** What should exist, kept the slow way: two lists of objects, the file's and the API's, and rules that are looked up one by one. */
import type { Random } from "../../../test/support/packet/random.ts";

export type Owner = "file" | "api";
export interface Network {
  name: string;
  mtu: number;
  macAgeSeconds: number;
}
/** `place`: left:e0, or the name of a veth end. `host`: last byte of its address in the network. */
export interface Port {
  name: string;
  network: string;
  place: string;
  host: number;
  /** Last byte of a further address; 0: none. */
  further: number;
  macLimit: number;
}
export interface Objects {
  networks: Network[];
  ports: Port[];
}
export type Model = Record<Owner, Objects>;

export const CONTAINERS = ["left", "right"];
export const VETHS = ["v0", "v1"];
const NETWORKS = ["n0", "n1", "n2"];
const PORTS = ["p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7"];
/** The last one is in no namespace that is there. */
const PLACES = [...CONTAINERS.flatMap((name) => [0, 1, 2].map((index) => `${name}:e${index}`)), ...VETHS, "absent:e0"];

export const isVeth = (place: string) => VETHS.includes(place);
const addressOf = (network: string, host: number) => `10.7${network[1]}.0.${host}`;
const macOf = ({ name }: Port) => `02:00:00:00:00:1${name[1]}`;

export function randomNetwork(random: Random): Network {
  return { name: random.pick(NETWORKS), mtu: random.below(5) > 0 ? 1500 : 1400, macAgeSeconds: random.pick([60, 300]) };
}

export function randomPort(random: Random): Port {
  const further = random.below(3) > 0 ? 0 : 20 + random.below(4);
  const common = { name: random.pick(PORTS), network: random.pick(NETWORKS), host: 2 + random.below(10), further };
  return { ...common, place: random.pick(PLACES), macLimit: random.pick([16, 1024]) };
}

/** One to three changes of the file's objects. */
export function edited(file: Objects, random: Random): Objects {
  let { networks, ports } = file;
  for (let edits = 1 + random.below(3); edits > 0; edits--) {
    const network = randomNetwork(random);
    const port = randomPort(random);
    const others = ports.filter(({ name }) => name !== port.name);
    const old = ports.find(({ name }) => name === port.name);
    const kind = random.below(12);
    if (kind === 0) networks = [...networks.filter(({ name }) => name !== network.name), network];
    else if (kind === 1) networks = networks.filter(({ name }) => name !== network.name);
    else if (kind < 4) ports = others;
    else if (kind < 9 && old) ports = [...others, { ...old, macLimit: port.macLimit, further: port.further }];
    else ports = [...others, port];
  }
  return { networks, ports };
}

/** As the configuration file and the API's bodies have it. */
export function networkInput({ name, mtu, macAgeSeconds }: Network): object {
  return { name, subnet: `${addressOf(name, 0)}/24`, mtu, macAgeSeconds };
}

export function portInput(port: Port): object {
  const { name, network, place, host, further, macLimit } = port;
  const [namespace, device] = place.split(":");
  const address = addressOf(network, host);
  const addresses = further === 0 ? [] : [addressOf(network, further)];
  const common = { name, network, mac: macOf(port), macLimit };
  if (isVeth(place)) return { ...common, packet: { interface: place }, addresses: [address, ...addresses] };
  return { ...common, tap: { namespace, interface: device, address }, addresses };
}

export function configOf({ networks, ports }: Objects): object {
  return { name: "lab", networks: networks.map(networkInput), ports: ports.map(portInput) };
}

const distinct = (keys: string[]) => new Set(keys).size === keys.length;

/** Whether these can all exist together. */
function isPossible({ networks, ports }: Objects): boolean {
  const addresses = ports.flatMap(({ network, host, further }) =>
    [host, further].filter((one) => one > 0).map((one) => addressOf(network, one)),
  );
  return (
    distinct(networks.map(({ name }) => name)) &&
    distinct(ports.map(({ name }) => name)) &&
    distinct(ports.map(({ place }) => place)) &&
    distinct(addresses) &&
    ports.every(({ network, place }) => networks.some(({ name }) => name === network) && !place.startsWith("absent"))
  );
}

const together = ({ file, api }: Model): Objects => ({
  networks: [...file.networks, ...api.networks],
  ports: [...file.ports, ...api.ports],
});

/** The model after the API's objects have become `api`, or null when that must be refused. */
export function withApi(model: Model, api: Objects): Model | null {
  const next = { ...model, api };
  return isPossible(together(next)) ? next : null;
}

/** The model after a reload, or null when that must be refused: the file must stand by itself, and must leave what the API's ports are in. */
export function withFile(model: Model, file: Objects): Model | null {
  const next = { ...model, file };
  const stays = (name: string) =>
    model.api.networks.some((network) => network.name === name) ||
    file.networks.some((network) => network.name === name && network.mtu === model.file.networks.find((one) => one.name === name)?.mtu);
  return isPossible(file) && isPossible(together(next)) && model.api.ports.every(({ network }) => stays(network)) ? next : null;
}

/** What the API must show, in the order of names. */
export function shown(model: Model): { networks: unknown[]; ports: unknown[] } {
  const all = together(model);
  const ownerOf = (object: Network | Port): Owner =>
    [...model.file.networks, ...model.file.ports].includes(object as never) ? "file" : "api";
  const mtuOf = (network: string) => all.networks.find(({ name }) => name === network)?.mtu;
  const ports = all.ports.map((port) => {
    const addresses = [port.host, port.further].filter((host) => host > 0).map((host) => addressOf(port.network, host));
    const kind = isVeth(port.place) ? "packet" : "tap";
    return [port.name, ownerOf(port), port.network, kind, "up", macOf(port), addresses.join(" "), mtuOf(port.network)];
  });
  const networks = all.networks.map((network) => [network.name, ownerOf(network), network.mtu, network.macAgeSeconds]);
  return { networks: networks.sort(), ports: ports.sort() };
}

/** Names of the devices that must be in a container. */
export function devicesOf(model: Model, container: string): string[] {
  const places = together(model).ports.map(({ place }) => place.split(":"));
  return ["lo", ...places.filter(([namespace]) => namespace === container).map(([, device]) => device ?? "")].sort();
}

/** Veth ends that a port has, which the host's stack must then leave alone. */
export function silenced(model: Model): string[] {
  return together(model)
    .ports.map(({ place }) => place)
    .filter(isVeth)
    .sort();
}
