/** A network as people write it, in the file and in the API's bodies (design section 8). */
import { z } from "zod";
import { DEFAULT_MAC_AGE_SECONDS, MAX_MAC_AGE_SECONDS, MAX_MTU, MIN_MAC_AGE_SECONDS, MIN_MTU } from "../../assembly/abi/limits.ts";
import { field, flag, notBuilt, text, whole } from "./field.ts";
import { isStationAddress, readAddress, subnetFault } from "./ip-address.ts";
import { isLabel } from "./name.ts";
import { publishList } from "./publish-schema.ts";

export const DEFAULT_MTU = 1500;
export const LABEL_MUST = "a label of 1-63 lower-case letters, digits and hyphens, no hyphen at either end (RFC 1123)";
export const LABEL_PATTERN = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$";

const subnet = text((value) => subnetFault(value) === null, {
  description: "A prefix of the network's addresses",
  must: "an IPv4 or IPv6 prefix such as 10.77.0.0/24 or fd77::/64, with no bits set behind the prefix",
  remedy: "write the first address of the range, a slash and the length of the prefix",
});

function isGateway(value: string): boolean {
  const address = readAddress(value);
  return address !== null && address.prefixLength === null && isStationAddress(address);
}

const gateway = text(isGateway, {
  description: "An address of the host in the network",
  must: "an address without prefix length such as 10.77.0.1 or fd77::1",
  remedy: "write an address of the network's subnet that no port has",
});

export const networkSchema = z.strictObject({
  name: text(
    (value) => isLabel(value) && value !== "service",
    {
      description: "Name of the network, unique in the instance",
      must: `${LABEL_MUST}, and not "service"`,
      remedy: "choose a name such as blue or my-network",
    },
    LABEL_PATTERN,
  ),
  subnet: field(z.union([subnet, z.array(subnet).min(1).max(2)]).optional(), {
    description: "Prefix of its addresses, or a list with one of each family; without it the network carries frames and knows no addresses",
    must: "a prefix such as 10.77.0.0/24 with no bits set behind it, or a list with one of each family",
    remedy: "write the first address of the range, a slash and the length of the prefix; leave it out for a network without addresses",
    default: "none",
  }),
  mtu: whole(MIN_MTU, MAX_MTU, {
    description: "Largest IP packet of its ports; at least 1280 with an IPv6 subnet",
    remedy: `${DEFAULT_MTU} suits most networks; leave it out for that`,
    default: String(DEFAULT_MTU),
    unit: "bytes",
  }).optional(),
  learning: flag({
    description: "Learn where stations are from the frames that they send; without it unicast frames to an address that is not bound flood",
    remedy: "leave it out to learn",
    default: "true",
  }).optional(),
  macAgeSeconds: whole(MIN_MAC_AGE_SECONDS, MAX_MAC_AGE_SECONDS, {
    description: "Time after which a learned address that sent nothing is forgotten",
    remedy: `${DEFAULT_MAC_AGE_SECONDS} is what the standard recommends (IEEE 802.1Q, table 8-6); leave it out for that`,
    default: String(DEFAULT_MAC_AGE_SECONDS),
    unit: "seconds",
  }).optional(),
  internal: flag({
    description: "Forward nothing between this network and the world; with a gateway it reaches the host and no more",
    remedy: "leave it out; a network without a gateway has no way out either",
    default: "false",
  }).optional(),
  gateway: field(z.union([gateway, z.array(gateway).min(1).max(2)]).optional(), {
    description:
      "Address of the host in the network, or a list with one of each family: makes a port to the host, and by it, unless `internal`, to the world; containers get their default route by it",
    must: "an address of the subnet such as 10.77.0.1, or a list with one of each family",
    remedy: "write an address of the network's subnet that no port has; leave it out for a network without a way to the host",
    default: "none",
  }),
  publish: publishList("network", {
    description:
      "Ports of the host that lead to addresses of this network, as `[[HOST-ADDRESS:][HOST-PORTS]:]TARGET-ADDRESS:PORTS[/PROTOCOL]`; a free one is chosen where none is named",
  }),
  dns: notBuilt("name service"),
});

export type NetworkInput = z.input<typeof networkSchema>;
