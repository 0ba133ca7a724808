/** The whole configuration as people write it (design section 8). */
import { z } from "zod";
import {
  DEFAULT_FLOWS,
  DEFAULT_MACS,
  MAX_FLOWS,
  MAX_NETWORKS,
  MAX_PORTS,
  MAX_SERVICES,
  MAX_WORKERS,
  MIN_FLOWS,
} from "../../assembly/abi/limits.ts";
import { DEFAULT_NAME } from "./defaults.ts";
import { dockerSchema } from "./docker-schema.ts";
import { field, notBuilt, text } from "./field.ts";
import { flowTimeoutsSchema } from "./flow-timeouts-schema.ts";
import { isLabel } from "./name.ts";
import { LABEL_MUST, LABEL_PATTERN, networkSchema } from "./network-schema.ts";
import { portSchema } from "./port-schema.ts";
import { serviceSchema } from "./service-schema.ts";

/** The MAC table's limit goes in these steps. */
export const MAC_LIMIT_STEP = 1024;
export const MAX_MAC_LIMIT = 1048576;
/** The flow table's goes in these. */
const FLOW_LIMIT_STEP = 1024;

const macs = field(z.int().min(MAC_LIMIT_STEP).max(MAX_MAC_LIMIT).multipleOf(MAC_LIMIT_STEP), {
  description: "MAC addresses of all networks together, learned and static; a place costs 32 bytes and a limit of N has 2 N places",
  must: `a multiple of ${MAC_LIMIT_STEP} from ${MAC_LIMIT_STEP} to ${MAX_MAC_LIMIT}`,
  remedy: `leave it out for ${DEFAULT_MACS}`,
  default: String(DEFAULT_MACS),
});

const flows = field(z.int().min(MIN_FLOWS).max(MAX_FLOWS).multipleOf(FLOW_LIMIT_STEP), {
  description: "Connections that are followed at once, of all services together; one costs about 256 bytes, the default about 64 MiB",
  must: `a multiple of ${FLOW_LIMIT_STEP} from ${MIN_FLOWS} to ${MAX_FLOWS}`,
  remedy: `leave it out for ${DEFAULT_FLOWS}`,
  default: String(DEFAULT_FLOWS),
});

export const configSchema = z
  .strictObject({
    name: text(
      isLabel,
      {
        description: "Name of the instance: its state is in /var/lib/portyard/NAME, its sockets are in /run/portyard/NAME",
        must: LABEL_MUST,
        remedy: "choose a name such as default or lab-1",
        default: DEFAULT_NAME,
      },
      LABEL_PATTERN,
    ).optional(),
    workers: field(z.union([z.int().min(1).max(MAX_WORKERS), z.literal("auto")]).optional(), {
      description: "Worker threads of the forwarder; auto is one for each processor but one",
      must: `a whole number from 1 to ${MAX_WORKERS}, or auto`,
      remedy: "leave it out for one worker",
      default: "1",
    }),
    tables: field(z.strictObject({ macs: macs.optional(), flows: flows.optional() }).optional(), {
      description: "Sizes of tables, set at start",
      must: "an object such as { macs: 65536 }",
      remedy: "leave it out for the defaults",
      default: "{}",
    }),
    networks: field(
      z
        .array(networkSchema)
        .max(MAX_NETWORKS - 1)
        .optional(),
      {
        description: "Broadcast domains",
        must: `a list of up to ${MAX_NETWORKS - 1} networks`,
        remedy: "write a list such as [{ name: blue, subnet: 10.77.0.0/24 }]",
        default: "[]",
      },
    ),
    ports: field(z.array(portSchema).max(MAX_PORTS).optional(), {
      description:
        "Attachments to networks; each has exactly one of `network` and `trunk`, and exactly one of `tap`, `packet` and `memory`",
      must: `a list of up to ${MAX_PORTS} ports`,
      remedy: "write a list such as [{ name: a, network: blue, packet: { interface: veth-a } }]",
      default: "[]",
    }),
    services: field(
      z
        .array(serviceSchema)
        .max(MAX_SERVICES - 1)
        .optional(),
      {
        description: "Services, whose requests are spread over their backends",
        must: `a list of up to ${MAX_SERVICES - 1} services`,
        remedy: "write a list such as [{ name: my-service, network: blue, backends: [{ address: 10.77.0.2 }] }]",
        default: "[]",
      },
    ),
    flowTimeouts: field(flowTimeoutsSchema.optional(), {
      description: "After how long a connection that is silent is followed no longer",
      must: "an object such as { established: 7440 }",
      remedy: "leave it out for the defaults",
      default: "{}",
    }),
    consul: notBuilt("Consul source"),
    dns: notBuilt("name service"),
    docker: field(dockerSchema.optional(), {
      description: "Serve Docker's networks: network and address driver of the name portyard",
      must: "an object; {} takes the defaults",
      remedy: "write `docker: {}`, or leave it out",
      default: "none",
    }),
  })
  .meta({ description: "Configuration of an instance" });

/** What people write, as docs/configuration.md describes it key by key: what `parseConfig` takes. */
export type ConfigInput = z.input<typeof configSchema>;
