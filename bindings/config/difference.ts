/** What differs between two configurations of one object, in the words of the configuration file, and whether a living
 *  object can take it. Pure. */
import { networkInput, portInput, serviceInput } from "./as-input.ts";
import type { NetworkConfig, PortConfig, ServiceConfig } from "./types.ts";

/** Keys of a port that a living one takes: nothing of its device depends on them. */
export const SETTABLE_PORT_KEYS: readonly string[] = ["addresses", "staticMacs", "macLimit", "sourceCheck", "publish"];
/** Keys of a network that a living one takes: nothing of its ports depends on them. */
export const SETTABLE_NETWORK_KEYS: readonly string[] = ["learning", "macAgeSeconds", "publish"];
/** Keys of a service that a living one does not take. */
const FIXED_SERVICE_KEYS: readonly string[] = ["network"];
/** Keys whose value is an object of keys that are told one by one. */
const DEVICES: readonly string[] = ["tap", "packet", "memory"];

/** Keys in which two ports differ, in the order of the alphabet: ["macLimit", "tap.address"]. */
export function portDifference(from: PortConfig, to: PortConfig): string[] {
  return differingKeys(portInput(from), portInput(to));
}

/** Keys in which two networks differ, in the order of the alphabet: ["learning", "subnet"]. */
export function networkDifference(from: NetworkConfig, to: NetworkConfig): string[] {
  return differingKeys(networkInput(from), networkInput(to));
}

/** Keys in which two services differ, in the order of the alphabet: ["algorithm", "backends"]. */
export function serviceDifference(from: ServiceConfig, to: ServiceConfig): string[] {
  return differingKeys(serviceInput(from), serviceInput(to));
}

/** Those of `keys` for which a port must be made anew. The addresses of its interface are among `addresses`, and go with them. */
export function portKeysAnew(keys: readonly string[]): string[] {
  return keys.filter((key) => !SETTABLE_PORT_KEYS.includes(key));
}

/** Those of `keys` for which a network must be made anew, with its ports. */
export function networkKeysAnew(keys: readonly string[]): string[] {
  return keys.filter((key) => !SETTABLE_NETWORK_KEYS.includes(key));
}

/** Those of `keys` for which a service must be made anew, so that its flows end. */
export function serviceKeysAnew(keys: readonly string[]): string[] {
  return keys.filter((key) => FIXED_SERVICE_KEYS.includes(key));
}

function differingKeys(from: object, to: object, prefix = ""): string[] {
  const [left, right] = [from, to] as Record<string, unknown>[];
  const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort();
  return keys.flatMap((key) => {
    const [before, after] = [left?.[key], right?.[key]];
    if (isSame(before, after)) return [];
    const bothDevices = DEVICES.includes(key) && before !== undefined && after !== undefined;
    return bothDevices ? differingKeys(before as object, after as object, `${key}.`) : [`${prefix}${key}`];
  });
}

/** The order of an object's keys does not matter, that of a list does. */
function isSame(left: unknown, right: unknown): boolean {
  return JSON.stringify(sorted(left)) === JSON.stringify(sorted(right));
}

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)));
}
