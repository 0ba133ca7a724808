/** A TAP has one owner. One whose owner died is free a moment later; one whose owner lives is refused. */
import { setTimeout as delay } from "node:timers/promises";
import { PortyardError } from "../error.ts";
import { failedWith } from "../native/errno.ts";

/** A forwarder that was killed with reads under way lets go of its devices up to 10 ms later. */
const BUSY_MS = 1000;
const BUSY_LOOK_MS = 2;

/** Names of a port, and of the instance that it belongs to. */
export interface PortName {
  instance: string;
  name: string;
}

/** What `open` returns as soon as the device has no owner. @throws PortyardError `device-busy` when it has one still after a second. */
export async function whenFree<Device>(open: () => Device, device: string, port: PortName): Promise<Device> {
  for (const end = performance.now() + BUSY_MS; ; await delay(BUSY_LOOK_MS)) {
    try {
      return open();
    } catch (error) {
      if (!failedWith(error, "EBUSY")) throw error;
      if (performance.now() > end) throw deviceBusy(device, port, error);
    }
  }
}

/** The error of a device that another process owns. */
export function deviceBusy(device: string, { instance, name }: PortName, cause: unknown): PortyardError {
  return new PortyardError("device-busy", `The device ${device} of port ${name} is held by another process.`, {
    path: device,
    value: name,
    remedy: `Stop the other agent that is called ${instance}, or use another --name.`,
    cause,
  });
}
