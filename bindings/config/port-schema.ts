/** A port as people write it, in the file and in the API's bodies (design section 8). */
import { z } from "zod";
import { MAX_MACS_PER_PORT, MAX_MTU, MIN_MTU } from "../../assembly/abi/limits.ts";
import { field, flag, notBuilt, text, whole } from "./field.ts";
import { isStationAddress, readAddress } from "./ip-address.ts";
import { isStationMac } from "./mac-address.ts";
import { isInterfaceName, isLabel, isNamespace } from "./name.ts";
import { LABEL_MUST, LABEL_PATTERN } from "./network-schema.ts";
import { publishList } from "./publish-schema.ts";

/** VLAN identifiers that a station can use (IEEE 802.1Q section 9.6): 0 is a priority tag, 4095 is reserved. */
export const MIN_VLAN = 1;
export const MAX_VLAN = 4094;
const MAX_LIST = 1024;

const MAC_MUST = "the MAC address of one station such as 02:00:00:00:00:0c: six bytes, the first one even, not all zeros";
const INTERFACE_MUST = "1-15 bytes without slash, colon, percent sign or space";

function isBound(value: string): boolean {
  const address = readAddress(value);
  return address !== null && isStationAddress(address);
}

const networkName = (description: string, remedy: string) => text(isLabel, { description, must: LABEL_MUST, remedy }, LABEL_PATTERN);

const interfaceAddress = text(isBound, {
  description: "An address of the interface",
  must: "an address with the length of its prefix such as 10.77.0.2/24",
  remedy: "write an address of the network's subnet; the prefix length may be left out, it is the subnet's",
});

const tap = z.strictObject({
  namespace: text(isNamespace, {
    description:
      "Network namespace that the interface is moved into: its name below /run/netns, or an absolute path such as /proc/PID/ns/net",
    must: "the name of a network namespace below /run/netns, or an absolute path",
    remedy: "list the names with `ip netns list`",
  }),
  interface: text((value) => isInterfaceName(value) && value !== "lo", {
    description: "Name of the interface in there",
    must: `${INTERFACE_MUST}, and not lo`,
    remedy: "choose a name such as eth0",
  }),
  address: field(z.union([interfaceAddress, z.array(interfaceAddress).min(1).max(2)]).optional(), {
    description:
      "Address of the interface, or a list with one of each family; bound to the port. Without it the port gets one of each subnet of its network",
    must: "an address such as 10.77.0.2/24, or a list with one of each family",
    remedy: "write an address of the network's subnet; the prefix length may be left out, it is the subnet's",
    default: "the next free ones of the network's subnets",
  }),
  offload: flag({
    description: "Take super-frames and partial checksums; without it the engine segments and completes them for this port",
    remedy: "leave it out to take them: it is several times faster",
    default: "true",
  }).optional(),
  handover: flag({
    description:
      "Leave the interface in the host's namespace, under its name, for a container runtime that moves it into `namespace` and gives it name, addresses and routes; `address` is bound to the port all the same. The interface outlives the agent, and goes with the port",
    remedy: "leave it out: the interface is moved and set up",
    default: "false",
  }).optional(),
});

const packet = z.strictObject({
  interface: text(isInterfaceName, {
    description: "Interface of the host's namespace: one end of a veth pair, or a physical interface",
    must: INTERFACE_MUST,
    remedy: "list the names with `ip link`",
  }),
  shared: flag({
    description: "Take an interface that has addresses of its own, which the host goes on using",
    remedy: "leave it out for an interface that is the engine's alone",
    default: "false",
  }).optional(),
});

const memory = z.strictObject({
  offload: flag({
    description: "Take super-frames and partial checksums behind a virtio-net header",
    remedy: "leave it out for plain frames",
    default: "false",
  }).optional(),
});

const vlan = whole(MIN_VLAN, MAX_VLAN, {
  description: "VLAN identifier of the network's frames on this port, used once for each trunk",
  remedy: "choose another identifier; 0 and 4095 are reserved (IEEE 802.1Q)",
});

