/** The demo's service as the engine takes it, and what each algorithm is expected to make of it. */
import type { ServiceConfig } from "../../bindings/config/types.ts";
import type { ServiceInfo } from "../../bindings/engine/types.ts";
import { BACKENDS, CONNECTIONS, type DemoAlgorithm, NETWORK, SERVICE } from "./plan.ts";
import type { Answers } from "./traffic/requests.ts";

/** What came of the connections under one algorithm. */
export interface Spread extends Answers {
  /** Response time of each backend as the engine has measured it, by name, at the end; null: it has not. */
  measuredMs: Record<string, number | null>;
}

export type Spreads = Record<DemoAlgorithm, Spread>;

/** No backend is ever left out: the counts of the schedules are to be exact, however busy the machine is. */
export function serviceConfig(algorithm: DemoAlgorithm): ServiceConfig {
  const { name, address, port, targetPort } = SERVICE;
  return {
    name,
    network: NETWORK,
    addresses: [address],
    ports: [{ protocol: "tcp", port, lastPort: port, targetPort }],
    algorithm,
    backends: BACKENDS.map((backend) => ({
      name: backend.name,
      address: backend.address,
      port: null,
      weight: backend.weight,
      maxFlows: null,
    })),
    affinitySeconds: 0,
    slowStartSeconds: 0,
    ejection: null,
    panicShare: 0.5,
  };
}

/** @param services as the engine tells of them after the connections. */
export function spreadOf(answers: Answers, services: readonly ServiceInfo[]): Spread {
  const backends = services.find(({ name }) => name === SERVICE.name)?.backends ?? [];
  return { ...answers, measuredMs: Object.fromEntries(backends.map(({ name, responseTimeMs }) => [name, responseTimeMs])) };
}

const weightSum = BACKENDS.reduce((sum, { weight }) => sum + weight, 0);
const fastest = BACKENDS.reduce((best, backend) => (backend.delayMs < best.delayMs ? backend : best));

/** How it chooses, and whom it is expected to prefer. */
export const EXPECTATION: Record<DemoAlgorithm, string> = {
  "round-robin": "each in turn, whatever its weight",
  "weighted-round-robin": `by weight: ${BACKENDS.map(({ weight }) => (CONNECTIONS * weight) / weightSum).join(", ")}`,
  "least-response-time": `time x (active + 1) / weight: ${fastest.name}, the fastest, first`,
  "least-load": "(active + 1) / weight: who is done sooner gets more",
};
