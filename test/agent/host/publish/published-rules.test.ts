/** The rules of published ports: which packet is led where, as an obvious model says, and nothing else. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { HostNetwork } from "../../../../agent/host/host-network.ts";
import { type PublishedPort, publishedPorts } from "../../../../agent/host/publish/published-port.ts";
import { publishedRules } from "../../../../agent/host/publish/published-rules.ts";
import type { NftRule } from "../../../../agent/host/ruleset.ts";
import { readPublication } from "../../../../bindings/config/publish.ts";
import type { Target } from "../../../../bindings/config/publish-check.ts";
import type { Publication } from "../../../../bindings/config/types.ts";

const test = suite("published rules");

const blue: HostNetwork = {
  name: "blue",
  interface: "py-blue",
  subnets: ["10.77.0.0/24", "fd77::/64"],
  gateways: ["10.77.0.1", "fd77::1"],
  internal: false,
};
const green: HostNetwork = { name: "green", interface: "py-green", subnets: ["10.78.0.0/24"], gateways: ["10.78.0.1"], internal: false };
const four: Target = { network: "blue", address: "10.77.0.2", family: 4 };
const six: Target = { network: "blue", address: "fd77::2", family: 6 };

const published = (text: string, targets: readonly Target[] = [four, six]): PublishedPort[] =>
  publishedPorts(readPublication(text, "port") as Publication, "a", targets).flat();
const places = (all: PublishedPort[]) => all.map((one) => `${one.hostAddress} ${one.hostPort} > ${one.targetAddress} ${one.targetPort}`);

test("all addresses are one of each family, a range its numbers", () => {
  assert.equal(places(published("8080:80")), ["0.0.0.0 8080 > 10.77.0.2 80", ":: 8080 > fd77::2 80"]);
  assert.equal(places(published("8080-8081:80-81", [four])), [
    "0.0.0.0 8080 > 10.77.0.2 80",
    "::1 8080 > 10.77.0.2 80",
    "0.0.0.0 8081 > 10.77.0.2 81",
    "::1 8081 > 10.77.0.2 81",
  ]);
  assert.equal(places(published("8080:80", [six])), [":: 8080 > fd77::2 80"]);
  assert.equal(places(published("[::1]:8080:80", [four])), ["::1 8080 > 10.77.0.2 80"]);
  assert.equal(places(published("127.0.0.1:8080:80", [six])), ["127.0.0.1 8080 > fd77::2 80"]);
  assert.equal(places(published("[::]:8080:80", [four])), []);
  assert.equal(places(published("80")), ["0.0.0.0 0 > 10.77.0.2 80", ":: 0 > fd77::2 80"]);
});

interface Packet {
  family: "ip" | "ip6";
  destination: string;
  protocol: "tcp" | "udp";
  port: number;
}

const HOST = ["192.0.2.1", "fd00::1", "10.77.0.1", "fd77::1", "127.0.0.1", "::1"];

// biome-ignore lint/suspicious/noExplicitAny: expressions are libnftables' own
function fieldOf(expression: any, packet: Packet): string | null {
  if (expression.concat) {
    const parts = expression.concat.map((part: unknown) => fieldOf(part, packet));
    return parts.includes(null) ? null : parts.join(" ");
  }
  if (expression.meta?.key === "l4proto") return packet.protocol;
  if (expression.payload?.protocol === "th") return String(packet.port);
  if (expression.payload?.field === "daddr") return expression.payload.protocol === packet.family ? packet.destination : null;
  if (expression.fib) return HOST.includes(packet.destination) ? "local" : "unicast";
  throw new Error(`the model does not know ${JSON.stringify(expression)}`);
}

// biome-ignore lint/suspicious/noExplicitAny: as above
function holds({ op, left, right }: any, packet: Packet): boolean {
  const value = fieldOf(left, packet);
  if (value === null) return false;
  const isRight = typeof right === "object" ? value.startsWith("127.") : value === right;
  return op === "!=" ? !isRight : isRight;
}

/** Where the rules of a nat chain lead a packet. */
function ledTo(rules: readonly NftRule[], packet: Packet): string | null {
  for (const { expr } of rules) {
    // biome-ignore lint/suspicious/noExplicitAny: as above
    const expressions = expr as any[];
    if (!expressions.every(({ match }) => match === undefined || holds(match, packet))) continue;
    const { addr, family } = expressions.at(-1).dnat;
    const key = fieldOf(addr.map.key, packet);
    // biome-ignore lint/suspicious/noExplicitAny: as above
    const found = addr.map.data.set.find(([one]: any) => one.concat.join(" ") === key);
    if (found && family === packet.family) return found[1].concat.join(" ");
  }
  return null;
}

