/** What the API answers, field by field. The handlers' types, the OpenAPI document and the tests of both come from here.
 *  Numbers are numbers, absent is null, fields are only ever added. */
import { configSchema } from "../../bindings/config/schema.ts";
import { OWNERS } from "../state/types.ts";
import type { ExplanationJson } from "../../bindings/explain/json.ts";
import { MAX_HEX } from "../../bindings/explain/json.ts";
import { z } from "zod";

export const count = (description: string) => z.int().nonnegative().meta({ description });
export const owner = z.enum(OWNERS).meta({ description: "Who asked for it: the configuration file, this API, or Docker" });
export const nullableText = (description: string) => z.string().nullable().meta({ description });

/** Why an object does not work. */
export const fault = z
  .strictObject({
    code: z.string().meta({ description: "The kernel's error (ENODEV, ...), or a code of ours" }),
    message: z.string().meta({ description: "One sentence for people" }),
    value: z.unknown().meta({ description: "What it is about" }),
    remedy: nullableText("What the reader can do"),
  })
  .nullable();

export const networkView = z.strictObject({
  name: z.string(),
  subnets: z.array(z.string()).meta({ description: "Prefixes, at most one of each family" }),
  gateway: nullableText("Address of the host in it, the IPv4 one where it has both"),
  gateways: z.array(z.string()).meta({ description: "Addresses of the host in it, at most one of each family" }),
  internal: z.boolean().meta({ description: "Nothing is forwarded between it and the world" }),
  mtu: count("Largest IP packet in bytes"),
  ports: z.array(z.string()).meta({ description: "Names of the ports that are in it" }),
  learning: z.boolean(),
  macAgeSeconds: count("Seconds until an unused learned address goes"),
  state: z.enum(["up", "failed", "pending"]).meta({ description: "Failed: the API's, and it could not be made after a restart" }),
  error: fault.meta({ description: "Why it is failed" }),
  owner,
});

export const portView = z.strictObject({
  name: z.string(),
  network: nullableText("Network of an access port; null for a trunk"),
  trunk: z.record(z.string(), z.int()).nullable().meta({ description: "Network to VLAN identifier" }),
  native: nullableText("Network of a trunk's untagged frames"),
  kind: z.enum(["tap", "packet", "host", "memory"]),
  io: z.enum(["uring", "syscall", "memory"]).nullable().meta({ description: "What moves the frames; null while nothing does" }),
  desired: z.enum(["up", "shut", "absent"]).meta({ description: "What is wanted of it; absent: it is on its way out" }),
  generation: count("Another one each time that the port, or one before it in its place, was made anew").nullable(),
  state: z.enum(["up", "shut", "gone", "failed", "pending"]).meta({ description: "What it is" }),
  error: fault.meta({ description: "Why it is gone, failed or shut (poison: its frames killed their worker)" }),
  mac: nullableText("MAC of the station behind it"),
  addresses: z.array(z.string()).meta({ description: "Addresses bound to it" }),
  mtu: count("Largest IP packet in bytes").nullable(),
  pinned: z.boolean().describe("Opened again where it stands, after a death of agent and forwarder"),
  worker: count("Index of the worker that reads it").nullable(),
  receivedFrames: count("Frames that came from the port"),
  sentFrames: count("Frames that left by the port"),
  receivedBytes: count("Bytes of those received"),
  sentBytes: count("Bytes of those sent"),
  droppedFrames: count("Frames dropped, of those received or of those to be sent"),
  owner,
});

export const macView = z.strictObject({
  network: z.string(),
  mac: z.string(),
  port: z.string(),
  kind: z.enum(["learned", "static"]),
  ageSeconds: z.number().nonnegative().meta({ description: "Seconds since a frame came from it; 0 for a static one" }),
});

export const dropView = z.strictObject({ reason: z.string(), port: z.string(), count: count("Frames") });

export const publishedView = z.strictObject({
  network: z.string().meta({ description: "Network of the target" }),
  port: nullableText("Port that publishes; null where the network does"),
  protocol: z.enum(["tcp", "udp"]),
  hostAddress: z.string().meta({ description: "Address of the host; 0.0.0.0 and :: are all of one family" }),
  hostPort: count("Port of the host"),
  targetAddress: z.string().meta({ description: "Address that it leads to" }),
  targetPort: count("Port that it leads to"),
});

