/** What an engine tells of itself. The names and units are those that `portyard show … --json` prints (design section 9). */
import type { NetworkConfig, PortConfig, PortKind } from "../config/types.ts";
import type { ExplainOptions, Explanation } from "../explain/types.ts";
import type { Lease } from "../ipam/lease.ts";
import type { EngineServices, FlowCounts } from "./service-types.ts";

export type * from "./service-types.ts";

/** Which module: `debug` keeps its checks, `single` has plain loads and stores and needs unshared memory. */
export type Build = "release" | "debug" | "single";
/** Gets the frames that leave a memory port; see MemoryPort.onFrame. Returns false to refuse one. */
// biome-ignore lint/suspicious/noConfusingVoidType: a listener that returns nothing has taken the frame
export type PortListener = (frame: Uint8Array) => boolean | undefined | void;
/** Gets the frames that leave a memory port, several at once; see MemoryPort.onBurst. Returns false to refuse all of them. */
// biome-ignore lint/suspicious/noConfusingVoidType: as above
export type BurstListener = (frames: readonly Uint8Array[]) => boolean | undefined | void;
/** Where the forwarder runs; see EngineOptions.isolation. */
export type Isolation = "process" | "thread" | "inline";
/** What moves frames: io_uring, plain system calls, or calls of the embedding program. */
export type IoBackend = "uring" | "syscall" | "memory";

/** How an engine works; what it connects is its configuration. */
export interface EngineOptions {
  /** Of an inline engine: keys the hash of its tables, 64 bits. Default random, so that nobody can make stations collide; the same seed makes
   *  two runs equal to the last detail. */
  hashSeed?: bigint;
  /** Where the forwarder runs: a process of its own, worker threads of this one, or this very thread (memory ports only). */
  isolation?: Isolation;
  /** "auto" takes uring where the kernel allows it, else syscall. Memory ports always use memory. */
  io?: IoBackend | "auto";
  /** Which module: "release" unless said otherwise; inline isolation uses "single" unless "debug" or "release" is asked for. */
  build?: Build;
  /** Microseconds that a worker spins before it sleeps, 0-1,000; default 0. */
  spinMicroseconds?: number;
  /** Keep a second forwarder process that takes the place of one that dies within milliseconds, for about 60 MB of memory; default
   *  true with isolation "process", which alone has one. */
  standby?: boolean;
  /** "own" (default): this engine starts its forwarders. "waiting": a service manager does, by the program portyard-standby, and they
   *  wait in the run folder until they are taken. */
  forwarders?: "own" | "waiting";
  /** Called with each log record of the forwarder (level as pino's names). */
  log?: (level: "debug" | "info" | "warn" | "error", message: string, details?: Record<string, unknown>) => void;
  /** End at once what a predecessor left and `config` does not name (default); false: `settle()` will be called. */
  settle?: boolean;
  /** Folder of the forwarder's socket, and of frames of which a worker died: /run/portyard/NAME. */
  runDirectory?: string;
  /** For tests, with build "debug" only: frames that say so (assembly/abi/fault.ts) make their worker trap or hang. */
  faultFrames?: boolean;
}

/** A port, with its counts since it was made. */
export interface PortInfo {
  name: string;
  /** Of an access port; null of a trunk. */
  network: string | null;
  /** Of a trunk: network to VLAN identifier; null of an access port. */
  trunk: Record<string, number> | null;
  /** Network of untagged frames of a trunk; null without. */
  native: string | null;
  kind: PortKind;
  /** What moves the frames: "uring", "syscall" or "memory". */
  io: IoBackend;
  /** What is wanted of it: "up", "shut", or "absent" while it is on its way out. */
  desired: "up" | "shut" | "absent";
  /** Which of the ports that had its place in the tables one after the other, 1-255: another one after it was made anew. */
  generation: number;
  /** "up", "shut", "gone", "failed" or "pending" (asked for, not there yet). */
  state: "up" | "shut" | "gone" | "failed" | "pending";
  /** The kernel's error (ENODEV, ...) of a port that is gone or failed; "poison" of one that is shut because its frames killed
   *  its worker again and again. */
  error: string | null;
  /** Of the container's end, in lower case with colons; null where it is not known. */
  mac: string | null;
  /** Bound to it, without prefix length, those that it was lent among them. */
  addresses: string[];
  /** Largest IP packet in bytes. */
  mtu: number;
  /** It was opened again where it stands, after a death of both processes: it keeps its namespace until it is removed, or until the
   *  namespace's path is gone. */
  pinned: boolean;
  /** The worker that reads it. */
  worker: number;
  /** That entered the engine here; super-frames count once. */
  receivedFrames: number;
  /** That left here. */
  sentFrames: number;
  /** Without virtio-net headers and frame check sequences. */
  receivedBytes: number;
  sentBytes: number;
  /** That were dropped and this port is at fault, as DropInfo says it. */
  droppedFrames: number;
}

