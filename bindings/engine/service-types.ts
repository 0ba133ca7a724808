/** What an engine tells of its services and flows, by the names and units of `portyard show … --json`, and what is asked of it. */
import type { FlowTimeouts, ServiceConfig, ServicePort } from "../config/types.ts";
import type { Algorithm, BackendInfo, PickedBackend, PickOptions } from "../service/types.ts";

/** A backend of a service, with what was measured of it. */
export interface ServiceBackendInfo extends BackendInfo {
  /** Of the station at its address; null while it is not known. */
  mac: string | null;
}

/** A service, with its backends. */
export interface ServiceInfo {
  name: string;
  network: string;
  /** Virtual address, the IPv4 one where it has both; null without one. */
  address: string | null;
  /** All of its virtual addresses. */
  addresses: string[];
  ports: ServicePort[];
  algorithm: Algorithm;
  affinitySeconds: number;
  backends: ServiceBackendInfo[];
}

/** A connection that is followed. */
export interface FlowInfo {
  network: string;
  protocol: "tcp" | "udp" | "icmp";
  /** Address and port, as 10.77.0.2:40000 or [fd77::2]:40000. */
  client: string;
  /** Name of the service; null where the backend's has gone. */
  service: string | null;
  /** Where the client sent it: the virtual address, or the backend itself. */
  virtual: string;
  /** Name of the backend; null where it has gone. */
  backend: string | null;
  /** Address and port that it was sent to. */
  target: string;
  state: "half-open" | "established" | "closing" | "time-wait" | "udp-unanswered" | "udp" | "icmp";
  idleSeconds: number;
  /** Of both directions. */
  frames: number;
  bytes: number;
}

/** Flows by the state that they were in; those that say which backend a client has (session affinity) are among `udp`. */
export type FlowStateCounts = Record<keyof FlowTimeouts, number>;

/** What a worker counted of flows. */
export interface FlowCounts {
  /** That began. */
  inserted: number;
  /** That did not begin, because no other could be spared for them; because another worker began the same just then (they are tried again). */
  refused: number;
  rivals: number;
  /** That were ended by their ends, or by a change of their service. */
  ended: number;
  /** That were silent for too long. */
  expired: FlowStateCounts;
  /** That had to make room in a full table. */
  evicted: FlowStateCounts;
}

/** Which flows; all that are named must hold. */
export interface FlowFilter {
  network?: string;
  service?: string;
  backend?: string;
  /** An address, of the client. */
  client?: string;
  state?: FlowInfo["state"];
}

/** Flows of a page, in the table's order. */
export interface FlowPage {
  flows: FlowInfo[];
  /** Where the next page begins: give it as `from`; null: there is none. */
  next: number | null;
}

/** A service as a program uses it: `Engine.balancer`. */
export interface ServiceBalancer {
  /** The instance for the next request. @throws PortyardError `no-backend` (none may be chosen), `service-missing`. */
  pick(options?: PickOptions): PickedBackend;
  /** All of them, in the order in which they were given. @throws PortyardError `service-missing`. */
  backends(): ServiceBackendInfo[];
}

/** What is asked of an engine about its services. */
export interface EngineServices {
  /** Lets the service be served. Rejects with PortyardError, and leaves nothing behind: `service-exists`, `network-missing`, `services-exhausted`,
   *  `backends-exhausted`, `slates-exhausted`, `address-taken` (of another service, or bound to a port), `addresses-exhausted`. */
  addService(service: ServiceConfig): Promise<ServiceInfo>;
  /** Changes a living service, all but its name and network; flows that have a backend keep it, those to a virtual address that it has no more end.
   *  `service-missing`, `not-settable`, and as `addService`; all is as it was then. */
  setService(service: ServiceConfig): Promise<ServiceInfo>;
  /** New requests are refused at once; its flows end. `service-missing`. */
  removeService(name: string): Promise<void>;
  /** Ends the flows of a backend (a hard drain): the next packet of each gets another one, or a reset. Returns how many there were. What is in
   *  TIME_WAIT is over, and stays. `service-missing`, `backend-missing`. */
  endFlows(service: string, backend: string): Promise<number>;
  /** In the order in which they were added. */
  services(): ServiceInfo[];
  /** At most `limit` (1,000) of the flows that are as `filter` says, from a place of the table on; a page may have fewer and not be the last.
   *  `bad-argument`. */
  flows(filter?: FlowFilter, page?: { from?: number; limit?: number }): FlowPage;
}
