/** The demo's addresses and names, each written once. */
export const NETWORK = "my-network";
export const SUBNET = "10.77.0.0/24";
export const PREFIX_BITS = 24;
export const MTU = 1500;
export const CONTAINERS = [
  { name: "container1", address: "10.77.0.2", bridgedAddress: "10.78.0.2" },
  { name: "container2", address: "10.77.0.3", bridgedAddress: "10.78.0.3" },
] as const;
export type Station = (typeof CONTAINERS)[number];
/** The switch's end, and the reference bridge's, as each container names it. */
export const INTERFACE = "eth0";
export const BRIDGED_INTERFACE = "eth1";

export const PING_COUNT = 5;
export const PING_INTERVAL_MS = 200;
export const STREAM_SECONDS = 3;
