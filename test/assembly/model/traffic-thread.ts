/** One worker in a thread of its own: random traffic from its ports until the agent says otherwise, every frame that leaves
 *  a port held against the device that is behind it.                                                                      */
import { parentPort, workerData } from "node:worker_threads";
import * as map from "../../../assembly/abi/memory-map.ts";
import * as state from "../../../assembly/abi/worker-state.ts";
import { MAC_BUCKET_SLOTS } from "../../../assembly/abi/limits.ts";
import { MemoryWorker } from "../../../bindings/forwarder/memory-worker.ts";
import * as ports from "../../../bindings/tables/port-table.ts";
import { Tables } from "../../../bindings/tables/tables.ts";
import { instantiateEngine, loadModule } from "../../../bindings/wasm/module.ts";
import { random } from "../../support/packet/random.ts";
import * as traffic from "./traffic.ts";

/** Time goes by faster than it does, so that entries age within a test. */
const HASTE = 1000;
const BURST_FRAMES = 24;
/** The agent hears of every so many turns. */
const TURNS_PER_WORD = 100;
const MAX_VIOLATIONS = 5;

const { memory, build, index, seed, startedMs, yard: buffer } = workerData as traffic.ThreadData;
const tables = new Tables(memory);
const wasm = instantiateEngine(loadModule(build), memory);
const yard = new traffic.Yard(buffer);
const { below, pick } = random(seed);
const report: traffic.ThreadReport = { received: 0, taken: 0, refused: 0, violations: [] };
const worker = new MemoryWorker(wasm, tables, index, index, take);
let own: OwnPort[] = [];

interface OwnPort {
  port: number;
  device: number;
  networks: number[];
  isTrunk: boolean;
}

function viewWord(each: number, offset: number): number {
  return tables.load32(worker.address + map.WORKER_PORTS + each * map.WORKER_PORT_BYTES + offset);
}

/** A frame leaves `to`: is that where it may go? */
function take(to: number, frame: Uint8Array): boolean {
  const stamp = traffic.readStamp(frame);
  const device = yard.read(viewWord(to, state.VIEW_DESCRIPTOR) - 1);
  const isTrunk = viewWord(to, state.VIEW_TRUNK) !== 0;
  check((device.networkBits & (1 << stamp.network)) !== 0, () => `a frame of network ${stamp.network} left by ${JSON.stringify(device)}`);
  check(
    stamp.vlan === (isTrunk ? traffic.vlanOf(stamp.network) : 0),
    () => `network ${stamp.network} left port ${to} with VLAN ${stamp.vlan}`,
  );
  check(
    device.port === to && device.generation === viewWord(to, state.VIEW_GENERATION),
    () => `port ${to} is not ${JSON.stringify(device)}`,
  );
  check(!device.isClosed, () => `a frame left by a device that was closed: ${JSON.stringify(device)}`);
  check(!yard.read(stamp.device).isClosed, () => `a frame came from a device that was closed: ${stamp.device}`);
  const isTaken = Atomics.load(yard.control, traffic.PHASE) !== traffic.PHASE_RANDOM || below(64) !== 0;
  if (isTaken) report.taken++;
  else report.refused++;
  return isTaken;
}

function check(isRight: boolean, violation: () => string): void {
  if (!isRight && report.violations.length < MAX_VIOLATIONS) report.violations.push(violation());
}

/** Takes over what the agent changed, between bursts, and says so. */
function passEpoch(): void {
  if (!wasm.isEpochNew(worker.address)) return;
  worker.applyEpoch();
  own = [...ownPorts()];
  parentPort?.postMessage("epoch");
}

function* ownPorts(): Generator<OwnPort> {
  for (let each = 0; each < ports.end(tables); each++) {
    const device = viewWord(each, state.VIEW_DESCRIPTOR) - 1;
    if (device < 0 || viewWord(each, state.VIEW_OWNED) === 0) continue;
    const { networkBits } = yard.read(device);
    const networks = traffic.NETWORKS.filter((network) => (networkBits & (1 << network)) !== 0);
    yield { port: each, device, networks, isTrunk: viewWord(each, state.VIEW_TRUNK) !== 0 };
  }
}

function enqueue(from: OwnPort, network: number, source: number, destination: number): void {
  worker.enqueue(from.port, traffic.stamped(network, from.device, from.isTrunk, source, destination));
  report.received++;
}

function nowMs(): number {
  return (Number(process.hrtime.bigint() / 1_000_000n) - startedMs) * HASTE;
}

function randomTraffic(): void {
  for (let turn = 0; Atomics.load(yard.control, traffic.PHASE) === traffic.PHASE_RANDOM; turn++) {
    passEpoch();
    worker.setTime(nowMs());
    if (turn % TURNS_PER_WORD === 0) parentPort?.postMessage("turn");
    if (own.length === 0) continue;
    for (let frames = below(BURST_FRAMES); frames > 0; frames--) {
      const from = pick(own);
      enqueue(from, pick(from.networks), below(traffic.STATIONS), below(traffic.STATIONS + 2) - 2);
    }
    worker.run();
  }
}

/** Each station that is to stay on one of this worker's ports says so. */
function settle(): void {
  for (const [place, at] of yard.places.entries()) {
    const from = own.find((each) => each.port === at);
    if (from !== undefined) enqueue(from, traffic.NETWORKS[Math.floor(place / traffic.STATIONS)] ?? 0, place % traffic.STATIONS, -1);
  }
  worker.run();
  wasm.sweepMacs(worker.address, (tables.load32(map.HEAD_MAC_BUCKET_MASK) + 1) * MAC_BUCKET_SLOTS);
}

/** Says that this phase is done and waits for the next one. */
function finishPhase(phase: number): number {
  Atomics.add(yard.control, traffic.DONE, 1);
  parentPort?.postMessage("done");
  Atomics.wait(yard.control, traffic.PHASE, phase);
  return Atomics.load(yard.control, traffic.PHASE);
}

function isMyTurn(phase: number): boolean {
  return phase === traffic.PHASE_SETTLE || phase === traffic.PHASE_ALONE + index;
}

randomTraffic();
for (let phase = Atomics.load(yard.control, traffic.PHASE); phase !== traffic.PHASE_END; phase = finishPhase(phase)) {
  passEpoch();
  if (isMyTurn(phase)) settle();
}
worker.end();
parentPort?.postMessage(report);
