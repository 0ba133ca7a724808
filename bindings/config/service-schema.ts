/** A service as people write it, in the file and in the API's bodies (design section 8): a balancer (service/schema.ts) that is in a
 *  network, where clients find it by a virtual address and ports. */
import { z } from "zod";
import { MAX_SERVICE_RULES } from "../../assembly/abi/limits.ts";
import { balancerSchema, MAX_SECONDS } from "../service/schema.ts";
import { field, text, whole } from "./field.ts";
import { isStationAddress, readAddress } from "./ip-address.ts";
import { isLabel } from "./name.ts";
import { LABEL_MUST, LABEL_PATTERN } from "./network-schema.ts";

export const MAX_TRANSPORT_PORT = 65535;
const RANGE = /^([1-9]\d{0,4})-([1-9]\d{0,4})$/;
const PROTOCOLS = ["tcp", "udp"] as const;

/** The first and the last of `8000-8010`, or null. */
export function readPortRange(range: string): [first: number, last: number] | null {
  const [first = 0, last = 0] = RANGE.exec(range)?.slice(1).map(Number) ?? [];
  return first > 0 && first <= last && last <= MAX_TRANSPORT_PORT ? [first, last] : null;
}

function isVirtual(value: string): boolean {
  const address = readAddress(value);
  return address !== null && address.prefixLength === null && isStationAddress(address);
}

const virtual = text(isVirtual, {
  description: "A virtual address",
  must: "an address without prefix length such as 10.77.0.100 or fd77::100",
  remedy: "write an address of the network's subnet that no port has",
});

const range = text((value) => readPortRange(value) !== null, {
  description: "Ports in a row",
  must: "the first and the last of ports in a row, such as 8000-8010",
  remedy: "write the lower one first",
});

const portMust = "a whole number from 1 to 65535, or ports in a row such as 8000-8010";

const servicePort = z.strictObject({
  protocol: field(z.enum(PROTOCOLS), {
    description: "Of the ports",
    must: "tcp or udp",
    remedy: "write one entry for each protocol",
  }),
  port: field(z.union([z.int().min(1).max(MAX_TRANSPORT_PORT), range]), {
    description: "Port of the virtual address, or several in a row",
    must: portMust,
    remedy: "write a port such as 80, or the first and the last of a row such as 8000-8010",
  }),
  targetPort: whole(1, MAX_TRANSPORT_PORT, {
    description: "Port of the backends that it leads to; of a row the port of the first, and the others follow",
    remedy: "leave it out where the backends have the same port",
    default: "the same as `port`; a backend's own port comes before it",
  }).optional(),
});

const { backends, algorithm, ...balancer } = balancerSchema.shape;

export const serviceSchema = z.strictObject({
  name: text(
    isLabel,
    {
      description: "Name of the service, unique in the instance",
      must: LABEL_MUST,
      remedy: "choose a name such as my-service",
    },
    LABEL_PATTERN,
  ),
  network: text(
    isLabel,
    { description: "Network of its virtual address and its clients", must: LABEL_MUST, remedy: "name one of `networks`" },
    LABEL_PATTERN,
  ),
  address: field(z.union([virtual, z.array(virtual).min(1).max(2)]).optional(), {
    description:
      "Virtual address, or a list with one of each family; a family without one is not served. Without any it is found by name only",
    must: "an address of the subnet such as 10.77.0.100, or a list with one of each family",
    remedy: "write an address of the network's subnet that no port has; leave it out for a service that is found by name only",
    default: "none",
  }),
  ports: field(z.array(servicePort).max(MAX_SERVICE_RULES).optional(), {
    description: "Ports of the virtual address that lead to the backends; needed where there is one",
    must: `a list of up to ${MAX_SERVICE_RULES} ports`,
    remedy: "write a list such as [{ protocol: tcp, port: 80, targetPort: 8080 }]",
    default: "[]",
  }),
  algorithm,
  backends,
  affinitySeconds: whole(0, MAX_SECONDS, {
    description: "A client has the same backend again until it was silent for so long; 0: each of its connections is chosen for",
    remedy: "leave it out for 0",
    default: "0",
    unit: "seconds",
  }).optional(),
  ...balancer,
});

export type ServiceInput = z.input<typeof serviceSchema>;
