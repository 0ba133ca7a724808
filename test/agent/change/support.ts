/** Small worlds of objects for tests of differences and plans: random, but often alike. */
import { parseConfig } from "../../../bindings/config/parse.ts";
import type { Random } from "../../support/packet/random.ts";
import type { NetworkConfig, PortConfig, ServiceConfig } from "../../../bindings/config/types.ts";

export interface World {
  networks: NetworkConfig[];
  ports: PortConfig[];
  services: ServiceConfig[];
}

const NETWORKS = ["blue", "green", "red"];
const PORTS = ["a", "b", "c", "d", "e"];
const SERVICES = ["s", "t", "u"];

/** A valid world. Devices and addresses are few, so that two worlds often want the same one for different ports. */
export function randomWorld(random: Random): World {
  for (;;) {
    try {
      return parseConfig({ name: "lab", ...draft(random) });
    } catch {
      // two ports want the same: another one
    }
  }
}

function draft(random: Random): object {
  const networks = NETWORKS.filter(() => random.below(4) > 0).map((name, index) => ({
    name,
    subnet: `10.${77 + index}.0.0/24`,
    mtu: random.below(6) > 0 ? 1500 : 9000,
    macAgeSeconds: random.below(4) > 0 ? 300 : 60,
  }));
  const ports = networks.length === 0 ? [] : PORTS.filter(() => random.below(3) > 0).map((name) => port(name, networks, random));
  const services = networks.length === 0 ? [] : SERVICES.filter(() => random.below(3) > 0).map((name) => service(name, networks, random));
  return { networks, ports, services };
}

/** Its addresses are among those of the ports. */
function service(name: string, networks: { name: string; subnet: string }[], random: Random): object {
  const network = networks[random.below(networks.length)]!;
  const address = (last: number) => network.subnet.replace("0/24", String(last));
  return {
    name,
    network: network.name,
    address: address(4 + random.below(3)),
    ports: [{ protocol: "tcp", port: 80 + random.below(2) }],
    algorithm: random.below(3) > 0 ? "least-load" : "maglev",
    backends: [{ address: address(2 + random.below(9)) }],
  };
}

function port(name: string, networks: { name: string; subnet: string }[], random: Random): object {
  const network = networks[random.below(networks.length)]!;
  const address = network.subnet.replace("0/24", String(2 + random.below(4)));
  const extra = { macLimit: random.below(3) > 0 ? 1024 : 9, addresses: [address] };
  if (random.below(3) === 0)
    return {
      name,
      network: network.name,
      mac: `02:00:00:00:00:0${1 + random.below(6)}`,
      packet: { interface: `v${random.below(4)}` },
      ...extra,
    };
  return {
    name,
    network: network.name,
    tap: { namespace: `n${random.below(3)}`, interface: `eth${random.below(2)}`, offload: random.below(5) > 0, address },
    ...extra,
  };
}
