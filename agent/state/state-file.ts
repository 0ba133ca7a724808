/** state.json: the networks, ports and services of an instance, each with its owner (json-file.ts says how it is written). */
import { z } from "zod";
import { readAddress } from "../../bindings/config/ip-address.ts";
import { PortyardError } from "../../bindings/error.ts";
import { readJson, removeJson, writeJson } from "./json-file.ts";
import { OWNERS, STATE_VERSION, type State } from "./types.ts";

const named = z.looseObject({ name: z.string() });
const object = z.strictObject({ owner: z.enum(OWNERS), config: named });
const addresses = z.array(z.string().refine((text) => readAddress(text) !== null)).optional();
const networks = z.array(object.extend({ given: addresses }));
const ports = z.array(object.extend({ lease: addresses }));
const before = z.strictObject({ interface: z.string(), isUp: z.boolean(), hasArp: z.boolean(), disableIpv6: z.string().nullable() });
const interfaces = z.array(before);
const kept = z.strictObject({
  owner: z.string(),
  protocol: z.enum(["tcp", "udp"]),
  way: z.string(),
  targetPort: z.int(),
  hostPort: z.int().min(1).max(65535),
});
const schema = z.strictObject({
  version: z.literal(STATE_VERSION),
  name: z.string(),
  networks,
  ports,
  services: z.array(object).optional(),
  interfaces,
  hostPorts: z.array(kept).optional(),
});

/** The state that `path` holds, or null when there is none. What the objects say is checked when they are taken up.
 *  @throws PortyardError `state-unreadable` for a file that this version did not write. */
export async function readState(path: string): Promise<State | null> {
  const found = await readJson(path);
  if (found === null) return null;
  const { success, data, error: cause } = schema.safeParse(found);
  if (success) return data as State;
  throw new PortyardError("state-unreadable", `${path} is not a state of this version.`, {
    path,
    remedy: "Move the file away; networks, ports and services made by the API or by Docker must be made again.",
    cause,
  });
}

/** Puts `state` in the place of what `path` held.
 *  @throws PortyardError `disk-full`, `no-rights`, `file-failed`; what was there stays. */
export function writeState(path: string, state: State): Promise<void> {
  return writeJson(path, state);
}

/** Removes the state; nothing happens when there is none. */
export function removeState(path: string): Promise<void> {
  return removeJson(path);
}
