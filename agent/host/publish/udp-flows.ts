/** Flows of UDP that the kernel's conntrack knows by a port of the host. Rules are asked for the first datagram of a flow only:
 *  a client that goes on sending from one port would stay where it was led before, to nothing or to a target that is gone. So
 *  what is known of a host port is forgotten whenever it is published, or is not any more: by conntrack(8), where it is
 *  installed; else such a client must be silent for 30 to 120 s (nf_conntrack_udp_timeout). */
import { runProgram } from "../../../bindings/native/program.ts";
import type { PublishedPort } from "./published-port.ts";

const FAMILIES = ["ipv4", "ipv6"] as const;

/** Forgets the flows of UDP that came by the host ports of `published`. Returns false when there is no conntrack(8). */
export async function forgetUdpFlows(published: readonly PublishedPort[]): Promise<boolean> {
  const ports = new Set(published.filter(({ protocol }) => protocol === "udp").map(({ hostPort }) => hostPort));
  for (const port of ports) {
    for (const family of FAMILIES) {
      const { status } = await runProgram("conntrack", ["-D", "-f", family, "-p", "udp", "--orig-port-dst", String(port)]);
      if (status === null) return false;
    }
  }
  return true;
}