/** A network, with its ports. */
export interface NetworkInfo {
  name: string;
  /** Prefixes in CIDR notation. */
  subnets: string[];
  /** The host's address in it, the IPv4 one where it has both; null without one. */
  gateway: string | null;
  /** All of the host's addresses in it. */
  gateways: string[];
  /** Nothing is forwarded between it and the world. */
  internal: boolean;
  /** Largest IP packet in bytes. */
  mtu: number;
  /** Names of its ports, trunks and the host port among them. */
  ports: string[];
  /** Source addresses are learned. */
  learning: boolean;
  /** After which a silent station is forgotten. */
  macAgeSeconds: number;
}

/** A station, and the port behind which it is. */
export interface MacInfo {
  network: string;
  /** In lower case with colons. */
  mac: string;
  port: string;
  /** "static": bound by the configuration, never aged. */
  kind: "learned" | "static";
  /** Since it was last seen; 0 of a static one. */
  ageSeconds: number;
}

/** Frames that were dropped for one reason at one port. */
export interface DropInfo {
  /** A constant of assembly/abi/drop-reason.ts in kebab-case. */
  reason: string;
  /** The port that the frame came from, or, once it was on its way out, the one that it should have left by. */
  port: string;
  /** Frames since the port was made. */
  count: number;
}

/** One worker's totals, in frames and slots; see assembly/abi/worker.ts for the law that they obey. */
export interface WorkerInfo {
  /** Number, from 0. */
  worker: number;
  state: "absent" | "running" | "ended";
  io: IoBackend | null;
  /** Process that it runs in. */
  pid: number;
  /** Raised with each of its deaths. */
  incarnation: number;
  /** That entered. */
  received: number;
  /** That the engine made: answers. */
  originated: number;
  /** Outputs of a frame beyond its first. */
  copies: number;
  /** Segments of a super-frame beyond its first. */
  segments: number;
  /** That left. */
  sent: number;
  /** That ended undelivered, for a reason. */
  dropped: number;
  /** That were answered. */
  consumed: number;
  slotsTaken: number;
  slotsReleased: number;
  /** Rounds of its loop. */
  turns: number;
  /** Stations: new ones, those that came by another port, that made room, that were silent too long, that found no place. */
  learned: number;
  moved: number;
  evicted: number;
  aged: number;
  notLearned: number;
  /** Frames whose destination was not known, or a group. */
  flooded: number;
  /** Questions for neighbours. */
  answered: number;
  /** Frames that were under way when an incarnation of the worker died. */
  lost: number;
  flows: FlowCounts;
}

/** Everything that an engine counts, since it was made. */
export interface EngineCounters {
  ports: PortInfo[];
  drops: DropInfo[];
  workers: WorkerInfo[];
  /** Stations in the table, learned and static. */
  macs: number;
  /** That it may hold. */
  macLimit: number;
  /** Flows in the table, with those that say which backend a client has (session affinity). */
  flows: number;
  /** That it may hold. */
  flowLimit: number;
  /** Events that were overwritten before they could be told. */
  eventsLost: number;
}

/** A Wasm trap; an exception around it; an endless loop; the end of its thread. */
export type WorkerDeath = "trap" | "error" | "hang" | "exit";

