/** A test on a machine with a world outside (world.ts draws both), whose network must be listed afterwards as it was before. */
import { story, type Yard } from "./instance.ts";
import { assertListedAs, hostListing, makeWorld } from "./world.ts";

const programs = ["iproute2", "tun", "nft", "iptables", "ping"] as const;

/** Name and body of the test. `before` is what `hostListing` says at its start. */
export function worldStory(name: string, tell: (yard: Yard, before: string[]) => Promise<void>): ReturnType<typeof story> {
  const body = async (yard: Yard) => {
    await makeWorld(yard.machine);
    const before = hostListing(yard.machine);
    await tell(yard, before);
    assertListedAs(before, yard.machine);
    for (const line of ["link del out", "netns del world"]) yard.machine.tool("ip", ...line.split(" "));
  };
  return story(name, body, { programs });
}
