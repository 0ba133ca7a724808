/** A service before real containers: each backend serves HTTP and datagrams on port 8080 and says its name.
 *
 *      c1 (client) ─┐
 *      c2 (b1) ─────┤
 *      c3 (b2) ─────┼─ network blue ── my-service 10.77.0.100, fd77::100: TCP and UDP 80 -> 8080
 *      c4 (b3) ─────┘                                                                                                     */
import type { ServiceConfig } from "../../bindings/config/types.ts";
import type { BackendConfig } from "../../bindings/service/types.ts";
import type { Container } from "./container.ts";
import type { Answers } from "./station-requests.ts";
import { makeTopology, type Topology, type TopologyOptions } from "./topology.ts";

export const VIRTUAL = "10.77.0.100";
export const VIRTUAL6 = "fd77::100";
const BACKENDS = 3;
const PORT = 8080;

export const backendOf = ({ ipv4 }: Container, name: string, rest: Partial<BackendConfig> = {}): BackendConfig => ({
  name,
  address: ipv4,
  port: null,
  weight: 1,
  maxFlows: null,
  ...rest,
});

export interface Served extends Topology {
  client: Container;
  backends: Container[];
  service: ServiceConfig;
  /** Requests by HTTP from the client. */
  ask(count: number, options?: { address?: string; port?: number; parallel?: number; firstLocalPort?: number }): Promise<Answers>;
}

/** @param makeService changes the service that is set up before `body`. */
export async function withServed(
  body: (served: Served) => Promise<void>,
  makeService: (service: ServiceConfig) => ServiceConfig = (service) => service,
  options: Partial<TopologyOptions> = {},
): Promise<void> {
  const topology = await makeTopology({ containers: 1 + BACKENDS, ...options });
  const [client, ...backends] = topology.containers as [Container, ...Container[]];
  const ports = (["tcp", "udp"] as const).map((protocol) => ({ protocol, port: 80, lastPort: 80, targetPort: PORT }));
  const service = makeService({
    name: "my-service",
    network: "blue",
    addresses: [VIRTUAL, VIRTUAL6],
    ports,
    algorithm: "round-robin",
    backends: [
      ...backends.map((container, index) => backendOf(container, `b${index + 1}`)),
      ...backends.map((container, index) => backendOf(container, `b${index + 1}-6`, { address: container.ipv6 })),
    ],
    slowStartSeconds: 0,
    ejection: null,
    panicShare: 0,
    affinitySeconds: 0,
  });
  try {
    for (const [index, { station }] of backends.entries()) {
      await station.ask("serveHttp", { port: PORT, name: `b${index + 1}` });
      await station.ask("serveDatagrams", { port: PORT, name: `b${index + 1}` });
    }
    await topology.engine.addService(service);
    const ask: Served["ask"] = (count, { address = VIRTUAL, port = 80, parallel = 8, firstLocalPort } = {}) =>
      client.station.ask<Answers>("ask", { address, port, count, parallel, ...(firstLocalPort !== undefined && { firstLocalPort }) });
    await body({ ...topology, client, backends, service, ask });
  } finally {
    await topology.close();
  }
}
