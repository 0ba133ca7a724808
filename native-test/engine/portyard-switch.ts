/** A Portyard switch with two packet ports, in the host's namespace:
 *
 *      sender ══ in ┐                             ┌ out ══ receiver
 *                   └ packet ═ engine ═ packet ───┘                                                                */
import { writeFileSync } from "node:fs";
import { Engine, type IoBackend, parseConfig } from "../../bindings/index.ts";
import { ip } from "../support/ip.ts";
import { makeVeth } from "../support/namespace.ts";
import { FramePath } from "./frame-path.ts";

const NETWORK = "captures";

/** The way through a new switch that does not learn, whose interfaces have this MTU in bytes.
 *  @param io the back end that is to move the frames. */
export async function makeSwitch(mtu: number, io: IoBackend, name: string): Promise<{ path: FramePath; engine: Engine }> {
  const input = makeQuietVeth(`${io[0]}i`, mtu);
  const output = makeQuietVeth(`${io[0]}o`, mtu);
  const networks = [{ name: NETWORK, learning: false, mtu }];
  const ports = [
    { name: "in", network: NETWORK, packet: { interface: input.far } },
    { name: "out", network: NETWORK, packet: { interface: output.far } },
  ];
  const engine = await Engine.create(parseConfig({ name, networks, ports }), { isolation: "thread", io });
  return { path: new FramePath(input.near, output.near), engine };
}

/** Both ends up and without IPv6, so that nothing but the test's frames comes through. */
function makeQuietVeth(label: string, mtu: number): { near: string; far: string } {
  const pair = makeVeth(label);
  for (const end of [pair.near, pair.far]) {
    writeFileSync(`/proc/sys/net/ipv6/conf/${end}/disable_ipv6`, "1");
    ip(`link set ${end} mtu ${mtu} up arp off`);
  }
  return pair;
}
