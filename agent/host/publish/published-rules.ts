/** Rules of Portyard's nftables table (ruleset.ts) for published ports, as `nft -j` takes the expressions of a rule
 *  (libnftables-json(5)). One look-up in a map finds the target, however many ports there are.
 *
 *    client --> prerouting --> forward --> postrouting --> port       a packet from outside, or from a port
 *    host ----> output ------------------> postrouting --> port       one from a program of the host
 *
 *  The client's address stays what it is. Only a client in the target's network, the target itself among them, is masqueraded as the gateway:
 *  the target would answer it directly, and the client would not know the address. What comes from loopback is never
 *  translated (that would need route_localnet), the agent's proxy serves it; and a packet from outside to a loopback address
 *  must not be either, since it would no longer be recognised as a martian behind prerouting. */
import { isLoopback, isUnspecified } from "../../../bindings/config/publish.ts";
import type { HostNetwork } from "../host-network.ts";
import type { ExtraRules, NftExpression, NftRule } from "../ruleset.ts";
import type { PublishedPort } from "./published-port.ts";

type Family = "ip" | "ip6";

const FAMILIES: readonly Family[] = ["ip", "ip6"];
const LOOPBACK = { ip: { prefix: { addr: "127.0.0.0", len: 8 } }, ip6: "::1" } as const;

const familyOf = (address: string): Family => (address.includes(":") ? "ip6" : "ip");
const destination = (family: Family): NftExpression => ({ payload: { protocol: family, field: "daddr" } });
const source = (family: Family): NftExpression => ({ payload: { protocol: family, field: "saddr" } });
const PROTOCOL: NftExpression = { meta: { key: "l4proto" } };
const DESTINATION_PORT: NftExpression = { payload: { protocol: "th", field: "dport" } };
const concat = (...parts: unknown[]): NftExpression => ({ concat: parts });

function match(left: unknown, right: unknown, op = "=="): NftExpression {
  return { match: { op, left, right } };
}

/** conntrack's mark of what was led elsewhere by a rule like these. */
const IS_LED = match({ ct: { key: "status" } }, "dnat", "in");

/** What the kernel translates: all but what comes by loopback, and what would have to change its family. */
function isTranslated({ hostAddress, targetAddress }: PublishedPort): boolean {
  return !isLoopback(hostAddress) && familyOf(hostAddress) === familyOf(targetAddress);
}

function lead(family: Family, key: NftExpression, elements: readonly (readonly [NftExpression, NftExpression])[]): NftExpression {
  return { dnat: { family, addr: { map: { key, data: { set: elements } } } } };
}

/** One rule for what is published at single addresses, one for what is published at all of them. */
function leadRules(family: Family, all: readonly PublishedPort[]): NftRule[] {
  const target = ({ targetAddress, targetPort }: PublishedPort) => concat(targetAddress, targetPort);
  const single = all.filter(({ hostAddress }) => !isUnspecified(hostAddress));
  const every = all.filter(({ hostAddress }) => isUnspecified(hostAddress));
  const atOne = lead(
    family,
    concat(destination(family), PROTOCOL, DESTINATION_PORT),
    single.map((one) => [concat(one.hostAddress, one.protocol, one.hostPort), target(one)]),
  );
  const atAll = lead(
    family,
    concat(PROTOCOL, DESTINATION_PORT),
    every.map((one) => [concat(one.protocol, one.hostPort), target(one)]),
  );
  const isHosts = [match(destination(family), LOOPBACK[family], "!="), match({ fib: { result: "type", flags: ["daddr"] } }, "local")];
  return [
    ...(single.length > 0 ? [{ comment: "published at one address", expr: [atOne] }] : []),
    ...(every.length > 0 ? [{ comment: "published at all addresses", expr: [...isHosts, atAll] }] : []),
  ];
}

function acceptRules(family: Family, all: readonly PublishedPort[]): NftRule[] {
  if (all.length === 0) return [];
  const elements = new Map(
    all.map((one) => [`${one.protocol} ${one.targetAddress} ${one.targetPort}`, concat(one.targetAddress, one.protocol, one.targetPort)]),
  );
  const isTarget = match(concat(destination(family), PROTOCOL, DESTINATION_PORT), { set: [...elements.values()] });
  return [{ comment: "published ports", expr: [IS_LED, isTarget, { accept: null }] }];
}

function prefix(subnet: string): NftExpression {
  const [addr, length] = subnet.split("/");
  return { prefix: { addr, len: Number(length) } };
}

/** Clients in the target's network look like the gateway. */
function gatewayRules(family: Family, { name, interface: device, subnets, gateways }: HostNetwork): NftRule[] {
  const subnet = subnets.find((one) => familyOf(one) === family);
  const gateway = gateways.find((one) => familyOf(one) === family);
  if (subnet === undefined || gateway === undefined) return [];
  const comment = `published in ${name} for clients in it`;
  const expr = [
    IS_LED,
    match({ meta: { key: "oifname" } }, device),
    match(source(family), prefix(subnet)),
    { snat: { family, addr: gateway } },
  ];
  return [{ comment, expr }];
}

/** @param published with host ports chosen.
 *  @param networks those with a host port; of networks in which nothing is published nothing is said. */
export function publishedRules(published: readonly PublishedPort[], networks: readonly HostNetwork[]): ExtraRules {
  const translated = published.filter(isTranslated);
  const of = (family: Family) => translated.filter(({ hostAddress }) => familyOf(hostAddress) === family);
  const led = FAMILIES.flatMap((family) => leadRules(family, of(family)));
  const postrouting = FAMILIES.flatMap((family) => {
    const names = new Set(of(family).map(({ network }) => network));
    return networks.filter(({ name }) => names.has(name)).flatMap((network) => gatewayRules(family, network));
  });
  return { prerouting: led, output: led, forward: FAMILIES.flatMap((family) => acceptRules(family, of(family))), postrouting };
}
