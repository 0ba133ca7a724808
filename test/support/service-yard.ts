/** The service stage without a pipeline around it: tables with flows, one worker, ports 0 to 3 of network 1, and calls of its parts by hand. Frames
 *  end at the last byte of the memory, behind which every access traps. */
import * as assert from "uvu/assert";
import * as flow from "../../assembly/abi/flow.ts";
import { MAX_MACS_PER_PORT } from "../../assembly/abi/limits.ts";
import * as map from "../../assembly/abi/memory-map.ts";
import * as field from "../../assembly/abi/port.ts";
import * as service from "../../assembly/abi/service.ts";
import * as table from "../../bindings/tables/flow-table.ts";
import { splitMac } from "../../bindings/mac.ts";
import * as networks from "../../bindings/tables/network-table.ts";
import * as ports from "../../bindings/tables/port-table.ts";
import * as services from "../../bindings/tables/service-table.ts";
import type { Tables } from "../../bindings/tables/tables.ts";
import * as workers from "../../bindings/tables/worker-table.ts";
import { makeFlowTables } from "./flow-yard.ts";
import { type Build, type Exports, instantiateTestOver } from "./wasm.ts";

export const NETWORK = 1;
export const OTHER_NETWORK = 2;
export const PORTS = 4;
const FLOWS = 256;
const MTU = 1500;
/** No flow ends by itself. */
const FOR_EVER_SECONDS = 0x40000000;
const OFFLOAD_BYTES = 10;

export interface Sent {
  port: number;
  frame: Uint8Array;
}

/** What a flow has besides its ends. */
export interface FlowDetails {
  clientMac?: string;
  backendMac?: string;
  service?: number;
  clientSequence?: number;
  clientAcknowledgment?: number;
  backendSequence?: number;
  backendAcknowledgment?: number;
}

export class ServiceYard {
  readonly build: Build;
  readonly tables: Tables;
  readonly wasm: Exports;
  readonly worker: number;
  #held: number | null = null;
  #place = 0;
  #bytes = 0;

  private constructor(build: Build, tables: Tables, wasm: Exports) {
    this.build = build;
    this.tables = tables;
    this.wasm = wasm;
    this.worker = wasm.formatWorker(0, 0);
    for (const network of [NETWORK, OTHER_NETWORK]) networks.write(tables, network, { learning: true, macAgeSeconds: 300, mtu: MTU });
    for (let port = 0; port < PORTS; port++) {
      networks.addMember(tables, NETWORK, port);
      const fixed = { kind: field.KIND_MEMORY, flags: 0, trunk: 0, native: 0, owner: 0, mac: null };
      ports.write(tables, port, { ...fixed, network: NETWORK, mtu: MTU, macLimit: MAX_MACS_PER_PORT });
      this.setPort(port, 1);
    }
    this.setTime(1);
  }

  static async make(build: Build): Promise<ServiceYard> {
    const tables = makeFlowTables(FLOWS, 1);
    for (let state = 0; state < flow.LISTS; state++) tables.store32(map.HEAD_FLOW_TIMEOUTS + state * 4, FOR_EVER_SECONDS);
    const { wasm } = await instantiateTestOver("services", build, tables.memory);
    return new ServiceYard(build, tables, wasm);
  }

  setTime(seconds: number): void {
    this.wasm.setTime(this.worker, seconds * 1000);
  }
  setPort(port: number, generation: number): void {
    this.wasm.setView(this.worker, port, 0, generation, 0, MTU, NETWORK, 0, true);
  }
  /** The station is behind a port of that generation. */
  learn(mac: string, port: number, generation = 1): void {
    this.wasm.learnMac(this.worker, NETWORK, ...splitMac(mac), port, generation);
  }
  setVirtualMac(index: number, mac: string | null): void {
    this.#storeMac(services.recordOf(this.tables, index) + service.VIRTUAL_MAC, mac ?? "00:00:00:00:00:00");
  }