/** What an engine tells of itself, and with which arguments: `Engine.on`. */
export type EngineEvents = {
  /** A port's device forwards. */
  portUp: (port: string) => void;
  /** A port's device went away, or could not be taken into service; `error` is the kernel's name for it. Or the port was shut:
   *  then it is "poison". */
  portDown: (port: string, error: string | null) => void;
  /** A station sent its first frame, at `port`. */
  macLearned: (network: string, mac: string, port: string) => void;
  /** A station that was behind another port sent by `port`. */
  macMoved: (network: string, mac: string, port: string) => void;
  /** A station was silent for `macAgeSeconds`, and is forgotten. */
  macAged: (network: string, mac: string, port: string) => void;
  /** A station had to make room for another one of its port, which has as many as it may have (`macLimit`), and is forgotten. */
  macEvicted: (network: string, mac: string, port: string) => void;
  /** So many frames were dropped for this reason at this port (as DropInfo says it), 1 or more, since that was last told: at most once a
   *  second for each, and once more when the port is removed. Time is the engine's own: of an inline one that of `tick`. */
  dropSampled: (reason: string, port: string, count: number) => void;
  /** The forwarder died (signal or code) and is being restarted after `delayMs`. */
  forwarderDown: (reason: string, delayMs: number) => void;
  /** Another one runs, in process `pid`; 0 when it is this one. */
  forwarderUp: (pid: number) => void;
  /** Another forwarder stands by for the one that runs. */
  standbyUp: (pid: number) => void;
  /** A worker died. `port` is the one whose frame it was working on, `file` the capture file that this frame was saved to; null
   *  when there was none. */
  workerDown: (worker: number, reason: WorkerDeath, port: string | null, file: string | null) => void;
  /** Another incarnation of it runs; its ports follow with `portUp`. */
  workerUp: (worker: number, incarnation: number) => void;
};

/** What the agent uses of an engine; the class `Engine` in bindings/engine.ts. */
export interface EngineLike extends EngineServices {
  /** With its host port, if it has a gateway. */
  addNetwork(network: NetworkConfig): Promise<NetworkInfo>;
  /** Changes what a living network takes: SETTABLE_NETWORK_KEYS of config/difference.ts. */
  setNetwork(network: NetworkConfig): Promise<NetworkInfo>;
  /** With its host port; it must have no other. */
  removeNetwork(name: string): Promise<void>;
  /** Resolves when the port forwards (in a takeover from tables of another layout: when it is ready for `settle`); rejects with
   *  PortyardError and leaves nothing behind. `lease`: what a port without addresses was lent before. */
  addPort(port: PortConfig, lease?: Lease): Promise<PortInfo>;
  /** Changes what living ports take (SETTABLE_PORT_KEYS of config/difference.ts), all or nothing; devices, counters and leases stay. */
  setPorts(ports: readonly PortConfig[]): Promise<PortInfo[]>;
  /** Looks whether the devices of `ports` could be made when those of `leaving` are gone, and touches nothing. Rejects with the
   *  PortyardError of the first that could not, whose path is the port's name. */
  checkPorts(ports: readonly PortConfig[], leaving: readonly PortConfig[]): Promise<void>;
  /** Resolves when no frame can leave by it any more. */
  removePort(name: string): Promise<void>;
  /** Whether a predecessor left this very port, and it has not been asked for since: `addPort` takes it over. */
  hasLeft(port: PortConfig): boolean;
  /** Ends what was taken over from a predecessor and has not been asked for since. Returns the names of the ports. */
  settle(): Promise<string[]>;
  /** In the order in which they were added. */
  ports(): PortInfo[];
  /** In the order in which they were added. */
  networks(): NetworkInfo[];
  /** Stations that were learned or are bound. */
  macs(): MacInfo[];
  /** By reason and port. */
  drops(): DropInfo[];
  /** All that is counted. */
  counters(): EngineCounters;
  /** What would become of `frame` now if it entered `port`; nothing is changed. */
  explain(port: string, frame: Uint8Array, options?: ExplainOptions): Explanation;
  /** Null while there is none. */
  forwarderPid(): number | null;
  /** Null while there is none. */
  standbyPid(): number | null;
  /** Calls `listener` at each `event` from now on. */
  on<Name extends keyof EngineEvents>(event: Name, listener: EngineEvents[Name]): void;
  /** Ends what `on` began with the same two. */
  off<Name extends keyof EngineEvents>(event: Name, listener: EngineEvents[Name]): void;
  /** Ends this engine and leaves forwarder, tables and devices to the next of its name. */
  leave(): Promise<void>;
  /** Ends the forwarder and removes every device that this engine made. */
  close(): Promise<void>;
}
