/** A small interpreter of the rules that Portyard gives to nft: what becomes of a packet in one chain. It knows the expressions that are
 *  used, and throws at any other. */
import ipaddr from "ipaddr.js";
import type { NftCommand, NftExpression, NftRule } from "../../../agent/host/ruleset.ts";

export interface ModelPacket {
  iif: string;
  oif: string;
  family: 4 | 6;
  source: string;
  state: "new" | "established" | "related" | "invalid";
  icmpType?: string;
}

export type Verdict = "accept" | "drop" | "masquerade";

type Objects = Record<string, { name: string; chain?: string; elem?: unknown[]; expr?: NftExpression[] }>;

export class TableModel {
  readonly #sets = new Map<string, unknown[]>();
  readonly #chains = new Map<string, NftRule["expr"][]>();

  constructor(commands: readonly NftCommand[]) {
    for (const { add } of commands as { add?: Objects }[]) {
      const { set, chain, rule } = add ?? {};
      if (set) this.#sets.set(set.name, set.elem ?? []);
      if (chain) this.#chains.set(chain.name, []);
      if (rule) this.#chains.get(rule.chain ?? "")!.push(rule.expr ?? []);
    }
  }

  /** The first verdict of `chain`, whose policy is accept. */
  verdict(chain: string, packet: ModelPacket): Verdict {
    for (const rule of this.#chains.get(chain)!) {
      const verdict = this.#rule(rule, packet);
      if (verdict !== null) return verdict;
    }
    return "accept";
  }

  #rule(expressions: readonly NftExpression[], packet: ModelPacket): Verdict | null {
    for (const expression of expressions) {
      const [kind = ""] = Object.keys(expression);
      if (kind === "accept" || kind === "drop" || kind === "masquerade") return kind;
      if (kind !== "match") throw new Error(`an expression that the model does not know: ${kind}`);
      if (!this.#matches(expression.match as Match, packet)) return null;
    }
    return null;
  }

  #matches({ op, left, right }: Match, packet: ModelPacket): boolean {
    const value = fieldOf(left, packet);
    if (value === null) return false;
    const isEqual = this.#isOneOf(value, right);
    return op === "!=" ? !isEqual : isEqual;
  }

  #isOneOf(value: string[], right: unknown): boolean {
    if (Array.isArray(right)) return right.some((one) => this.#isOneOf(value, one));
    const name = typeof right === "string" && right.startsWith("@") ? right.slice(1) : null;
    if (name !== null) return this.#sets.get(name)!.some((element) => isElement(value, element));
    return isElement(value, right);
  }
}

interface Match {
  op: string;
  left: NftExpression;
  right: unknown;
}

function isElement(value: string[], element: unknown): boolean {
  if (typeof element === "string") return element.endsWith("*") ? value[0]!.startsWith(element.slice(0, -1)) : value[0] === element;
  const { concat, prefix } = element as { concat?: string[]; prefix?: { addr: string; len: number } };
  if (concat) return concat.every((part, index) => part === value[index]);
  const address = ipaddr.parse(value[0]!);
  return prefix !== undefined && address.match([ipaddr.parse(prefix.addr), prefix.len] as never);
}

/** Null where the packet has no such field: then no comparison holds. */
function fieldOf(left: NftExpression, packet: ModelPacket): string[] | null {
  const { meta, ct, payload, concat } = left as Record<string, { key?: string; protocol?: string; field?: string }> & {
    concat?: NftExpression[];
  };
  if (concat) return (concat as NftExpression[]).flatMap((part) => fieldOf(part, packet) ?? []);
  if (meta?.key === "iifname") return [packet.iif];
  if (meta?.key === "oifname") return [packet.oif];
  if (meta?.key === "nfproto") return [`ipv${packet.family}`];
  if (ct?.key === "state") return [packet.state];
  if (payload?.field === "saddr") return payload.protocol === (packet.family === 4 ? "ip" : "ip6") ? [packet.source] : null;
  if (payload?.field === "type")
    return payload.protocol === (packet.family === 4 ? "icmp" : "icmpv6") && packet.icmpType ? [packet.icmpType] : null;
  throw new Error(`a field that the model does not know: ${JSON.stringify(left)}`);
}
