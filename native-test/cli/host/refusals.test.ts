/** What a host says no to: the start ends with an error that names it, and everything is as before. */
import * as assert from "uvu/assert";
import { errorOf, story, type Yard } from "../support/instance.ts";
import { assertListedAs, hostListing, lab, makeWorld } from "../support/world.ts";
import { sideBySide } from "../../support/side-by-side.ts";

const test = sideBySide("refusals of the host");
const programs = ["iproute2", "tun", "nft", "iptables"] as const;

async function refused(yard: Yard, config: unknown = lab): Promise<ReturnType<typeof errorOf>> {
  const before = hostListing(yard.machine);
  const end = await yard.run("up", "--config", yard.file(config), "--json");
  assert.is(end.code, 1, end.stdout);
  assertListedAs(before, yard.machine);
  return errorOf(end);
}

test(
  ...story(
    "a subnet that an interface of the host has",
    async (yard) => {
      await makeWorld(yard.machine);
      const network = { name: "blue", subnet: "192.0.2.128/25", gateway: "192.0.2.129" };
      const { code, message, value } = await refused(yard, { name: "lab", networks: [network] });
      assert.equal([code, value], ["subnet-in-use", "192.0.2.1/24"]);
      assert.match(message, /interface out has 192\.0\.2\.1\/24/);
      yard.machine.tool("sh", "-c", "ip link del out; ip netns del world");
    },
    { programs },
  ),
);

test(
  ...story(
    "an interface of the name that is somebody else's",
    async (yard) => {
      yard.machine.tool("ip", "link", "add", "py-blue", "type", "veth", "peer", "name", "far");
      const { code, remedy } = await refused(yard);
      assert.is(code, "interface-taken");
      assert.match(remedy!, /ip link del py-blue/);
      yard.machine.tool("ip", "link", "del", "py-blue");
    },
    { programs },
  ),
);

test(
  ...story(
    "a host without nft",
    async (yard) => {
      const before = yard.machine.tool("nft", "list", "ruleset");
      yard.machine.tool("sh", "-c", "mount --bind /dev/null $(command -v nft || echo /usr/sbin/nft)");
      const { code, stderr } = await yard.run("up", "--config", yard.file(lab), "--json");
      assert.is(code, 1);
      const { code: reason, remedy } = errorOf({ code, signal: null, stdout: "", stderr });
      assert.is(reason, "nft-missing");
      assert.match(remedy!, /apt-get install nftables/);
      yard.machine.tool("sh", "-c", "umount $(readlink -f /usr/sbin)/nft");
      assert.is(yard.machine.tool("nft", "list", "ruleset"), before);
      assert.is(yard.machine.tool("cat", "/proc/sys/net/ipv4/ip_forward").trim(), "0");
    },
    { programs },
  ),
);

test(
  ...story(
    "settings that may not be changed",
    async (yard) => {
      yard.machine.tool("sh", "-c", "mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys");
      const { code, message, remedy } = await refused(yard);
      assert.is(code, "setting-refused");
      assert.match(message, /net\.ipv4\.ip_forward cannot be set to 1 \(EROFS\)/);
      assert.match(remedy!, /docker run --sysctl/);
      yard.machine.tool("umount", "/proc/sys");
    },
    { programs },
  ),
);

test(
  ...story(
    "doctor tells of a chain that drops, and changes nothing",
    async (yard) => {
      yard.machine.tool(
        "sh",
        "-c",
        "nft add table inet mine && nft 'add chain inet mine closed { type filter hook forward priority 0; policy drop; }'",
      );
      const before = hostListing(yard.machine);
      const { stdout } = await yard.run("doctor", "--json");
      const found = (name: string) => JSON.parse(stdout).find((one: { name: string }) => one.name === name);
      assert.is(found("forward-chains").state, "limited");
      assert.match(found("forward-chains").remedy, /nft insert rule inet mine closed iifname '"py-\*"' accept/);
      assert.is(found("ip-forwarding").state, "ok");
      assertListedAs(before, yard.machine);
    },
    { programs },
  ),
);

test.run();
