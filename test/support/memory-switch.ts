/** A whole switch in memory for tests: one worker of any build over memory ports, its tables written directly. Frames go
 *  in by calls, what comes out is collected with its port.                                                            */
import * as counter from "../../assembly/abi/counter.ts";
import * as reasons from "../../assembly/abi/drop-reason.ts";
import { MAX_MTU } from "../../assembly/abi/limits.ts";
import * as port from "../../assembly/abi/port.ts";
import type { WorkerInfo } from "../../bindings/engine/types.ts";
import { MemoryWorker, OFFLOAD_HEADER_BYTES } from "../../bindings/forwarder/memory-worker.ts";
import { layOut, memoryPages } from "../../bindings/tables/layout.ts";
import * as networks from "../../bindings/tables/network-table.ts";
import * as ports from "../../bindings/tables/port-table.ts";
import { Tables, createMemory } from "../../bindings/tables/tables.ts";
import * as trunks from "../../bindings/tables/trunk-table.ts";
import * as workers from "../../bindings/tables/worker-table.ts";
import { type Build, type EngineExports, instantiateEngine, loadModule } from "../../bindings/wasm/module.ts";
import { conserved } from "./conservation.ts";

const WORKER = 0;
const HASH_SEED = 0x5eed_5eed_5eed_5eedn;
const MACS = 1024;
const MAC_LIMIT = 256;
const MAC_AGE_SECONDS = 300;

/** Names of drop reasons by number, as they are printed. */
export const REASON_NAMES = new Map(
  Object.entries(reasons).map(([name, number]) => [number as number, name.toLowerCase().replaceAll("_", "-")]),
);

export interface PortSettings {
  flags?: number;
  mac?: string;
  mtu?: number;
  /** VLAN identifier of the network on this trunk, 0 for untagged; an access port without. */
  vlan?: number;
}

export interface Output {
  port: number;
  bytes: Uint8Array;
}

export class MemorySwitch {
  readonly tables: Tables;
  readonly wasm: EngineExports;
  readonly worker: MemoryWorker;
  /** What came out since `takeOutputs`, copied. */
  #outputs: Output[] = [];

  /** One network (index 1) with the ports 0 to n - 1. */
  constructor(build: Build, settings: readonly PortSettings[], learning: boolean, network = 1) {
    const layout = layOut({ macs: MACS, flows: 0, workers: 1 });
    const memory = createMemory(memoryPages(layout, 1), build !== "single");
    this.wasm = instantiateEngine(loadModule(build), memory);
    this.tables = new Tables(memory);
    this.tables.format(layout, HASH_SEED);
    this.tables.configure(0n, layout.workersBase);
    networks.write(this.tables, network, { learning, macAgeSeconds: MAC_AGE_SECONDS, mtu: MAX_MTU });
    for (const [index, each] of settings.entries()) this.#addPort(index, network, each);
    this.tables.raiseEpoch();
    this.worker = new MemoryWorker(this.wasm, this.tables, WORKER, 0, (index, frame) => {
      this.#outputs.push({ port: index, bytes: frame.slice() });
      return true;
    });
    this.worker.setTime(1000);
  }

  #addPort(index: number, network: number, { flags = 0, mac, mtu = MAX_MTU, vlan }: PortSettings): void {
    const access = vlan === undefined ? { network, trunk: 0 } : { network: 0, trunk: index + 1 };
    if (vlan !== undefined) trunks.write(this.tables, index, new Map(vlan === 0 ? [] : [[vlan, network]]), vlan === 0 ? network : 0);
    const fixed = { kind: port.KIND_MEMORY, owner: WORKER, native: 0, macLimit: MAC_LIMIT };
    ports.write(this.tables, index, { ...fixed, ...access, flags, mtu, mac: mac ?? null });
    ports.attach(this.tables, index, 0);
    ports.setDesired(this.tables, index, port.UP);
    networks.addMember(this.tables, network, index);
  }

  /** Puts a frame into a port so that its last byte is the last byte of memory, behind which every access traps, and takes
   *  it its way. `offload`: its virtio-net header, 10 bytes. */
  receiveAtEnd(index: number, frame: Uint8Array, offload?: Uint8Array): void {
    this.worker.enqueueAtEnd(index, frame);
    if (offload !== undefined) this.tables.bytes.set(offload, this.tables.bytes.length - frame.length - OFFLOAD_HEADER_BYTES);
    this.worker.run();
  }

  /** The frames that left since the last call. */
  takeOutputs(): Output[] {
    return this.#outputs.splice(0);
  }

  /** Drops so far by port, and by the reason's name. */
  drops(index: number): Map<string, number> {
    const counted = [...REASON_NAMES].map(([reason, name]) => [name, ports.drops(this.tables, index, reason)] as const);
    return new Map(counted.filter(([, drops]) => drops > 0));
  }

  droppedFrames(index: number): number {
    return ports.sum(this.tables, index, counter.DROPPED_FRAMES);
  }

  /** The worker's totals. @throws Error when a frame or a slot is unaccounted for. */
  totals(): WorkerInfo {
    return conserved(workers.read(this.tables, WORKER));
  }
}
