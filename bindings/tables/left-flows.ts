/** The exporter of connections: what stands of them in a tables file of another layout, while its forwarder may go on writing to it. Their entries are
 *  taken as they are, so only those of a version whose entries are this one's. Nothing of the file is believed. */
import { BACKEND_FRAMES, CLIENT_FRAMES } from "../../assembly/abi/flow.ts";
import { LAYOUT_VERSION } from "../../assembly/abi/limits.ts";
import { addressText } from "../config/ip-address.ts";
import type { FlowsLayout, TablesLayout } from "./layouts/tables-layout.ts";

/** Bytes that are read at once. */
const STRETCH = 1 << 20;
/** State and flags (never 0 of a flow), instance, packets of either side. */
const MARK_WORDS = 4;

/** A service record of the file. */
export interface LeftServiceRecord {
  index: number;
  name: string;
  /** Index of its network. */
  network: number;
  /** Its virtual address; null without one. */
  address: string | null;
}

/** A backend of the file. */
export interface LeftBackendRecord {
  index: number;
  /** Index of its service. */
  service: number;
  address: string;
  /** Of its name. */
  fingerprint: bigint;
}

/** A connection of the file. */
export interface LeftFlow {
  /** Of its entry, from 0. */
  number: number;
  /** FLOW_BYTES. */
  entry: Uint8Array;
  state: number;
  flags: number;
  network: number;
  /** 0: none. */
  service: number;
  /** Null: none. */
  backend: number | null;
  /** In seconds of the monotonic clock. */
  seenSeconds: number;
}

type Read = (at: number, length: number) => DataView;

export class LeftFlows {
  private readonly read: Read;
  private readonly layout: FlowsLayout;
  private readonly nameBytes: number;
  private readonly limit: number;
  private readonly entries: number;
  private readonly servicesAt: number;
  private readonly backendsAt: number;

  private constructor({ base, nameBytes }: TablesLayout, flows: FlowsLayout, read: Read) {
    const word = (at: number) => read(at, 4).getUint32(0, true);
    const pointer = (at: number) => word(at) - base;
    this.read = read;
    this.layout = flows;
    this.nameBytes = nameBytes;
    this.limit = word(flows.head.limit);
    this.entries = pointer(flows.head.entries);
    this.servicesAt = pointer(flows.head.services);
    this.backendsAt = pointer(flows.head.backends);
  }

  /** Null where there is no room for flows, where it does not fit into the file, or where entries say something else than here.
   *  @param bytes of the file.
   *  @param read so many bytes of it at a place. */
  static open(layout: TablesLayout, bytes: number, read: Read): LeftFlows | null {
    if (layout.flows === null || layout.version !== LAYOUT_VERSION) return null;
    const left = new LeftFlows(layout, layout.flows, read);
    return left.limit > 0 && left.fits(bytes) ? left : null;
  }

  private fits(bytes: number): boolean {
    const { bytes: entryBytes, services, backends } = this.layout;
    const ends = [
      [this.entries, this.limit * entryBytes],
      [this.servicesAt, services.bytes * services.count],
      [this.backendsAt, backends.bytes * backends.count],
    ] as const;
    return ends.every(([at, length]) => at > 0 && at + length <= bytes);
  }

  services(): LeftServiceRecord[] {
    const { bytes, count, state, present, network, family, address, name } = this.layout.services;
    return this.records(this.servicesAt, bytes, count)
      .filter(({ view }) => view.getUint32(state, true) === present)
      .map(({ index, view }) => ({
        index,
        name: this.nameIn(view, name),
        network: view.getUint32(network, true),
        address: view.getUint32(family, true) === 0 ? null : addressIn(view, family, address),
      }));
  }

