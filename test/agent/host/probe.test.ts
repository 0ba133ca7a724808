/** What `doctor` makes of what it finds on a host: each thing that stands in the way is named, with a remedy. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type HostFacts, judgeHost } from "../../../agent/host/probe.ts";
import type { ProbeResult } from "../../../bindings/ports/probe.ts";

const test = suite("way out");
const open: HostFacts = {
  forwarding: [
    { family: "ipv4", isOn: true, isWritable: true, users: [] },
    { family: "ipv6", isOn: false, isWritable: true, users: [] },
  ],
  advertisements: [{ interface: "eth0", isIgnored: false }],
  firewalls: [{ program: "iptables-nft", rules: { hasDockerUser: false, drops: false, ours: [] } }],
  chains: [
    { family: "inet", table: "portyard-lab", name: "forward", hook: "forward", policy: "accept" },
    { family: "ip", table: "filter", name: "INPUT", hook: "input", policy: "drop" },
  ],
  isUfwOn: false,
};
const chain = (table: string, name = "forward", policy = "drop", family = "inet") => ({ family, table, name, hook: "forward", policy });
const judged = (changes: Partial<HostFacts>, name: string): ProbeResult =>
  judgeHost({ ...open, ...changes }).find((one) => one.name === name)!;

test("an open host has nothing in the way", () => {
  const results = judgeHost(open);
  assert.equal(
    results.map(({ name, state, remedy }) => [name, state, remedy]),
    ["ip-forwarding", "router-advertisements", "forward-chains", "firewalld", "ufw"].map((name) => [name, "ok", null]),
  );
  assert.is(results[0]!.detail, "IPv4 on; IPv6 off, turned on while a network has a gateway");
});

test("forwarding that is off and cannot be turned on", () => {
  const forwarding = [{ family: "ipv4", isOn: false, isWritable: false, users: [] as string[] } as const];
  const { state, detail, remedy } = judged({ forwarding }, "ip-forwarding");
  assert.equal([state, detail], ["limited", "IPv4 off, and it cannot be turned on from here"]);
  assert.match(remedy!, /sysctl -w net\.ipv4\.ip_forward=1/);
});

test("forwarding that was turned on for an instance is said to be so", () => {
  const forwarding = [{ family: "ipv4", isOn: true, isWritable: true, users: ["lab", "other"] } as const].map((one) => ({
    ...one,
    users: [...one.users],
  }));
  assert.is(judged({ forwarding }, "ip-forwarding").detail, "IPv4 on for lab, other, off before");
});

test("router advertisements that are ignored", () => {
  const { state, detail, remedy } = judged({ advertisements: [{ interface: "eth0", isIgnored: true }] }, "router-advertisements");
  assert.is(state, "limited");
  assert.match(detail, /eth0: ignored/);
  assert.is(remedy, "sysctl -w net.ipv6.conf.eth0.accept_ra=2");
});

test("iptables that drops is no hindrance, its rules are named", () => {
  const firewalls = [
    { program: "iptables-nft", rules: { hasDockerUser: true, drops: true, ours: [] } },
    { program: "ip6tables-nft", rules: { hasDockerUser: false, drops: true, ours: [] } },
  ];
  const { state, detail } = judged({ firewalls, chains: [chain("filter", "FORWARD", "drop", "ip")] }, "forward-chains");
  assert.is(state, "ok");
  assert.match(detail, /iptables-nft DOCKER-USER, ip6tables-nft FORWARD/);
});

test("a chain of nftables that drops, with the rules that let host ports pass", () => {
  const { state, detail, remedy } = judged({ chains: [chain("filter")] }, "forward-chains");
  assert.is(state, "limited");
  assert.match(detail, /dropped by inet filter forward/);
  assert.match(remedy!, /nft insert rule inet filter forward iifname '"py-\*"' accept/);
  assert.is(judged({ chains: [chain("filter", "forward", "accept"), chain("portyard-lab")] }, "forward-chains").state, "ok");
});

test("iptables that drops and is not installed", () => {
  const { state, remedy } = judged({ firewalls: [], chains: [chain("filter", "FORWARD", "drop", "ip")] }, "forward-chains");
  assert.equal([state, remedy], ["limited", "Install the package iptables."]);
});

test("firewalld and ufw", () => {
  assert.match(
    judged({ chains: [{ family: "inet", table: "firewalld", name: "x" }] }, "firewalld").remedy!,
    /firewall-cmd .*--add-interface=py-NETWORK/,
  );
  for (const facts of [{ isUfwOn: true }, { chains: [{ family: "ip", table: "filter", name: "ufw-before-forward" }] }]) {
    assert.match(judged(facts, "ufw").remedy!, /ufw allow in on py-NETWORK/);
  }
});

test.run();
