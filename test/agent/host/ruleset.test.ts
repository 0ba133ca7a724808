/** The table of rules: what it says for single cases, and that random packets fare in it as the policy has it in plain words. */
import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { HostNetwork } from "../../../agent/host/host-network.ts";
import { type ExtraRules, NO_RULES, removalOf, rulesetOf, type Strangers } from "../../../agent/host/ruleset.ts";
import { scale } from "../../scale.ts";
import { type ModelPacket, TableModel, type Verdict } from "./table-model.ts";

const test = suite("ruleset");

const network = (name: string, number: number, internal = false): HostNetwork => ({
  name,
  interface: `py-${name}`,
  subnets: [`10.77.${number}.0/24`, `fd77:${number}::/64`],
  gateways: [`10.77.${number}.1`, `fd77:${number}::1`],
  internal,
});
const [blue, green, closed] = [network("blue", 0), network("green", 1), network("closed", 2, true)];
const networks = [blue, green, closed];
const strangers: Strangers = { ipv4: ["eth0", "eth1"], ipv6: ["eth1"] };

const commands = (extra: ExtraRules = NO_RULES, of: HostNetwork[] = networks) =>
  rulesetOf({ instance: "lab", networks: of, strangers, extra });
const table = new TableModel(commands());

const packet = (iif: string, oif: string, changes: Partial<ModelPacket> = {}): ModelPacket => {
  return { iif, oif, family: 4, source: "10.77.0.2", state: "new", ...changes };
};
const forward = (iif: string, oif: string, changes: Partial<ModelPacket> = {}) => table.verdict("forward", packet(iif, oif, changes));

test("replaces the table in one transaction: add, delete, and all of it anew", () => {
  const first = { family: "inet", name: "portyard-lab" };
  assert.equal(commands().slice(0, 3), [{ add: { table: first } }, { delete: { table: first } }, { add: { table: first } }]);
  assert.equal(removalOf("lab"), [{ add: { table: first } }, { delete: { table: first } }]);
});

test("every object is in that table, and every rule in a chain that was added before it", () => {
  const chains = new Set<unknown>();
  for (const command of commands() as { add?: Record<string, { family: string; table?: string; name?: string; chain?: string }> }[]) {
    const [[kind, object] = ["", null]] = Object.entries(command.add ?? {});
    if (!object || kind === "table") continue;
    assert.equal([object.family, object.table], ["inet", "portyard-lab"]);
    if (kind === "chain") chains.add(object.name);
    if (kind === "rule") assert.ok(chains.has(object.chain), String(object.chain));
  }
});

test("an empty set is written without elements, which nft would refuse", () => {
  const sets = (commands(NO_RULES, []) as { add?: { set?: { name: string; elem?: unknown[] } } }[]).flatMap(({ add }) => add?.set ?? []);
  assert.ok(sets.length > 0);
  for (const { name, elem } of sets) assert.ok(name.startsWith("strangers") ? elem!.length > 0 : elem === undefined, name);
});

test("containers get out, and answers come back in", () => {
  assert.is(forward("py-blue", "eth0"), "accept");
  assert.is(forward("eth0", "py-blue", { state: "established", source: "192.0.2.2" }), "accept");
  assert.is(forward("eth0", "py-blue", { state: "related", source: "192.0.2.2" }), "accept");
});

test("nobody gets in who was not asked", () => {
  assert.is(forward("eth0", "py-blue", { source: "192.0.2.2" }), "drop");
  assert.is(forward("eth0", "py-blue", { source: "192.0.2.2", state: "invalid" }), "drop");
});

test("networks do not reach each other, nor those of other instances", () => {
  assert.is(forward("py-blue", "py-green"), "drop");
  assert.is(forward("py-blue", "py-elsewhere"), "drop");
  assert.is(forward("py-blue", "py-blue"), "accept");
});

test("nothing is forwarded from or to an internal network, not even of connections that were there before", () => {
  for (const state of ["new", "established"] as const) {
    assert.is(forward("py-closed", "eth0", { state }), "drop");
    assert.is(forward("eth0", "py-closed", { state }), "drop");
  }
  assert.is(forward("py-blue", "py-closed"), "drop");
});

test("interfaces that did not forward before still do not forward to each other", () => {
  assert.is(forward("eth0", "eth1", { source: "192.0.2.2" }), "drop");
  assert.is(forward("eth0", "docker0", { source: "192.0.2.2" }), "accept", "what came later is not ours to judge");
  assert.is(forward("eth0", "eth1", { family: 6, source: "2001:db8::2" }), "accept", "it was on for IPv6");
});