/** What an explanation is asked for. */
export const explainInput = z.strictObject({
  port: z.string().meta({ description: "The port that the frame enters by" }),
  hex: z.string().meta({ description: "The frame in hexadecimal, from its destination MAC on" }),
  originalBytes: z.int().nonnegative().max(0xffffffff).optional().meta({ description: "Its length on the wire, when it was cut" }),
  offload: z.string().optional().meta({
    description:
      "Its virtio-net header in hexadecimal: 10 bytes; a frame that was cut has none. Without it a TCP packet longer than the MTU of the network is taken for a super-frame whose segments fill the MTU",
  }),
});

const stepView = z.looseObject({
  step: z.enum([
    "cut",
    "parse",
    "vlan",
    "source-check",
    "resolve",
    "answer",
    "fragment",
    "icmp-error",
    "flow",
    "service",
    "pick",
    "ask",
    "rewrite",
    "refuse",
    "echo",
    "learn",
    "look-up",
    "flood",
    "egress",
  ]),
  verdict: z.enum(["continue", "drop", "answered", "consumed"]),
  reason: nullableText("Of a drop"),
  text: z.string().meta({ description: "One sentence for people; what else a step has is described in docs/explain.md" }),
});

export const explanationView = z.strictObject({
  port: z.string().meta({ description: "The port that the frame enters by" }),
  steps: z.array(stepView).meta({ description: "In the pipeline's order" }),
  verdict: z.enum(["forwarded", "answered", "dropped", "consumed"]).meta({
    description:
      "Dropped: the frame goes nowhere; what leaves then tells its sender so, or asks for a backend. Consumed: it was for the engine itself",
  }),
  reason: nullableText("Of the first drop when the frame goes nowhere"),
  outputs: z.array(
    z.strictObject({
      port: z.string(),
      bytes: count("On the wire"),
      hex: nullableText(`The frame, of a cut one as much as is there; null of those behind the first ${MAX_HEX / 2} bytes of all`),
      offload: nullableText("Its virtio-net header, for ports that take super-frames and partial checksums"),
    }),
  ),
  drops: z.array(z.strictObject({ reason: z.string(), port: z.string() })).meta({ description: "What ends undelivered" }),
});

const flowStateCounts = (description: string) =>
  z
    .strictObject({
      halfOpen: count("TCP: a SYN was seen, and not all of the handshake"),
      established: count("TCP"),
      closing: count("TCP: one end has said that it is done"),
      timeWait: count("TCP: both have"),
      udpUnanswered: count("UDP: nothing came back"),
      udp: count("UDP: something came back; and which backend a client has"),
      icmp: count("ICMP echo"),
    })
    .meta({ description });

export const workerView = z.strictObject({
  worker: count("Index"),
  state: z.enum(["absent", "running", "ended"]),
  io: z.enum(["uring", "syscall", "memory"]).nullable(),
  pid: count("Process of the worker"),
  incarnation: count("How often it was started"),
  received: count("Frames read"),
  originated: count("Frames of its own, answers for example"),
  copies: count("Outputs of a frame beyond its first"),
  segments: count("Segments of super-frames beyond the first"),
  sent: count("Frames written"),
  dropped: count("Frames dropped"),
  consumed: count("Frames answered or handed up"),
  slotsTaken: count("Slots taken"),
  slotsReleased: count("Slots released"),
  turns: count("Turns of its loop"),
  learned: count("Addresses learned"),
  moved: count("Addresses that changed their port"),
  evicted: count("Addresses that gave way at a port's limit"),
  aged: count("Addresses that were forgotten by age"),
  notLearned: count("Frames whose source found no place in the table"),
  flooded: count("Frames flooded"),
  answered: count("Requests answered for neighbours"),
  lost: count("Frames that were under way when the worker died"),
  flows: z
    .strictObject({
      inserted: count("That began"),
      refused: count("That did not begin, because no other could be spared"),
      rivals: count("That did not begin, because another worker began the same just then; they are tried again"),
      ended: count("That were ended by their ends, or by a change of their service"),
      expired: flowStateCounts("That were silent for too long, by state"),
      evicted: flowStateCounts("That had to make room in a full table, by state"),
    })
    .meta({ description: "Connections of services" }),
});

