/** How much the tests do: every count and duration of a test stands here, in two columns. `quick` is what `npm test` runs,
 *  `full` what `npm run test:full` does; PORTYARD_SCALE names the column. Names end in their unit; seeds are no counts
 *  and stay in their tests. */
interface Columns {
  readonly quick: number;
  readonly full: number;
}

const columns = {
  /** Time that one test file may take before the runner ends it and counts it as failed. */
  unitFileSeconds: { quick: 240, full: 3600 },
  nativeFileSeconds: { quick: 360, full: 3600 },
  /** Limit of a file that is meant to exceed it (test/scripts/test-file.test.ts). */
  hungFileSeconds: { quick: 1.5, full: 1.5 },
  /** How long a unit test waits for what would never come if it did not come at once. */
  patienceMilliseconds: { quick: 10_000, full: 30_000 },
  /** Random capture files of each property. */
  captureProperties: { quick: 200, full: 10_000 },
  /** Random lists of frames in ports in memory, several at once and by the short way; random captures that are merged by time. */
  frameListProperties: { quick: 50, full: 2_500 },
  mergedCaptures: { quick: 200, full: 10_000 },
  /** Random capture files that are cut at every byte, plain and packed. */
  cutRecordCaptures: { quick: 4, full: 200 },
  cutCaptures: { quick: 60, full: 3_000 },
  cutPackedCaptures: { quick: 5, full: 200 },
  /** Random frames of each file that tshark opens. */
  tsharkFrames: { quick: 100, full: 5_000 },
  /** Capture files with some bytes changed. */
  captureMutations: { quick: 3000, full: 300_000 },
  /** Length of the capture that is read as a stream. */
  captureStreamMegabytes: { quick: 500, full: 10_000 },
  /** Capture files that are replayed in every build. */
  replayedCaptures: { quick: 60, full: 1_000 },
  /** Length of each of the two streams of a demo. */
  demoStreamSeconds: { quick: 0.5, full: 3 },
  /** Demos that are ended at a random moment. */
  demoStops: { quick: 2, full: 50 },
  /** Random frames that are explained, then sent, in each build. */
  explainedFrames: { quick: 1_000, full: 100_000 },
  /** One in so many of these has every byte of the tables compared. */
  explainedFramesPerComparison: { quick: 10, full: 10 },
  /** Connections to a service that are explained, then made, under each algorithm; explanations of one in a row. */
  foretoldFlows: { quick: 24, full: 500 },
  explanationsInARow: { quick: 1_000, full: 10_000 },
  /** The same of an engine whose workers run meanwhile. */
  livingExplanations: { quick: 1_000, full: 5_000 },
  /** Random sets of networks whose rules are tried with random packets. */
  rulesetRuns: { quick: 200, full: 20_000 },
  /** Random sequences of instances that need forwarding. */
  ledgerRuns: { quick: 30, full: 2_000 },
  /** Requests through a virtual address: to each case; while backends come and go; from the same source ports both ways. */
  serviceRequests: { quick: 60, full: 3_000 },
  drainedRequests: { quick: 1_500, full: 10_000 },
  sharedPorts: { quick: 100, full: 1_000 },
  /** Copied through it each way. */
  servedMegabytes: { quick: 8, full: 200 },
  /** Tables that are exchanged while requests go through it, and how many go on meanwhile. */
  servedSuccessions: { quick: 1, full: 20 },
  succeededRequests: { quick: 2_000, full: 3_000 },
  /** Streams through it while the forwarder is killed. */
  servedStreams: { quick: 20, full: 200 },
  /** SYNs a second from invented clients; connections that the table holds meanwhile, streams through it that go on, and new connections. */
  floodedSyns: { quick: 20_000, full: 20_000 },
  floodedFlows: { quick: 32_768, full: 262_144 },
  floodedStreams: { quick: 100, full: 1_000 },
  floodedConnections: { quick: 100, full: 1_000 },
  floodedConnectionsPerSecond: { quick: 100, full: 100 },
  /** After so long the flood ends by itself. */
  floodSeconds: { quick: 60, full: 180 },
  /** Connections of each kind that must outlive jumps of the wall clock. */
  clockedFlows: { quick: 10, full: 100 },
  /** Connections a second to a service while a backend of it dies, how long the backend is left out, and how soon it must be. */
  deathCallsPerSecond: { quick: 100, full: 300 },
  ejectionSeconds: { quick: 7, full: 30 },
  noticedDeathMilliseconds: { quick: 6_000, full: 2_000 },
  /** Connections to each of two services while there is no agent, and again when there is one. */
  agentlessCalls: { quick: 60, full: 200 },
  /** Containers on four networks; containers whose streams outlive daemon and agent. */
  dockerContainers: { quick: 8, full: 20 },
  dockerStreams: { quick: 6, full: 50 },
  /** Random conversations of Docker with its driver. */
  dockerConversations: { quick: 200, full: 10_000 },
  /** Random objects that are offered as configurations. */
  configurationInputs: { quick: 500, full: 100_000 },
  /** Random configurations that are written and read. */
  writtenConfigurations: { quick: 200, full: 10_000 },
  /** Servers of captures that become services, of the busiest and of the others; the full scale takes all that there are. */
  servedCaptures: { quick: 100, full: 1_000_000 },
  /** Distinct captured frames that are cut at every length; the full scale takes all that there are. */
  cutFrames: { quick: 600, full: 1_000_000 },
  /** Echo requests of a host whose traffic is replayed through its exported configuration. */
  exportedPings: { quick: 20, full: 2_000 },
  /** Length of the stream that is captured as super-frames. */
  exportedStreamMegabytes: { quick: 2, full: 50 },
  /** Captured frames, and generated ones of each flow, that go through two live workers and through a replay. */
  liveCapturedFrames: { quick: 2_000, full: 60_000 },
  liveFlowFrames: { quick: 60, full: 3_000 },
  /** Ports added and removed under load. */
  churnedPorts: { quick: 40, full: 1_000 },
  /** Sources that the MAC flood invents. */
  floodedSources: { quick: 10_000, full: 60_000 },
  /** Bytes that each stream copies. */
  streamMegabytes: { quick: 1, full: 50 },
  /** SIGKILLs of the forwarder under load. */
  forwarderKills: { quick: 2, full: 20 },
  /** Frames of which a worker dies under load, in each way. */
  workerDeaths: { quick: 2, full: 20 },
  /** Deaths of forwarder, agent and both under load, each as often; TCP streams meanwhile, and how long none of the datagrams may
   *  have come when the forwarder was killed. */
  lives: { quick: 2, full: 20 },
  livingStreams: { quick: 10, full: 50 },
  killedForwarderGapMilliseconds: { quick: 5_000, full: 200 },
  /** Containers that come and go by the API, and kills of the forwarder in between. */
  containerCycles: { quick: 20, full: 1_000 },
  cycleKills: { quick: 4, full: 200 },
  /** How long a ring is used in the place of one that was just closed. */
  oldRingMilliseconds: { quick: 100, full: 1_000 },
  /** Times that somebody flushes the rules of the host. */
  ruleFlushes: { quick: 2, full: 20 },
  /** Engines that are taken over, in each way. */
  successions: { quick: 2, full: 20 },
  /** Engines and agents that are taken over into tables of another layout, in each way. */
  layoutSuccessions: { quick: 1, full: 20 },
  /** Tables of another layout that are read. */
  leftTables: { quick: 100, full: 5_000 },
  /** Stations that an agent must know after it has taken over. */
  takeoverStations: { quick: 200, full: 900 },
  /** Runs of each property of a header's fields, of the checksum, of chains; frames of garbage. */
  wireFieldRuns: { quick: 200, full: 5_000 },
  wireChainRuns: { quick: 2_000, full: 200_000 },
  wireGarbageFrames: { quick: 30_000, full: 3_000_000 },
  /** Of datagrams that are known not to have come: none has for so long. */
  quietMilliseconds: { quick: 1_000, full: 3_000 },
  /** Datagrams that are sent one after the other. */
  countedDatagrams: { quick: 50, full: 2_000 },
  /** UDP super-frames from each port to each other. */
  udpSuperFrames: { quick: 5, full: 500 },
  /** How long a native test waits for something that must come. */
  nativePatienceMilliseconds: { quick: 10_000, full: 30_000 },
  /** Random super-frames that are segmented, on each build. */
  superFrames: { quick: 100, full: 10_000 },
  /** Random TCP options that go through a port with a small MTU, on each build. */
  clampedSegments: { quick: 3_000, full: 500_000 },
  /** Bytes that a TCP stream copies through a port with a small MTU, each way. */
  smallMtuMegabytes: { quick: 2, full: 200 },
  /** Ports that come and go through the agent's API. */
  apiPorts: { quick: 20, full: 1000 },
  /** Random events against the model of an address pool, and of the addresses of an agent's ports. */
  poolEvents: { quick: 20_000, full: 500_000 },
  leaseRounds: { quick: 60, full: 2_000 },
  /** Addresses of a dense pool that come and go. */
  poolChurn: { quick: 2_000, full: 200_000 },
  /** Random sequences of requests and releases of Docker's pools and their addresses. */
  ipamSequences: { quick: 200, full: 10_000 },
  /** Bytes that go through the proxy of a published port to a slow reader, and clients that it serves at once. */
  proxiedMegabytes: { quick: 64, full: 1_024 },
  proxiedClients: { quick: 100, full: 480 },
  /** Of all addresses that may be bound, those that are looked up. */
  addressLookups: { quick: 500, full: 16_384 },
  /** Times the size of the address table that bindings come and go. */
  addressRounds: { quick: 1.5, full: 10 },
  /** Random events against the model of the switch, on each build. */
  modelEvents: { quick: 20_000, full: 1_000_000 },
  /** Random traffic of two workers, on each build. */
  twoWorkerSeconds: { quick: 2, full: 60 },
  /** Rounds of 1,000 steps in which two workers learn the same stations at once, on each build. */
  duelRounds: { quick: 10, full: 500 },
  /** Flows that begin and end against the models of balancers, on each build. */
  balanceSteps: { quick: 2_000, full: 200_000 },
  /** Random changes of services, ports and picks against what should be in the tables. */
  serviceSteps: { quick: 250, full: 20_000 },
  /** Changes of services while a worker picks from them all the time. */
  pickedChanges: { quick: 80, full: 10_000 },
  /** Lists of weights whose schedule is compared with what it must be. */
  schedules: { quick: 200, full: 20_000 },
  /** Random steps against the model of the flow table, on each build. */
  flowSteps: { quick: 20_000, full: 1_000_000 },
  /** Frames with some bytes changed that are refused, on each build. */
  refusedFrames: { quick: 3_000, full: 500_000 },
  /** Random flows whose ends are reset, on each build. */
  resetFlows: { quick: 500, full: 50_000 },
  /** Random ICMP errors about flows, there and back, on each build. */
  icmpErrors: { quick: 500, full: 100_000 },
  /** Random pieces of packets against their model, on each build. */
  fragmentSteps: { quick: 20_000, full: 1_000_000 },
  /** Rounds of 1,000 steps in which two workers insert and end the same flows at once, on each build. */
  flowDuelRounds: { quick: 10, full: 500 },
  /** Rounds of 5,000 looks at an entry that becomes another flow all the time, on each build. */
  becomingRounds: { quick: 200, full: 5_000 },
  /** Pairs of random configurations, one to become the other. */
  differences: { quick: 200, full: 20_000 },
  /** Ports that one reload changes, one of them impossible at first. */
  reloadedPorts: { quick: 40, full: 200 },
  /** Random calls, reloads and kills against the model of what should exist. */
  objectSteps: { quick: 150, full: 10_000 },
  /** Writes of a state that are cut short by a kill. */
  stateKills: { quick: 20, full: 500 },
} satisfies Record<string, Columns>;

export type ScaleKey = keyof typeof columns;

const wanted = process.env.PORTYARD_SCALE ?? "quick";
if (wanted !== "quick" && wanted !== "full") throw new Error(`PORTYARD_SCALE is "${wanted}": set it to quick or full, or unset it`);
export const scaleName: keyof Columns = wanted;

/** The numbers of the column in force. */
export const scale = Object.fromEntries(Object.entries(columns).map(([key, column]) => [key, column[scaleName]])) as Record<
  ScaleKey,
  number
>;
