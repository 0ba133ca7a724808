/** The nftables table of an instance (`inet portyard-NAME`), as commands for `nft -j -f -` (libnftables-json(5)), which replace what there
 *  was of it in one step. Host ports and subnets stand in sets, so that a packet costs the same however many networks there are.
 *
 *   prerouting, raw      what claims an address of a network and comes from elsewhere is dropped
 *   prerouting, dstnat   published ports                        output, dstnat      the same, for programs of the host
 *   forward, filter      within a network: accepted             internal networks: dropped
 *                        of known connections: accepted         published ports
 *                        between networks: dropped              out of a network: accepted, into one: dropped
 *                        between interfaces of the host that did not forward before there was a network: dropped
 *   output, filter       no redirects to containers: `send_redirects` of an interface alone does not turn them off
 *   postrouting, srcnat  published ports; then what leaves a network by another interface gets the host's address
 *
 *  An accept ends this table only: another one may still drop the packet (forward-accept.ts). */
import { HOST_PORT_PREFIX } from "../../bindings/config/host-port.ts";
import type { HostNetwork } from "./host-network.ts";

export type NftExpression = Record<string, unknown>;

/** What stands in a rule beside its place. */
export interface NftRule {
  comment: string;
  expr: NftExpression[];
}

/** Rules of others, in chains of this table: each at the place that the picture shows for published ports. */
export interface ExtraRules {
  prerouting: NftRule[];
  output: NftRule[];
  forward: NftRule[];
  postrouting: NftRule[];
}

export const NO_RULES: ExtraRules = { prerouting: [], output: [], forward: [], postrouting: [] };

/** Interfaces of the host that did not forward packets of a family before the agent turned that on. */
export interface Strangers {
  ipv4: string[];
  ipv6: string[];
}

export interface RulesetDescription {
  /** Name of the instance. */
  instance: string;
  networks: readonly HostNetwork[];
  strangers: Strangers;
  extra: ExtraRules;
}

/** A command of the JSON interface, as { add: { table: … } }. */
export type NftCommand = Record<string, unknown>;

const FAMILY = "inet";
const IN: NftExpression = { meta: { key: "iifname" } };
const OUT: NftExpression = { meta: { key: "oifname" } };
const ACCEPT: NftExpression = { accept: null };
const DROP: NftExpression = { drop: null };
const ANY_HOST_PORT = `${HOST_PORT_PREFIX}*`;

/** Name of the table of an instance. */
export function tableName(instance: string): string {
  return `portyard-${instance}`;
}

/** The commands that make the table of `description` from nothing, or from whatever it was. */
export function rulesetOf(description: RulesetDescription): NftCommand[] {
  const name = tableName(description.instance);
  const place = { family: FAMILY, table: name };
  const sets = Object.entries(setsOf(description)).map(([set, body]) => ({ add: { set: { ...place, name: set, ...body } } }));
  const chains = chainsOf(description).flatMap(({ rules, ...chain }) => [
    { add: { chain: { ...place, policy: "accept", ...chain } } },
    ...rules.map((rule) => ({ add: { rule: { ...place, chain: chain.name, ...rule } } })),
  ]);
  return [...removalOf(description.instance), { add: { table: { family: FAMILY, name } } }, ...sets, ...chains];
}

/** The commands that remove the table of an instance, whether it is there or not. */
export function removalOf(instance: string): NftCommand[] {
  const table = { family: FAMILY, name: tableName(instance) };
  return [{ add: { table } }, { delete: { table } }];
}

type NftSet = { type: string | string[]; flags?: string[]; elem?: unknown[] };

/** A set without elements is written without the key. */
function setOf(type: string | string[], elements: readonly unknown[], flags?: string[]): NftSet {
  return { type, ...(flags && { flags }), ...(elements.length > 0 && { elem: [...elements] }) };
}

function setsOf({ networks, strangers }: RulesetDescription): Record<string, NftSet> {
  const interfaces = networks.map((network) => network.interface);
  const subnets = (isWanted: (subnet: string) => boolean) =>
    networks
      .flatMap((network) => network.subnets)
      .filter(isWanted)
      .map(prefix);
  const outward = networks.filter(({ internal }) => !internal).flatMap((network) => network.subnets);
  return {
    "host-ports": setOf("ifname", interfaces),
    "same-network": setOf(
      ["ifname", "ifname"],
      interfaces.map((name) => ({ concat: [name, name] })),
    ),
    internal: setOf(
      "ifname",
      networks.filter(({ internal }) => internal).map((network) => network.interface),
    ),
    subnets4: setOf("ipv4_addr", subnets(isIpv4), ["interval"]),
    subnets6: setOf("ipv6_addr", subnets(isIpv6), ["interval"]),
    outward4: setOf("ipv4_addr", outward.filter(isIpv4).map(prefix), ["interval"]),
    outward6: setOf("ipv6_addr", outward.filter(isIpv6).map(prefix), ["interval"]),
    strangers4: setOf("ifname", strangers.ipv4),
    strangers6: setOf("ifname", strangers.ipv6),
  };
}

