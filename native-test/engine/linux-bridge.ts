/** A Linux bridge as a reference, in a namespace of its own, that neither learns nor filters:
 *
 *      sender ══ left ┐              ┌ right ══ receiver
 *                     └──── br0 ─────┘                                                                             */
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { withNamespace } from "../../bindings/native/namespace.ts";
import { ip } from "../support/ip.ts";
import { makeNamespace } from "../support/namespace.ts";
import { FramePath } from "./frame-path.ts";

/** The way through a new bridge whose interfaces have this MTU in bytes, and what removes both. */
export function makeBridge(mtu: number): { path: FramePath; remove: () => void } {
  const namespace = makeNamespace("bridge");
  const run = (command: string): string => ip(`-n ${namespace.name} ${command}`);
  const path = withNamespace(namespace.path, () => {
    silence();
    run("link add br0 type bridge mcast_snooping 0 stp_state 0 ageing_time 0");
    for (const [end, slave] of [
      ["sender", "left"],
      ["receiver", "right"],
    ]) {
      run(`link add ${end} mtu ${mtu} type veth peer name ${slave} mtu ${mtu}`);
      run(`link set ${slave} master br0 up`);
      run(`link set ${slave} type bridge_slave learning off`);
      run(`link set ${end} up`);
    }
    run(`link set br0 mtu ${mtu} up`);
    return new FramePath("sender", "receiver");
  });
  const remove = (): void => {
    path.close();
    namespace.remove();
  };
  return { path, remove };
}

/** The namespace's own stack says nothing, and the bridge shows no packet to netfilter: there it would drop bad headers. */
function silence(): void {
  for (const which of ["all", "default"]) writeFileSync(`/proc/sys/net/ipv6/conf/${which}/disable_ipv6`, "1");
  const folder = "/proc/sys/net/bridge";
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder).filter((each) => each.startsWith("bridge-nf-call"))) writeFileSync(`${folder}/${name}`, "0");
}
