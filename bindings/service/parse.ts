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
  const backends = data.backends.map(normaliseBackend);
  const problems = repeated(backends, data.backends);
  if (problems.length > 0) throw new BadConfiguration(problems);
  const { failures = 5, seconds = 30, maxSeconds = 300, share = 0.1 } = data.ejection || {};
  return {
    algorithm: data.algorithm ?? "round-robin",
    backends,
    slowStartSeconds: data.slowStartSeconds ?? 0,
    ejection: data.ejection === false ? null : { failures, seconds, maxSeconds, share },
    panicShare: data.panicShare ?? 0.5,
  };
}

function normaliseBackend(input: BalancerInput["backends"][number]): BackendConfig {
  const { text, family } = readAddress(input.address)!;
  const { port = null, weight = 1, maxFlows = null } = input;
  const withPort = port === null ? text : `${family === 6 ? `[${text}]` : text}:${port}`;
  return { name: input.name ?? withPort, address: text, port, weight, maxFlows };
}

/** Names are known once. */
function repeated(backends: readonly BackendConfig[], inputs: BalancerInput["backends"]): Problem[] {
  const first = new Map<string, number>();
  return backends.flatMap(({ name }, index): Problem[] => {
    const before = first.get(name);
    if (before === undefined) {
      first.set(name, index);
      return [];
    }
    const isNamed = inputs[index]?.name !== undefined;
    const keys = ["backends", index, isNamed ? "name" : "address"];
    return [
      { keys, value: name, fault: `is ${JSON.stringify(name)}, as backends[${before}] is`, remedy: "give each backend a name of its own" },
    ];
  });
}