interface Chain {
  name: string;
  type: "filter" | "nat";
  hook: string;
  prio: number;
  rules: NftRule[];
}

function chainsOf({ extra }: RulesetDescription): Chain[] {
  return [
    { name: "guard", type: "filter", hook: "prerouting", prio: -300, rules: guardRules() },
    { name: "prerouting", type: "nat", hook: "prerouting", prio: -100, rules: extra.prerouting },
    { name: "output", type: "nat", hook: "output", prio: -100, rules: extra.output },
    { name: "forward", type: "filter", hook: "forward", prio: 0, rules: forwardRules(extra.forward) },
    { name: "redirects", type: "filter", hook: "output", prio: 0, rules: redirectRules() },
    { name: "postrouting", type: "nat", hook: "postrouting", prio: 100, rules: [...extra.postrouting, ...masqueradeRules()] },
  ];
}

function guardRules(): NftRule[] {
  return (["ip", "ip6"] as const).map((family) => ({
    comment: "an address of a network, from elsewhere",
    expr: [match(IN, "@host-ports", "!="), match(IN, "lo", "!="), match(source(family), subnetsOf(family)), DROP],
  }));
}

function forwardRules(published: readonly NftRule[]): NftRule[] {
  const known = match({ ct: { key: "state" } }, ["established", "related"], "in");
  return [
    { comment: "within a network", expr: [match({ concat: [IN, OUT] }, "@same-network"), ACCEPT] },
    { comment: "internal", expr: [match(IN, "@internal"), DROP] },
    { comment: "internal", expr: [match(OUT, "@internal"), DROP] },
    { comment: "of no connection", expr: [match(IN, "@host-ports"), match({ ct: { key: "state" } }, "invalid", "in"), DROP] },
    { comment: "of known connections", expr: [match(IN, "@host-ports"), known, ACCEPT] },
    { comment: "of known connections", expr: [match(OUT, "@host-ports"), known, ACCEPT] },
    ...published,
    { comment: "between networks", expr: [match(IN, "@host-ports"), match(OUT, ANY_HOST_PORT), DROP] },
    { comment: "out of a network", expr: [match(IN, "@host-ports"), ACCEPT] },
    { comment: "into a network", expr: [match(OUT, "@host-ports"), DROP] },
    ...([4, 6] as const).map((family) => ({
      comment: "did not forward before",
      expr: [
        match({ meta: { key: "nfproto" } }, `ipv${family}`),
        match(IN, `@strangers${family}`),
        match(OUT, `@strangers${family}`),
        DROP,
      ],
    })),
  ];
}

function redirectRules(): NftRule[] {
  const type = (protocol: string) => ({ payload: { protocol, field: "type" } });
  return [
    { comment: "no redirects", expr: [match(OUT, "@host-ports"), match(type("icmp"), "redirect"), DROP] },
    { comment: "no redirects", expr: [match(OUT, "@host-ports"), match(type("icmpv6"), "nd-redirect"), DROP] },
  ];
}

/** What stays in a network, or goes to another one by a published port, keeps its address. */
function masqueradeRules(): NftRule[] {
  return (["ip", "ip6"] as const).map((family) => ({
    comment: "out of a network",
    expr: [match(source(family), `@outward${family === "ip" ? 4 : 6}`), match(OUT, "@host-ports", "!="), { masquerade: null }],
  }));
}

function source(protocol: "ip" | "ip6"): NftExpression {
  return { payload: { protocol, field: "saddr" } };
}

function subnetsOf(protocol: "ip" | "ip6"): string {
  return `@subnets${protocol === "ip" ? 4 : 6}`;
}

function match(left: NftExpression, right: unknown, op = "=="): NftExpression {
  return { match: { op, left, right } };
}

const isIpv6 = (address: string): boolean => address.includes(":");
const isIpv4 = (address: string): boolean => !isIpv6(address);

function prefix(subnet: string): NftExpression {
  const [addr, length] = subnet.split("/");
  return { prefix: { addr, len: Number(length) } };
}