  #storeMac(at: number, mac: string): void {
    const [low, high] = splitMac(mac);
    this.tables.store64(at, BigInt(low) | (BigInt(high) << 32n));
  }

  // ---------------------------------------------------------------- flows
  /** Entry of a flow that is inserted. */
  insert(ends: table.FlowEnds, details: FlowDetails = {}, state = flow.STATE_ESTABLISHED): number {
    const draft = this.wasm.flowDraft(this.worker);
    table.writeDraft(this.tables, draft, ends);
    this.#storeMac(draft + flow.CLIENT_MAC, details.clientMac ?? "00:00:00:00:00:00");
    this.#storeMac(draft + flow.BACKEND_MAC, details.backendMac ?? "00:00:00:00:00:00");
    for (const [at, value] of [
      [flow.SERVICE, details.service],
      [flow.CLIENT_SEQUENCE, details.clientSequence],
      [flow.CLIENT_ACKNOWLEDGMENT, details.clientAcknowledgment],
      [flow.BACKEND_SEQUENCE, details.backendSequence],
      [flow.BACKEND_ACKNOWLEDGMENT, details.backendAcknowledgment],
    ] as const)
      this.tables.store32(draft + at, value ?? 0);
    const entry = this.wasm.insertFlow(this.worker, state);
    assert.ok(entry > flow.REFUSED_END, `the flow was not inserted: ${entry}`);
    return entry;
  }
  remove(entry: number): void {
    assert.ok(this.wasm.removeFlow(this.worker, entry));
  }
  /** Gives the flow these flags. */
  setFlags(entry: number, flags: number): void {
    const low = this.tables.load64(entry + flow.WORD) & ((1n << BigInt(flow.FLAGS_SHIFT)) - 1n);
    this.tables.store64(entry + flow.WORD, low | (BigInt(flags) << BigInt(flow.FLAGS_SHIFT)));
  }

  // ---------------------------------------------------------------- frames
  /** Descriptor of a frame that came in; 0: it goes no further than ingress. The one before is gone. */
  receive(port: number, frame: Uint8Array, offload: Uint8Array = new Uint8Array(OFFLOAD_BYTES), network = NETWORK): number {
    this.#held ??= this.wasm.takeSlot(this.worker);
    this.#place = this.tables.bytes.length - frame.length;
    this.#bytes = frame.length;
    this.tables.bytes.set(frame, this.#place);
    this.tables.bytes.set(offload, this.#place - OFFLOAD_BYTES);
    return this.wasm.receive(this.worker, this.#held, port, network, this.#place, frame.length);
  }
  /** The frame that came in last, as it is now. */
  get frame(): Uint8Array {
    return this.tables.bytes.slice(this.#place, this.#place + this.#bytes);
  }

  /** What waits to be written, which is written by that. */
  takeSent(): Sent[] {
    const sent: Sent[] = [];
    while (this.wasm.waitingWrites(this.worker) > 0) {
      const entry = this.wasm.shiftWrite(this.worker);
      const [descriptor, port] = [this.tables.load32(entry), this.tables.load32(entry + 4)];
      const [place, bytes] = [this.tables.load32(descriptor), this.tables.load32(descriptor + 4)];
      assert.equal([...this.tables.bytes.subarray(place - OFFLOAD_BYTES, place)], new Array(OFFLOAD_BYTES).fill(0), "a plain frame");
      sent.push({ port, frame: this.tables.bytes.slice(place, place + bytes) });
      this.wasm.finished(this.worker, descriptor, port, bytes);
    }
    return sent;
  }

  /** Every frame that was made was sent or dropped, and every slot but that of the frame that came in is free. */
  checkBooks(): void {
    const { originated, sent, dropped, slotsInUse } = this.books();
    assert.is(originated, sent + dropped, "frames that were made");
    assert.is(slotsInUse, this.#held === null ? 0 : 1, "slots in use");
  }
  books(): { originated: number; sent: number; dropped: number; slotsInUse: number } {
    const { originated, sent, dropped, slotsTaken, slotsReleased } = workers.read(this.tables, 0);
    return { originated, sent, dropped, slotsInUse: slotsTaken - slotsReleased };
  }
}
