/** A balancer as people write it. */
import { z } from "zod";
import { field, text, whole } from "../config/field.ts";
import { isLoopback, isStationAddress, readAddress } from "../config/ip-address.ts";
import { MAX_BACKENDS } from "../../assembly/abi/limits.ts";
import { ALGORITHMS } from "./algorithms.ts";

/** Of a backend. */
export const MAX_WEIGHT = 65535;
const MAX_FLOWS_OF_ONE = 1_000_000;
/** Of times that are said in seconds. */
export const MAX_SECONDS = 86_400;
const MAX_NAME = 253;

function isBackendAddress(value: string): boolean {
  const address = readAddress(value);
  return address !== null && address.prefixLength === null && (isStationAddress(address) || isLoopback(address));
}

const share = (description: string, remedy: string, byDefault: string) =>
  field(z.number().min(0).max(1), { description, must: "a number from 0 to 1", remedy, default: byDefault });

const backend = z.strictObject({
  name: text((value) => value.length > 0 && value.length <= MAX_NAME, {
    description: "By which it is known, unique in the service: it keeps its counts and its place in a ring by it",
    must: `a text of 1-${MAX_NAME} characters`,
    remedy: "choose a name such as web-1",
    default: "its address, and its port behind a colon if it has one",
  }).optional(),
  address: text(isBackendAddress, {
    description: "Where it is",
    must: "an address without prefix length such as 10.77.0.2 or fd77::2",
    remedy: "write the address; a name is looked up by whoever calls",
  }),
  port: whole(1, 65535, {
    description: "Its TCP or UDP port",
    remedy: "leave it out where the caller knows it",
    default: "none",
  }).optional(),
  weight: whole(0, MAX_WEIGHT, {
    description: "Its share beside the others; 0 gives it nothing new",
    remedy: "leave it out for 1",
    default: "1",
  }).optional(),
  maxFlows: whole(1, MAX_FLOWS_OF_ONE, {
    description: "Flows that it may have at once",
    remedy: "leave it out for any number",
    default: "any number",
  }).optional(),
});

const seconds = (least: number, description: string, byDefault: string) =>
  whole(least, MAX_SECONDS, { description, remedy: `leave it out for ${byDefault}`, default: byDefault, unit: "seconds" });

const ejection = z.strictObject({
  failures: whole(1, MAX_FLOWS_OF_ONE, {
    description: "Failures in a row",
    remedy: "leave it out for 5",
    default: "5",
  }).optional(),
  seconds: seconds(1, "How long a backend is left out the first time; the nth time in succession n times as long", "30").optional(),
  maxSeconds: seconds(1, "How long at most", "300").optional(),
  share: share("Share of the backends that may be left out at once; one may always be", "leave it out for a tenth", "0.1").optional(),
});

export const balancerSchema = z.strictObject({
  algorithm: field(z.enum(ALGORITHMS).optional(), {
    description: "How a backend is chosen",
    must: `one of ${ALGORITHMS.join(", ")}`,
    remedy: "leave it out for round-robin",
    default: "round-robin",
  }),
  backends: field(z.array(backend).max(MAX_BACKENDS), {
    description: "Instances of the service",
    must: `a list of up to ${MAX_BACKENDS} backends`,
    remedy: "write a list such as [{ address: 10.77.0.2, port: 8080 }]",
  }),
  slowStartSeconds: seconds(0, "Time in which the weight of a backend that comes later grows from a tenth to the whole", "0").optional(),
  ejection: field(z.union([ejection, z.literal(false)]).optional(), {
    description: "When a backend that fails is left out for a while",
    must: "an object such as { failures: 5, seconds: 30 }, or false",
    remedy: "leave it out for the defaults; false ejects none",
    default: "{}",
  }),
  panicShare: share(
    "When a smaller share of the backends than this is left, ejections are passed over: all are chosen from",
    "leave it out for a half; 0 never does it",
    "0.5",
  ).optional(),
});

/** What people write, as docs/balancers.md describes it key by key: what `Balancer.create` takes. */
export type BalancerInput = z.input<typeof balancerSchema>;
