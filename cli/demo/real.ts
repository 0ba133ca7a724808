/** The demo on a real kernel, in the order in which it is told: the network, a ping, a stream through the switch and one
 *  through a Linux bridge, a service under each algorithm, the tables; then, unless it runs once, the ports as they change. */
import type { IoBackend } from "../../bindings/engine/types.ts";
import { PortyardError } from "../../bindings/error.ts";
import { makeBridge, removeBridge } from "./bridge.ts";
import { live } from "./live.ts";
import { pingOnce, stream } from "./measure.ts";
import type { Choice } from "./mode.ts";
import { ALGORITHMS, AT_ONCE, BACKENDS, CONNECTIONS, CONTAINERS, type DemoAlgorithm, SERVICE } from "./plan.ts";
import { echoLine, introduction, pingLine, showTables, streamLines } from "./report.ts";
import { type DemoResult, type PingResult, pingResult, servicesResult, type Streams, streamsResult } from "./result.ts";
import type { Screen } from "./screen.ts";
import { serviceConfig, type Spread, type Spreads, spreadOf } from "./service.ts";
import { serviceHeading, servicePicture, spreadLines } from "./service-report.ts";
import { bitRate } from "../format/text.ts";
import type { Transfer } from "./traffic/stream.ts";
import { type World, withWorld } from "./world.ts";

export interface RealOptions {
  once: boolean;
  /** Of each stream. */
  seconds: number;
  io: IoBackend | "auto";
}

const [FIRST, SECOND] = CONTAINERS;
/** What the connections take under an algorithm that does not look at times. */
const SPREAD_SECONDS = 1;

/** @param found called with the result when all was measured, and with its counters renewed at the end of the live table.
 *  @throws what withWorld throws. */
export async function realDemo(
  options: RealOptions,
  choice: Choice,
  screen: Screen,
  signal: AbortSignal,
  found: (result: DemoResult) => void,
): Promise<void> {
  const removed = () => {
    if (signal.aborted) screen.line("Stopped; everything that the demo made is removed.");
  };
  await withWorld({ io: options.io, signal, warn: (sentence) => screen.warn(sentence), removed }, async (world) => {
    screen.lines(introduction(world, choice, screen.paint));
    const ping = await showPing(world, screen);
    const streams = await showStreams(world, options.seconds, screen);
    const spreads = await showService(world, screen);
    const result = (): DemoResult => ({
      mode: choice.mode,
      reason: choice.reason,
      io: world.engine.io,
      ping,
      stream: streams,
      ...servicesResult(spreads),
      ...tables(world),
    });
    found(result());
    showTables(screen, result());
    if (!options.once) await stay(world, choice, screen, signal).finally(() => found(result()));
  });
}

const tables = ({ engine }: World) => ({ ports: engine.ports(), macs: engine.macs(), drops: engine.drops() });

async function showPing({ containers: [first] }: World, screen: Screen): Promise<PingResult> {
  screen.heading(`Ping from ${FIRST.name} to ${SECOND.name}`);
  const echoes = await pingOnce(first, SECOND.address, (sequence, echo) => screen.line(echoLine(SECOND.address, sequence, echo)));
  const result = pingResult(echoes);
  screen.line(pingLine(result));
  return result;
}

async function showStreams(world: World, seconds: number, screen: Screen): Promise<Streams> {
  screen.heading(`One TCP stream from ${FIRST.name} to ${SECOND.name}, ${seconds} s each`);
  const ours = await showStream(world, "through the switch", SECOND.address, seconds, screen);
  const theirs = await throughBridge(world, seconds, screen);
  const streams = streamsResult(ours, theirs);
  screen.lines(streamLines(streams, screen.paint));
  return streams;
}

function showStream(
  { containers: [first, second] }: World,
  how: string,
  address: string,
  seconds: number,
  screen: Screen,
): Promise<Transfer> {
  let sofar: Transfer | null = null;
  const detail = () => (sofar === null ? "" : bitRate((sofar.bytes * 8) / sofar.seconds));
  return screen.during(
    how,
    seconds,
    detail,
    stream(first, second, address, seconds, (transfer) => {
      sofar = transfer;
    }),
  );
}

/** @returns null when this kernel makes no bridge. */
async function throughBridge(world: World, seconds: number, screen: Screen): Promise<Transfer | null> {
  try {
    await makeBridge(world.mark);
  } catch (error) {
    if (error instanceof PortyardError && error.code === "bridge-missing") return null;
    throw error;
  }
  const transfer = await showStream(world, "through a Linux bridge", SECOND.bridgedAddress, seconds, screen);
  await removeBridge(world.mark);
  return transfer;
}

async function showService(world: World, screen: Screen): Promise<Spreads> {
  screen.heading(serviceHeading);
  screen.lines(servicePicture(screen.width, screen.paint));
  await Promise.all(world.backends.map((backend, index) => backend.answer(SERVICE.targetPort, BACKENDS[index]?.delayMs ?? 0)));
  await world.engine.addService(serviceConfig(ALGORITHMS[0]));
  const spreads: Partial<Spreads> = {};
  for (const algorithm of ALGORITHMS) {
    const spread = await showSpread(world, algorithm, screen);
    screen.lines(spreadLines(algorithm, spread, screen.width, screen.paint));
    spreads[algorithm] = spread;
  }
  return spreads as Spreads;
}

async function showSpread({ engine, containers: [first] }: World, algorithm: DemoAlgorithm, screen: Screen): Promise<Spread> {
  await engine.setService(serviceConfig(algorithm));
  let sofar = 0;
  const requests = first.request(SERVICE.address, SERVICE.port, CONNECTIONS, AT_ONCE, (count) => {
    sofar = count;
  });
  const answers = await screen.during(algorithm, SPREAD_SECONDS, () => `${sofar} of ${CONNECTIONS}`, requests);
  return spreadOf(answers, engine.services());
}

function stay({ engine, containers: [first] }: World, { mode }: Choice, screen: Screen, signal: AbortSignal): Promise<never> {
  screen.heading(`Every second, until Ctrl-C${mode === "root" ? ` (try: ip netns exec ${FIRST.name} ping ${SECOND.address})` : ""}`);
  return live(
    screen,
    () => engine.ports(),
    SECOND.address,
    (report) => first.ping(SECOND.address, null, 1000, report),
    signal,
  );
}