const mac = (description: string) =>
  text(
    isStationMac,
    {
      description,
      must: MAC_MUST,
      remedy: "copy it from `ip link`, or begin one of your own with 02",
    },
    "^[0-9a-fA-F][02468aceACE](:[0-9a-fA-F]{2}){5}$",
  );

export const portSchema = z.strictObject({
  name: text(
    isLabel,
    {
      description: "Name of the port, unique in the instance",
      must: LABEL_MUST,
      remedy: "choose a name such as a or web-1",
    },
    LABEL_PATTERN,
  ),
  network: networkName("Network of an access port, whose frames carry no tag of ours", "name one of `networks`").optional(),
  trunk: field(z.record(networkName("A network", "name one of `networks`"), vlan).optional(), {
    description: "Networks of a trunk port, each with the VLAN identifier of its frames; instead of `network`",
    must: "an object from network to VLAN identifier such as { blue: 10, green: 20 }",
    remedy: "give every network of the trunk an identifier of its own",
    default: "none",
  }),
  native: networkName(
    "Network of a trunk's untagged frames; without it they are dropped",
    "name one of `networks`, on a port with `trunk`",
  ).optional(),
  mac: mac("MAC address of the station behind the port; a TAP that has none gets one made from the names of instance and port").optional(),
  mtu: whole(MIN_MTU, MAX_MTU, {
    description:
      "Largest IP packet of this port, where it is smaller than its network's; at least 1280 with an IPv6 address. A TAP's interface gets it",
    remedy: "leave it out for the network's",
    default: "the largest of its networks",
    unit: "bytes",
  }).optional(),
  addresses: field(
    z
      .array(
        text((value) => isBound(value) && !value.includes("/"), {
          description: "An address bound to the port",
          must: "an address without prefix length such as 10.77.0.12",
          remedy: "write an address of the network's subnet",
        }),
      )
      .max(MAX_LIST)
      .optional(),
    {
      description:
        "Addresses bound to the port beside those of its TAP: neighbours that ask for them are answered, and no other port may use them",
      must: `a list of up to ${MAX_LIST} addresses without prefix length`,
      remedy: "write a list such as [10.77.0.12]",
      default: "none",
    },
  ),
  staticMacs: field(z.array(mac("A station that is always on this port")).max(MAX_LIST).optional(), {
    description: "Further stations that are always on this port: never aged, moved or evicted",
    must: `a list of up to ${MAX_LIST} MAC addresses`,
    remedy: 'write a list such as ["02:00:00:00:00:0d"]',
    default: "none",
  }),
  macLimit: whole(1, MAX_MACS_PER_PORT, {
    description: "Addresses learned from this port at most; at the limit it loses its own oldest",
    remedy: `leave it out for ${MAX_MACS_PER_PORT}`,
    default: String(MAX_MACS_PER_PORT),
  }).optional(),
  sourceCheck: flag({
    description: "Drop frames whose source is not the MAC and an address bound to this port",
    remedy: "leave it out: it is on where addresses are bound",
    default: "true where addresses are bound, else false",
  }).optional(),
  tap: field(tap.optional(), {
    description: "A TAP whose interface is moved into a network namespace",
    must: "an object such as { namespace: a, interface: eth0, address: 10.77.0.2/24 }",
    remedy: "give it at least `namespace` and `interface`",
  }),
  packet: field(packet.optional(), {
    description: "A packet socket on an interface of the host",
    must: "an object such as { interface: veth-b }",
    remedy: "give it at least `interface`",
  }),
  memory: field(memory.optional(), {
    description: "No device: the embedding program hands frames over",
    must: "an object; {} takes the defaults",
    remedy: "write `memory: {}`",
  }),
  publish: publishList("port", {
    description:
      "Ports of the host that lead to ports of this port's addresses, as `[[HOST-ADDRESS:][HOST-PORTS]:]PORTS[/PROTOCOL]`; a free one is chosen where none is named",
  }),
  host: notBuilt("host port"),
  overlay: notBuilt("overlay port"),
  pcap: notBuilt("capture port"),
});

export type PortInput = z.input<typeof portSchema>;
