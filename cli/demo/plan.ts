/** The demo's addresses and names, each written once. */
export const NETWORK = "my-network";
export const SUBNET = "10.77.0.0/24";
export const PREFIX_BITS = 24;
export const MTU = 1500;
export const CONTAINERS = [
  { name: "container1", address: "10.77.0.2", bridgedAddress: "10.78.0.2" },
  { name: "container2", address: "10.77.0.3", bridgedAddress: "10.78.0.3" },
] as const;
/** The switch's end, and the reference bridge's, as each container names it. */
export const INTERFACE = "eth0";
export const BRIDGED_INTERFACE = "eth1";

/** The service on its virtual address, and who answers there. Times are long beside what handling a connection takes. The fastest has the greatest
 *  weight: of a lighter one the slowest answer that a busy machine makes it give would count for seconds. */
export const SERVICE = { name: "my-service", address: "10.77.0.100", port: 80, targetPort: 8080 } as const;
export const BACKENDS = [
  { name: "backend1", address: "10.77.0.11", weight: 5, delayMs: 20 },
  { name: "backend2", address: "10.77.0.12", weight: 1, delayMs: 40 },
  { name: "backend3", address: "10.77.0.13", weight: 1, delayMs: 80 },
] as const;
export const ALGORITHMS = ["round-robin", "weighted-round-robin", "least-response-time", "least-load"] as const;
export type DemoAlgorithm = (typeof ALGORITHMS)[number];
/** Connections under each algorithm: 233 turns of three and one more, 100 schedules of seven. So many at once. */
export const CONNECTIONS = 700;
export const AT_ONCE = 32;

/** Everybody in the network. */
export const STATIONS = [...CONTAINERS, ...BACKENDS] as const;
export type Station = (typeof STATIONS)[number];

export const PING_COUNT = 5;
export const PING_INTERVAL_MS = 200;
export const STREAM_SECONDS = 3;
