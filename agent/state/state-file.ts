/** state.json: written whole, to a new file that takes the old one's place, with both the file and its folder on the disk
 *  before the call returns. Whoever reads finds the old state or the new one, never a part. */
import { open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { readAddress } from "../../bindings/config/ip-address.ts";
import { PortyardError } from "../../bindings/error.ts";
import { fileFault } from "../../bindings/file-fault.ts";
import { STATE_VERSION, type State } from "./types.ts";

const named = z.looseObject({ name: z.string() });
const object = z.strictObject({ owner: z.enum(["file", "api"]), config: named });
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
  interfaces,
  hostPorts: z.array(kept).optional(),
});

/** The state that `path` holds, or null when there is none. What the objects say is checked when they are taken up.
 *  @throws PortyardError `state-unreadable` for a file that this version did not write. */
export async function readState(path: string): Promise<State | null> {
  try {
    return schema.parse(JSON.parse(await readFile(path, "utf8"))) as State;
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code;
    if (reason === "ENOENT") return null;
    if (reason !== undefined) throw fileFault("Reading", path, cause);
    throw new PortyardError("state-unreadable", `${path} is not a state of this version.`, {
      path,
      remedy: "Move the file away; networks and ports made by the API must be made again.",
      cause,
    });
  }
}

/** Puts `state` in the place of what `path` held.
 *  @throws PortyardError `disk-full`, `no-rights`, `file-failed`; what was there stays. */
export async function writeState(path: string, state: State): Promise<void> {
  const fresh = `${path}.new`;
  try {
    await writeThrough(fresh, JSON.stringify(state, null, 1));
    await rename(fresh, path);
    await syncDirectory(dirname(path));
  } catch (cause) {
    await rm(fresh, { force: true }).catch(() => {}); // the first fault is the one to tell
    throw fileFault("Writing", path, cause);
  }
}

/** Removes the state; nothing happens when there is none. */
export async function removeState(path: string): Promise<void> {
  await rm(path, { force: true });
  await rm(`${path}.new`, { force: true });
}

async function writeThrough(path: string, text: string): Promise<void> {
  const file = await open(path, "w", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
