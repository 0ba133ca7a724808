/** Flows that began while the rules were away. The kernel asks rules for the first packet of a flow only: whoever goes on sending (a ping,
 *  a resolver that keeps its port, a SYN that is repeated) would stay without translation, and without an answer, as long as it does. So
 *  what left a network and was not answered yet is forgotten when the rules stand again: by conntrack(8), where it is installed. A
 *  flow that is in order begins anew with its next packet. */
import { runProgram } from "../../bindings/native/program.ts";
import type { HostNetwork } from "./host-network.ts";

/** Forgets the unanswered flows out of `networks`. Returns false when there is no conntrack(8). */
export async function forgetUnanswered(networks: readonly HostNetwork[]): Promise<boolean> {
  for (const subnet of networks.filter(({ internal }) => !internal).flatMap(({ subnets }) => subnets)) {
    const family = subnet.includes(":") ? "ipv6" : "ipv4";
    const { status } = await runProgram("conntrack", ["-D", "-f", family, "--orig-src", subnet, "--status", "UNREPLIED"]);
    if (status === null) return false;
  }
  return true;
}
