/** What is left of native tests that were killed: instances, namespaces, devices. Removed before the host's state is noted:
 *  the first test that runs would remove it, and the host would not be as it was. */
import { existsSync, readdirSync } from "node:fs";
import { removeDeadInstances } from "./instances.ts";
import { removeDevice, removeLeftovers } from "./namespace.ts";

const DEVICES = "/sys/class/net";
const DEVICE = /^pyt(\d+)[a-z]/;

/** Returns the names of what is gone now; does nothing without root, as nothing is made without. */
export function removeRemains(): string[] {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return [];
  const devices = readdirSync(DEVICES).filter((name) => isDead(DEVICE.exec(name)?.[1]));
  devices.forEach(removeDevice);
  return [...removeDeadInstances(), ...removeLeftovers(), ...devices];
}

function isDead(pid: string | undefined): boolean {
  return pid !== undefined && !existsSync(`/proc/${pid}`);
}
