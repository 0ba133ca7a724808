/** What the switch is measured against: a Linux bridge with a veth pair to each container, in a namespace of its own, so
 *  that a firewall on the host's bridges does not slow it down.
 *
 *    container1 eth1 ── veth ── bridge0 ── veth ── eth1 container2                                                    */
import { PortyardError } from "../../bindings/error.ts";
import { attempt, ipBatch, run } from "./command.ts";
import type { DemoMark } from "./mark.ts";
import { BRIDGED_INTERFACE, CONTAINERS, MTU, PREFIX_BITS } from "./plan.ts";

export const bridgeNamespace = (mark: DemoMark): string => `demo-${mark.tag}-bridge`;

/** @throws PortyardError `bridge-missing` when the kernel has no bridges, `command-failed`. */
export async function makeBridge(mark: DemoMark): Promise<void> {
  const namespace = bridgeNamespace(mark);
  mark.willName(namespace, null);
  await run("ip", ["netns", "add", namespace]);
  const { status, stderr } = await attempt("ip", ["-netns", namespace, "link", "add", "bridge0", "type", "bridge"]);
  if (status !== 0) throw new PortyardError("bridge-missing", `This kernel makes no bridge: ${stderr.trim()}`);
  await withoutFilters(namespace);
  await ipBatch(
    CONTAINERS.flatMap(({ name }, index) => cable(name, index)),
    namespace,
  );
  for (const { name, bridgedAddress } of CONTAINERS) {
    await ipBatch([`address add ${bridgedAddress}/${PREFIX_BITS} dev ${BRIDGED_INTERFACE}`, `link set ${BRIDGED_INTERFACE} up`], name);
  }
}

/** Takes the containers' second interfaces along. */
export const removeBridge = (mark: DemoMark): Promise<string> => run("ip", ["netns", "delete", bridgeNamespace(mark)]);

const cable = (container: string, index: number): string[] => [
  `link add veth${index} mtu ${MTU} type veth peer name ${BRIDGED_INTERFACE} mtu ${MTU} netns ${container}`,
  `link set veth${index} master bridge0 up`,
  ...(index === CONTAINERS.length - 1 ? ["link set bridge0 up"] : []),
];

/** In a new namespace frames on a bridge pass through iptables, which drops what it does not know. The files are there
 *  only when the kernel has that filter. */
async function withoutFilters(namespace: string): Promise<void> {
  const off = 'for file in /proc/sys/net/bridge/bridge-nf-call-*; do if [ -w "$file" ]; then echo 0 > "$file"; fi; done';
  await run("ip", ["netns", "exec", namespace, "sh", "-c", off]);
}
