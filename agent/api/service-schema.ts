/** What the API answers of services, their backends and their flows, field by field; as schema.ts does of the rest. */
import { z } from "zod";
import { ALGORITHMS } from "../../bindings/service/algorithms.ts";
import { FLOW_STATES } from "./flow-list.ts";
import { count, fault, nullableText, owner } from "./schema.ts";

const serviceBackend = z.strictObject({
  name: z.string(),
  address: z.string().meta({ description: "Without prefix length" }),
  port: count("Its own; null: the one that the service says").nullable(),
  mac: nullableText("Of the station at its address; null while it is not known"),
  weight: count("Its share beside the others; 0 is drained"),
  maxFlows: count("At once; null: any number").nullable(),
  state: z.enum(["usable", "drained", "ejected"]).nullable().meta({ description: "Null while the service is not served" }),
  active: count("Flows that it has now"),
  responseTimeMs: z.number().nonnegative().nullable().meta({ description: "Smoothed, in milliseconds; null: never measured" }),
  picked: count("How often it was chosen"),
  failed: count("How often it refused or did not answer"),
  ejectedForSeconds: z.number().nonnegative().nullable().meta({ description: "Null: it is not ejected" }),
});

const servicePort = z.strictObject({
  protocol: z.enum(["tcp", "udp"]),
  port: count("The first"),
  lastPort: count("The last, `port` where it is one"),
  targetPort: count("Of the backends, for the first; the others follow in a row"),
});

const ejection = z.strictObject({
  failures: count("In a row"),
  seconds: count("Of the first time; of the nth in succession n times as long"),
  maxSeconds: count("At most"),
  share: z.number().meta({ description: "Of all backends at once, 0-1" }),
});

export const serviceView = z.strictObject({
  name: z.string(),
  network: z.string(),
  address: nullableText("Virtual address, the IPv4 one where it has both; null: it is found by name only"),
  addresses: z.array(z.string()).meta({ description: "Virtual addresses, at most one of each family" }),
  ports: z.array(servicePort).meta({ description: "Of the virtual addresses" }),
  algorithm: z.enum(ALGORITHMS),
  affinitySeconds: count("A client has the same backend again until it was silent for so long; 0: it has not"),
  slowStartSeconds: count("In which the weight of a backend that comes grows"),
  ejection: ejection.nullable().meta({ description: "When a backend that fails is left out for a while; null: never" }),
  panicShare: z.number().meta({ description: "When fewer of the backends are left, ejections are passed over, 0-1" }),
  backends: z.array(serviceBackend),
  state: z.enum(["up", "failed", "pending"]).meta({ description: "Failed: the API's, and it could not be made after a restart" }),
  error: fault.meta({ description: "Why it is failed" }),
  owner,
});

export const backendView = serviceBackend.extend({
  service: z.string().meta({ description: "Name of the service" }),
  network: z.string().meta({ description: "Of the service" }),
});

export const flowView = z.strictObject({
  network: z.string(),
  protocol: z.enum(["tcp", "udp", "icmp"]),
  client: z.string().meta({ description: "Address and port, as 10.77.0.2:40000 or [fd77::2]:40000" }),
  service: nullableText("Null where its backend has gone"),
  virtual: z.string().meta({ description: "Where the client sent it: the virtual address, or the backend itself" }),
  backend: nullableText("Name of the backend; null where it has gone"),
  target: z.string().meta({ description: "Address and port that it was sent to" }),
  state: z.enum(FLOW_STATES),
  idleSeconds: z.number().nonnegative().meta({ description: "Since its last packet" }),
  frames: count("Of both directions"),
  bytes: count("Of both directions"),
});

/** What a drain is asked for. */
export const drainInput = z.strictObject({
  hard: z.boolean().optional().meta({ description: "End the flows that it has as well" }),
});

export const drainedView = z.strictObject({
  service: z.string(),
  backend: z.string(),
  weight: z.literal(0),
  active: count("Flows that it still has"),
  endedFlows: count("Flows that were ended"),
});

export type ServiceView = z.output<typeof serviceView>;
export type BackendView = z.output<typeof backendView>;
export type FlowView = z.output<typeof flowView>;
export type DrainedView = z.output<typeof drainedView>;