function expected(all: readonly PublishedPort[], packet: Packet): string | null {
  if (!HOST.includes(packet.destination) || packet.destination === "127.0.0.1" || packet.destination === "::1") return null;
  const any = packet.family === "ip" ? "0.0.0.0" : "::";
  const mine = all.filter(({ protocol, hostPort, hostAddress }) => {
    return protocol === packet.protocol && hostPort === packet.port && (hostAddress === any || hostAddress === packet.destination);
  });
  return mine[0] ? `${mine[0].targetAddress} ${mine[0].targetPort}` : null;
}

test("every packet is led as the model says, from outside and from the host alike", () => {
  const all = [
    ...published("8080:80"),
    ...published("8053-8054:53-54/udp"),
    ...published("192.0.2.1:9090:90"),
    ...published("[fd00::1]:9091:91"),
    ...published("127.0.0.1:9092:92"),
    ...published("[::1]:9093:93", [four]),
    ...published("9094:94", [four]),
    ...published("0.0.0.0:9095:95"),
  ];
  const { prerouting, output } = publishedRules(all, [blue, green]);
  assert.equal(prerouting, output);
  let ledCount = 0;
  for (const destination of [...HOST, "198.51.100.7", "fd00::7"]) {
    for (const protocol of ["tcp", "udp"] as const) {
      for (const port of [80, 8080, 8053, 8054, 8055, 9090, 9091, 9092, 9093, 9094, 9095]) {
        const packet: Packet = { family: destination.includes(":") ? "ip6" : "ip", destination, protocol, port };
        const wanted = expected(all, packet);
        assert.is(ledTo(prerouting, packet), wanted, JSON.stringify(packet));
        if (wanted !== null) ledCount++;
      }
    }
  }
  assert.is(ledCount, 4 + 8 + 1 + 1 + 2 + 2);
});

test("what is led may be forwarded to its target, each target once", () => {
  const { forward } = publishedRules([...published("8080:80"), ...published("192.0.2.1:9090:80"), ...published("127.0.0.1:1:1")], [blue]);
  // biome-ignore lint/suspicious/noExplicitAny: expressions are libnftables' own
  const sets = forward.map(({ expr }) => (expr[1] as any).match.right.set.map(({ concat }: any) => concat.join(" ")));
  assert.equal(sets, [["10.77.0.2 tcp 80"], ["fd77::2 tcp 80"]]);
  for (const { expr } of forward) {
    assert.equal(expr[0], { match: { op: "in", left: { ct: { key: "status" } }, right: "dnat" } });
    assert.equal(expr[2], { accept: null });
  }
});

test("clients in the target's network look like its gateway, in networks with published ports only", () => {
  const { postrouting } = publishedRules(published("8080:80"), [blue, green]);
  const told = postrouting.map(({ comment, expr }) => `${comment} ${JSON.stringify(expr.slice(1))}`);
  assert.is(postrouting.length, 2);
  assert.match(told[0]!, /published in blue for clients in it .*"oifname".*"py-blue".*"10\.77\.0\.0","len":24.*"ip","addr":"10\.77\.0\.1"/);
  assert.match(told[1]!, /"fd77::","len":64.*"snat".*"ip6","addr":"fd77::1"/);
});

test("nothing published, or at loopback only, makes no rules", () => {
  const none = { prerouting: [], output: [], forward: [], postrouting: [] };
  assert.equal(publishedRules([], [blue]), none);
  assert.equal(publishedRules([...published("127.0.0.1:80:80"), ...published("[::1]:80:80/udp")], [blue]), none);
});

test.run();
