/** The two namespaces between which a switch stands, and the ways in which their devices come to be. */

import { onEnd } from "../support/cleanup.ts";
import { deviceName, ipBatch, makeNamespace, type Namespace, setUpEnd } from "../support/namespace.ts";
import { succeeds } from "../support/shell.ts";
import { CLIENT_ADDRESS, END_DEVICE, type RunningSwitch, SERVER_ADDRESS } from "./types.ts";

export interface End {
  namespace: Namespace;
  address: string;
  label: string;
}
export interface Ends {
  a: End;
  b: End;
}

/** @param labels of the two namespaces; different ones when two switches stand at the same time. */
export function makeEnds(labels: readonly [string, string] = ["a", "b"]): Ends {
  return {
    a: { namespace: makeNamespace(labels[0]), address: CLIENT_ADDRESS, label: labels[0] },
    b: { namespace: makeNamespace(labels[1]), address: SERVER_ADDRESS, label: labels[1] },
  };
}

/** A veth pair: one end in the container's namespace, ready for use; returns the name of the other, which is up in `outside`
 *  or the host's namespace. */
export function connectByVeth(end: End, outside?: string): string {
  const device = deviceName(end.label);
  const where = outside === undefined ? "" : ` netns ${outside}`;
  ipBatch([`link add ${END_DEVICE} netns ${end.namespace.name} type veth peer name ${device}${where}`]);
  onEnd(`device ${device}`, () => removeDevice(end));
  ipBatch([`address add ${end.address}/24 dev ${END_DEVICE}`, `link set ${END_DEVICE} up`], end.namespace.name);
  ipBatch([`link set ${device} up`], outside);
  return device;
}

/** The name that another program is to give to the TAP of this end. */
export function tapName(end: End): string {
  return deviceName(end.label);
}

/** TAPs that another program made in the namespace `outside`: moved to the containers and made ready for use. */
export function moveTaps({ a, b }: Ends, outside: string): void {
  for (const end of [a, b]) {
    ipBatch([`link set ${tapName(end)} netns ${end.namespace.name}`], outside);
    setUpEnd(end.namespace.name, tapName(end), END_DEVICE, end.address);
  }
}

/** At once, which the end of its namespace is not: the next run takes the same name. */
function removeDevice({ namespace }: End): void {
  succeeds("ip", ["-n", namespace.name, "link", "del", END_DEVICE]);
}

/** The pair that load generators take, and the end of it all: the switch first, then the namespaces. */
export function running(ends: Ends, stopSwitch: () => Promise<void>): RunningSwitch {
  return {
    pair: { client: ends.a.namespace.name, server: ends.b.namespace.name, serverAddress: ends.b.address },
    async stop() {
      await stopSwitch();
      removeDevice(ends.a);
      removeDevice(ends.b);
      await ends.a.namespace.remove();
      await ends.b.namespace.remove();
    },
  };
}