  backends(): LeftBackendRecord[] {
    const { bytes, count, state, absent, service, family, address, fingerprint } = this.layout.backends;
    return this.records(this.backendsAt, bytes, count)
      .filter(({ view }) => view.getUint32(state, true) !== absent)
      .map(({ index, view }) => ({
        index,
        service: view.getUint32(service, true),
        address: addressIn(view, family, address),
        fingerprint: view.getBigUint64(fingerprint, true),
      }));
  }

  /** Entries that the file has room for. */
  get capacity(): number {
    return this.limit;
  }

  /** Each is whole or left out: its word is looked at again after its ends. @param marks of none; they are of these afterwards. */
  *flows(marks = this.marks()): Generator<LeftFlow> {
    for (const { flow } of this.changes(marks)) if (flow !== null) yield flow;
  }

  /** What `changes` compares with, where nothing was seen yet: four words of each entry, which no packet of a flow leaves as they were. */
  marks(): Uint32Array {
    return new Uint32Array(this.limit * MARK_WORDS);
  }

  /** The entries that are not as their marks say, which say it afterwards: with a flow, or null where there is none any more. */
  *changes(marks: Uint32Array): Generator<{ number: number; flow: LeftFlow | null }> {
    const { bytes, word } = this.layout;
    const marked = [word + 4, word, CLIENT_FRAMES, BACKEND_FRAMES];
    const step = STRETCH - (STRETCH % bytes);
    const total = this.limit * bytes;
    for (let begin = 0; begin < total; begin += step) {
      const length = Math.min(step, total - begin);
      const entries = this.read(this.entries + begin, length);
      let again: DataView | null = null;
      for (let at = 0; at < length; at += bytes) {
        const number = (begin + at) / bytes;
        const isLive = this.isLive(entries, at);
        const said = (index: number) => (isLive ? entries.getUint32(at + (marked[index] as number), true) : 0);
        const isAsMarked = (index: number) => marks[number * MARK_WORDS + index] === said(index);
        if (isAsMarked(0) && isAsMarked(1) && isAsMarked(2) && isAsMarked(3)) continue;
        again ??= this.read(this.entries + begin, length);
        if (again.getUint32(at + word, true) !== entries.getUint32(at + word, true)) continue;
        for (let index = 0; index < MARK_WORDS; index++) marks[number * MARK_WORDS + index] = said(index);
        yield { number, flow: isLive ? this.flowIn(entries, at, number) : null };
      }
    }
  }

  private isLive(entries: DataView, at: number): boolean {
    const { word, live } = this.layout;
    const state = entries.getUint8(at + word + 4);
    return state >= live.first && state <= live.last;
  }

  private flowIn(entries: DataView, at: number, number: number): LeftFlow {
    const { bytes, word, network, service, backend, lastSeen } = this.layout;
    const high = entries.getUint32(at + word + 4, true);
    const index = entries.getUint32(at + backend, true);
    return {
      number,
      entry: new Uint8Array(entries.buffer, entries.byteOffset + at, bytes),
      state: high & 0xff,
      flags: high >>> 8,
      network: entries.getUint16(at + network, true),
      service: entries.getUint32(at + service, true),
      backend: index === 0 ? null : index - 1,
      seenSeconds: entries.getUint32(at + lastSeen, true),
    };
  }

  private records(at: number, bytes: number, count: number): { index: number; view: DataView }[] {
    const all = this.read(at, bytes * count);
    return Array.from({ length: count }, (_, index) => ({ index, view: new DataView(all.buffer, index * bytes, bytes) }));
  }

  private nameIn(view: DataView, offset: number): string {
    const bytes = new Uint8Array(view.buffer, view.byteOffset + offset, this.nameBytes);
    const end = bytes.indexOf(0);
    return new TextDecoder().decode(bytes.slice(0, end < 0 ? bytes.length : end));
  }
}

function addressIn(view: DataView, family: number, address: number): string {
  const begin = view.byteOffset + address;
  return addressText(new Uint8Array(view.buffer.slice(begin, begin + (view.getUint32(family, true) === 4 ? 4 : 16)) as ArrayBuffer));
}
