/** The configuration as the engine takes it: checked, with every default filled in. `parseConfig` makes it from what a
 *  person wrote (design section 8); nothing behind it checks again. */

import type { BalancerConfig } from "../service/types.ts";

/** A broadcast domain. */
export interface NetworkConfig {
  /** RFC 1123 label; "service" is refused. */
  name: string;
  /** Prefixes in CIDR notation, at most one of each family. */
  subnets: string[];
  /** Largest IP packet in bytes, 576-65,521; at least 1,280 with an IPv6 subnet. */
  mtu: number;
  /** Learn source addresses; without it unicast to an unbound address floods. */
  learning: boolean;
  /** Seconds until an unused learned address goes, 15-3,600. */
  macAgeSeconds: number;
  /** Never forward between this network and the world. */
  internal: boolean;
  /** The host's addresses in it, without prefix length, each in the subnet of its family: with them the network has a host port. */
  gateways: string[];
  /** To addresses in it; left out for none. */
  publish?: Publication[];
}

/** Ports of the host's addresses that lead to ports in a network, `count` in a row. The agent does it; an engine alone does not. */
export interface Publication {
  protocol: "tcp" | "udp";
  /** Canonical, without brackets; null is all addresses of both families, 0.0.0.0 and :: are all of one. */
  hostAddress: string | null;
  /** The first, 1-65,535; null leaves the choice to the agent. */
  hostPort: number | null;
  /** Null of a port: its own addresses. */
  targetAddress: string | null;
  /** The first, 1-65,535. */
  targetPort: number;
  /** 1-65,535. */
  count: number;
}

/** A TAP whose other end is moved into a network namespace. */
export interface TapConfig {
  /** Name (below /run/netns) or absolute path of a network namespace. */
  namespace: string;
  /** Its name in there. */
  interface: string;
  /** Addresses with prefix length, at most one of each family. None in a network with subnets: it is lent one of each from
   *  the network's pool. */
  addresses: string[];
  /** Take super-frames and partial checksums (default true); false segments and completes them in the engine. */
  offload: boolean;
  /** A container runtime moves the interface, and sets it up there. Left out for false. */
  handover?: true;
  /** Where its default routes lead, at most one of each family: the network's gateways. One whose family it has no address of
   *  is left out. */
  gateways?: string[];
}

/** A TAP in the host's namespace: made from the gateways of its network (host-port.ts), never written by people. */
export interface HostConfig {
  interface: string;
  /** Addresses with prefix length, at most one of each family. */
  addresses: string[];
}

/** A packet socket on an interface of the host's namespace: a veth end, or a physical interface. */
export interface PacketConfig {
  interface: string;
  /** Allow an interface that has addresses of its own. */
  shared: boolean;
}

/** A port without a kernel: frames are handed over by the embedding program (isolation "inline"). */
export interface MemoryConfig {
  /** Accept super-frames and partial checksums behind a virtio-net header; default false. */
  offload: boolean;
}

/** What a port is, of the keys of PortConfig that say so. */
export type PortKind = "tap" | "packet" | "host" | "memory";

/** An attachment: access port of `network`, or trunk of several by VLAN tag. Exactly one of tap, packet, host, memory. */
export interface PortConfig {
  name: string;
  network?: string;
  /** Network name to VLAN identifier, 1-4,094. */
  trunk?: Record<string, number>;
  /** Network of untagged frames of a trunk. */
  native?: string;
  /** MAC of the container's end, as 02:00:00:00:00:0c; made from the names when left out of a tap. */
  mac?: string;
  /** Addresses bound to this port, without prefix length: neighbours are answered from here. A tap's are among them. */
  addresses: string[];
  /** Largest IP packet in bytes, from 576, or 1,280 with an IPv6 address, to the largest of its networks, which is the default. */
  mtu?: number;
  /** Further stations that are always on this port. */
  staticMacs: string[];
  /** Learned addresses at most, 1-1,024. */
  macLimit: number;
  /** Frames must come from the bound MAC and addresses. On when `addresses` is not empty, unless turned off. */
  sourceCheck: boolean;
  /** To its own addresses; left out for none. */
  publish?: Publication[];
  tap?: TapConfig;
  packet?: PacketConfig;
  host?: HostConfig;
  memory?: MemoryConfig;
}

/** A port of a service, or several in a row. */
export interface ServicePort {
  protocol: "tcp" | "udp";
  /** The first, 1-65,535. */
  port: number;
  /** The last, from `port` on. */
  lastPort: number;
  /** Of the backends, for the first; the others follow in a row. */
  targetPort: number;
}

/** A service: instances that its requests are spread over. */
export interface ServiceConfig extends BalancerConfig {
  /** RFC 1123 label, unique in the instance. */
  name: string;
  network: string;
  /** Virtual addresses without prefix length, at most one of each family; empty: it is found by name only. A family without one is not served. */
  addresses: string[];
  /** At most MAX_SERVICE_RULES, none overlapping another; empty without a virtual address. */
  ports: ServicePort[];
  /** A client has the same backend again until it was silent for so long; 0: it has not. */
  affinitySeconds: number;
}

/** Seconds after which a flow that is silent ends, by its state. */
export interface FlowTimeouts {
  /** TCP: a SYN was seen and its answer not answered. */
  halfOpen: number;
  established: number;
  /** TCP: a FIN was seen. */
  closing: number;
  timeWait: number;
  udpUnanswered: number;
  udp: number;
  icmp: number;
}

/** All that an engine, or an agent, is to be. */
export interface EngineConfig {
  /** Name of the instance: RFC 1123 label. */
  name: string;
  /** Worker threads, 1-16. */
  workers: number;
  /** Room for learned MAC addresses and for flows: multiples of 1,024 up to 1,048,576. */
  tables: { macs: number; flows: number };
  flowTimeouts: FlowTimeouts;
  networks: NetworkConfig[];
  ports: PortConfig[];
  services: ServiceConfig[];
  /** The driver of Docker's networks, which the agent serves; left out for none. */
  docker?: DockerConfig;
}

/** The driver of Docker's networks. */
export interface DockerConfig {
  /** Path of the plugin's socket. */
  socket: string;
  /** Prefixes, and the prefix length of what is cut from each. */
  pools: { base: string; size: number }[];
}
