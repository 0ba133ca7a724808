/** The kernel's own switch: a Linux bridge in a namespace of its own, where no other program's firewall rules apply, and a
 *  veth pair to each container. */
import { ipBatch, makeNamespace } from "../support/namespace.ts";
import { connectByVeth, makeEnds, running } from "./ends.ts";
import type { RunningSwitch, SwitchUnderTest } from "./types.ts";

export const bridge: SwitchUnderTest = {
  name: "bridge",
  about: "Linux bridge + veth",
  missing: () => null,
  async start(): Promise<RunningSwitch> {
    const ends = makeEnds();
    const middle = makeNamespace("s");
    ipBatch(["link add br0 type bridge", "link set br0 up"], middle.name);
    for (const end of [ends.a, ends.b]) ipBatch([`link set ${connectByVeth(end, middle.name)} master br0`], middle.name);
    return running(ends, middle.remove);
  },
};
