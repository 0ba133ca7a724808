/** Services, and flows of theirs, for tests. */
import type { FlowInfo } from "../../../bindings/engine/types.ts";

const ADDRESSES: Record<string, number> = { web: 101, db: 102, old: 103, new: 104 };

/** In the network blue, with an address of its own and two backends. */
export const service = (name: string) => ({
  name,
  network: "blue",
  address: `10.77.0.${ADDRESSES[name] ?? 110}`,
  ports: [{ protocol: "tcp", port: 80, targetPort: 8080 }],
  algorithm: "least-load",
  backends: [
    { name: `${name}-1`, address: "10.77.0.11", weight: 3 },
    { name: `${name}-2`, address: "10.77.0.12" },
  ],
});

/** A connection of a client of the network blue. */
export const flow = (of: string, backend: string, more: Partial<FlowInfo> = {}): FlowInfo => ({
  network: "blue",
  protocol: "tcp",
  client: "10.77.0.2:40000",
  service: of,
  virtual: "10.77.0.101:80",
  backend,
  target: "10.77.0.11:8080",
  state: "established",
  idleSeconds: 2,
  frames: 12345,
  bytes: 2_500_000,
  ...more,
});