export const versionView = z.strictObject({
  version: z.string().meta({ description: "Of the package" }),
  instance: z.string().meta({ description: "Name of the instance" }),
  state: z.enum(["starting", "running", "stopping"]),
  pid: count("Process of the agent"),
  forwarderPid: count("Process of the forwarder").nullable(),
  standbyPid: count("Process of the forwarder that stands by").nullable(),
  uptimeSeconds: count("Seconds since the agent started"),
  layoutVersion: count("Of the tables file"),
  abiVersion: count("Of the Wasm module"),
  node: z.string().meta({ description: "Version of Node.js" }),
});

export const changeView = z.strictObject({
  action: z.enum(["add", "remove", "change", "recreate"]).meta({ description: "recreate: made anew, a living one cannot take it" }),
  kind: z.enum(["network", "port", "service"]),
  name: z.string(),
  keys: z.array(z.string()).meta({ description: "What differs, in the file's words" }),
});

export const reloadView = z.strictObject({
  config: z.string().meta({ description: "Path of the file" }),
  dryRun: z.boolean().meta({ description: "Nothing was changed" }),
  changes: z.array(changeView).meta({ description: "Empty when the file says what runs" }),
});

/** What a reload is asked for. */
export const reloadInput = z.strictObject({
  config: z.string().optional().meta({ description: "Absolute path of another file, which is the agent's from then on; default: its own" }),
  dryRun: z.boolean().optional().meta({ description: "Check, and change nothing" }),
});

const chosenHostPorts = z.array(z.int()).meta({ description: "Ports of the host that were chosen for published ports which name none" });

export const exportView = z.strictObject({
  config: configSchema.meta({
    description: "As a configuration file says it, with every default spelt out, lent addresses and MACs among it",
  }),
  networks: z
    .array(
      z.strictObject({
        name: z.string(),
        owner,
        hostPort: z
          .strictObject({ name: z.string(), mac: z.string() })
          .nullable()
          .meta({ description: "Of a network with a gateway; its MAC follows from the names of instance and network" }),
        chosenHostPorts,
      }),
    )
    .meta({ description: "What the configuration does not say of its networks" }),
  ports: z
    .array(z.strictObject({ name: z.string(), owner, state: portView.shape.state, chosenHostPorts }))
    .meta({ description: "The same of its ports" }),
  services: z.array(z.strictObject({ name: z.string(), owner })).meta({ description: "The same of its services" }),
  held: z
    .array(
      z.strictObject({ kind: z.enum(["network", "port", "service"]), name: z.string(), owner, code: nullableText("Code of the error") }),
    )
    .meta({ description: "What could not be made again, and so is not in the configuration" }),
});

export const leftView = z.strictObject({ left: z.literal(true) });
export const stoppedView = z.strictObject({ stopped: z.literal(true) });

const problem = z.strictObject({ path: z.string(), value: z.unknown(), message: z.string(), remedy: z.string() });

export const errorView = z.strictObject({
  error: z.strictObject({
    code: z.string().meta({ description: "Stable; programs compare it" }),
    message: z.string().meta({ description: "One sentence for people" }),
    path: nullableText("Where: a path in the body, a parameter, a file"),
    value: z.unknown().meta({ description: "What was found there" }),
    remedy: nullableText("What the reader can do"),
    problems: z.array(problem).optional().meta({ description: "Everything that is wrong with the body, of which the above is the first" }),
  }),
});

export type NetworkView = z.output<typeof networkView>;
export type PortView = z.output<typeof portView>;
export type MacView = z.output<typeof macView>;
export type DropView = z.output<typeof dropView>;
export type PublishedView = z.output<typeof publishedView>;
export type ExplanationView = ExplanationJson;
export type WorkerView = z.output<typeof workerView>;
export type ReloadView = z.output<typeof reloadView>;
export type ExportView = z.input<typeof exportView>;
export type ReloadInput = z.output<typeof reloadInput>;
export type VersionView = z.output<typeof versionView>;
