/** From what a person or a program wrote of a balancer to what it takes: checked, defaults filled in, addresses canonical. */
import { explain } from "../config/explain.ts";
import { readAddress } from "../config/ip-address.ts";
import { BadConfiguration, type Problem } from "../config/problem.ts";
import { type BalancerInput, balancerSchema } from "./schema.ts";
import type { BackendConfig, BalancerConfig } from "./types.ts";

/** @throws BadConfiguration with every problem found. */
export function parseBalancer(input: unknown): BalancerConfig {
  const { success, data, error } = balancerSchema.safeParse(input);
  if (!success) throw new BadConfiguration(explain(error.issues, balancerSchema, input));
  const balancer = normaliseBalancer(data);
  const problems = repeatedBackends(balancer.backends, (index) => data.backends[index]?.name !== undefined);
  if (problems.length > 0) throw new BadConfiguration(problems);
  return balancer;
}

/** @param input checked by `balancerSchema`. */
export function normaliseBalancer(input: BalancerInput): BalancerConfig {
  const { failures = 5, seconds = 30, maxSeconds = 300, share = 0.1 } = input.ejection || {};
  return {
    algorithm: input.algorithm ?? "round-robin",
    backends: input.backends.map(normaliseBackend),
    slowStartSeconds: input.slowStartSeconds ?? 0,
    ejection: input.ejection === false ? null : { failures, seconds, maxSeconds, share },
    panicShare: input.panicShare ?? 0.5,
  };
}

function normaliseBackend(input: BalancerInput["backends"][number]): BackendConfig {
  const { text } = readAddress(input.address)!;
  const { port = null, weight = 1, maxFlows = null } = input;
  return { name: input.name ?? defaultName({ address: text, port }), address: text, port, weight, maxFlows };
}

/** Of a backend that was given none: its address, with its port if it has one. */
export function defaultName({ address, port }: Pick<BackendConfig, "address" | "port">): string {
  if (port === null) return address;
  return `${address.includes(":") ? `[${address}]` : address}:${port}`;
}

/** Names are known once.
 *  @param isNamed whether the name of the backend at this index was written. */
export function repeatedBackends(backends: readonly BackendConfig[], isNamed: (index: number) => boolean): Problem[] {
  const first = new Map<string, number>();
  return backends.flatMap(({ name }, index): Problem[] => {
    const before = first.get(name);
    if (before === undefined) {
      first.set(name, index);
      return [];
    }
    const keys = ["backends", index, isNamed(index) ? "name" : "address"];
    return [
      { keys, value: name, fault: `is ${JSON.stringify(name)}, as backends[${before}] is`, remedy: "give each backend a name of its own" },
    ];
  });
}