test("a packet of no connection does not leave with the container's own address", () => {
  assert.is(forward("py-blue", "eth0", { state: "invalid" }), "drop");
});

test("what leaves a network by another interface gets the host's address", () => {
  const leaves = (oif: string, changes: Partial<ModelPacket> = {}) => table.verdict("postrouting", packet("py-blue", oif, changes));
  assert.is(leaves("eth0"), "masquerade");
  assert.is(leaves("eth0", { family: 6, source: "fd77:0::2" }), "masquerade");
  assert.is(leaves("py-blue"), "accept");
  assert.is(leaves("py-green"), "accept");
  assert.is(leaves("eth0", { source: "192.0.2.1" }), "accept", "it is the host's already");
  assert.is(leaves("eth0", { source: "10.77.2.2" }), "accept", "internal networks are not translated");
});

test("an address of a network is believed from its host port and from the host itself only", () => {
  const comes = (iif: string, source: string, family: 4 | 6 = 4) => table.verdict("guard", packet(iif, "", { source, family }));
  assert.is(comes("eth0", "10.77.0.2"), "drop");
  assert.is(comes("eth0", "fd77:1::2", 6), "drop");
  assert.is(comes("py-blue", "10.77.0.2"), "accept");
  assert.is(comes("lo", "10.77.0.1"), "accept");
  assert.is(comes("eth0", "192.0.2.2"), "accept");
});

test("containers are told of no other way", () => {
  const says = (oif: string, family: 4 | 6, icmpType: string) => table.verdict("redirects", packet("", oif, { family, icmpType }));
  assert.is(says("py-blue", 4, "redirect"), "drop");
  assert.is(says("py-blue", 6, "nd-redirect"), "drop");
  assert.is(says("py-blue", 4, "echo-reply"), "accept");
  assert.is(says("eth0", 4, "redirect"), "accept");
});

test("rules of published ports stand in front of isolation and masquerade, and behind what is internal", () => {
  const rule = { comment: "published", expr: [{ accept: null }] };
  const published = new TableModel(commands({ prerouting: [rule], output: [rule], forward: [rule], postrouting: [rule] }));
  assert.is(published.verdict("forward", packet("eth0", "py-blue", { source: "192.0.2.2" })), "accept");
  assert.is(published.verdict("forward", packet("py-green", "py-blue")), "accept");
  assert.is(published.verdict("forward", packet("eth0", "py-closed")), "drop");
  assert.is(published.verdict("postrouting", packet("py-blue", "eth0")), "accept");
});

/** The policy in plain words. */
function policy(all: readonly HostNetwork[], { iif, oif, family, state }: ModelPacket): Verdict {
  const [from, to] = [iif, oif].map((name) => all.find((one) => one.interface === name));
  if (from !== undefined && from === to) return "accept";
  if (from?.internal || to?.internal) return "drop";
  if (from && state === "invalid") return "drop";
  if ((from ?? to) && (state === "established" || state === "related")) return "accept";
  if (from && oif.startsWith("py-")) return "drop";
  if (from) return "accept";
  if (to) return "drop";
  const closedBefore = family === 4 ? strangers.ipv4 : strangers.ipv6;
  return closedBefore.includes(iif) && closedBefore.includes(oif) ? "drop" : "accept";
}

test("random packets between random networks fare as the policy has it", () => {
  const some = fc
    .uniqueArray(fc.integer({ min: 0, max: 9 }), { maxLength: 6 })
    .chain((numbers) => fc.tuple(...numbers.map((number) => fc.boolean().map((internal) => network(`n${number}`, number, internal)))));
  const place = fc.oneof(
    fc.constantFrom("eth0", "eth1", "docker0", "lo", "py-other"),
    fc.nat(9).map((number) => `py-n${number}`),
  );
  const packets = fc.record({
    iif: place,
    oif: place,
    family: fc.constantFrom<4 | 6>(4, 6),
    source: fc.constant("10.77.0.2"),
    state: fc.constantFrom("new", "established", "related", "invalid"),
  });
  fc.assert(
    fc.property(some, fc.array(packets as fc.Arbitrary<ModelPacket>, { minLength: 1, maxLength: 30 }), (all, burst) => {
      const model = new TableModel(commands(NO_RULES, all));
      for (const one of burst) assert.is(model.verdict("forward", one), policy(all, one), JSON.stringify(one));
    }),
    { numRuns: scale.rulesetRuns },
  );
});

test.run();
