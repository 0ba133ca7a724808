/** The exporter: what stands in a tables file of another layout than this engine's, read by the words of that layout, while
 *  its forwarder may go on writing to it. Names stand for indices, which are different in the tables that all this goes
 *  to. Nothing of the file is believed: what does not fit into it is not there. */
import { fstatSync, readSync } from "node:fs";
import * as field from "../../assembly/abi/port.ts";
import type { Bits, Records, TablesLayout } from "./layouts/tables-layout.ts";
import { addressText } from "../config/ip-address.ts";
import { fingerprintOf } from "./identity.ts";
import { LeftFlows } from "./left-flows.ts";

const ENTRY_BYTES_CHUNK = 1 << 20;

/** A network of the file. */
export interface LeftNetwork {
  index: number;
  name: string;
  fingerprint: bigint;
}

/** A port of the file, in the numbers of this version. */
export interface LeftPort {
  index: number;
  name: string;
  fingerprint: bigint;
  /** Of its index, 1-255. */
  generation: number;
  /** KIND_*; 0: one that this version does not know. */
  kind: number;
  /** FLAG_CHECKSUM, FLAG_TSO, FLAG_USO: what its device takes. */
  flags: number;
  /** RESTORE_*. */
  restore: number;
  isGone: boolean;
  /** It was shut, because of its frames. */
  isShut: boolean;
  /** Bound to it, in any of its networks. */
  addresses: string[];
  /** Addresses that its station has announced by duplicate address detection, 16 bytes each. */
  linkLocals: Uint8Array[];
}

/** A station of the file. */
export interface LeftMac {
  /** Index of its network. */
  network: number;
  macLow: number;
  macHigh: number;
  port: number;
  /** In seconds of the monotonic clock. */
  seenSeconds: number;
  isStatic: boolean;
}

export class LeftTables {
  readonly layout: TablesLayout;
  readonly macLimit: number;
  readonly workers: number;
  private readonly descriptor: number;
  private readonly bytes: number;
  private readonly counters: number;
  private readonly macs: number;
  private readonly macPlaces: number;

  private constructor(descriptor: number, layout: TablesLayout, bytes: number) {
    const { head, base } = layout;
    this.descriptor = descriptor;
    this.layout = layout;
    this.bytes = bytes;
    const words = this.read(0, Math.max(...Object.values(head)) + 4);
    const word = (at: number) => words.getUint32(at, true);
    this.macLimit = word(head.macLimit);
    this.workers = word(head.workers);
    this.counters = word(head.counters) - base;
    this.macs = word(head.macs) - base;
    this.macPlaces = (word(head.macBucketMask) + 1) * layout.macs.bucketSlots;
  }

  /** Null when the file is not what `layout` says: cut short, or with pointers out of it.
   *  @param descriptor of the file, open for reading as long as this object is used. */
  static open(descriptor: number, layout: TablesLayout): LeftTables | null {
    const { size } = fstatSync(descriptor);
    const ends = [layout.networks, layout.ports, layout.addresses].map(({ at, bytes, count }) => at + bytes * count);
    if (size < Math.max(...ends)) return null;
    const tables = new LeftTables(descriptor, layout, size);
    return tables.isWhole() ? tables : null;
  }

  /** What it has of connections; null: nothing that could be taken over. */
  flows(): LeftFlows | null {
    return LeftFlows.open(this.layout, this.bytes, (at, length) => this.read(at, length));
  }

  private isWhole(): boolean {
    const countersEnd = this.counters + this.workers * this.layout.counters.workerBytes;
    const macsEnd = this.macs + this.macPlaces * this.layout.macs.bytes;
    return this.counters > 0 && this.macs > 0 && countersEnd <= this.bytes && macsEnd <= this.bytes;
  }

  networks(): LeftNetwork[] {
    const { networks } = this.layout;
    const found = this.records(networks).filter(({ view }) => view.getUint32(networks.state, true) === networks.present);
    return found.map(({ index, view }) => ({
      index,
      name: this.nameIn(view, networks.name),
      fingerprint: view.getBigUint64(networks.fingerprint, true),
    }));
  }

  ports(): LeftPort[] {
    const { ports } = this.layout;
    const bound = this.bound();
    return this.records(ports)
      .map(({ index, view }) => this.portIn(index, view, bound.get(index) ?? []))
      .filter(({ name }) => name !== "");
  }

  /** Addresses by port. */
  private bound(): Map<number, string[]> {
    const { addresses } = this.layout;
    const byPort = new Map<number, Set<string>>();
    for (const { view } of this.records(addresses)) {
      if (view.getUint32(addresses.state, true) !== addresses.bound) continue;
      const port = view.getUint32(addresses.port, true);
      const begin = view.byteOffset + addresses.address;
      const bytes = new Uint8Array(view.buffer.slice(begin, begin + (view.getUint32(addresses.family, true) === 4 ? 4 : 16)));
      byPort.set(port, (byPort.get(port) ?? new Set()).add(addressText(bytes)));
    }
    return new Map([...byPort].map(([port, texts]) => [port, [...texts]]));
  }

  private portIn(index: number, view: DataView, addresses: string[]): LeftPort {
    const { ports } = this.layout;
    const word = (offset: number) => view.getUint32(offset, true);
    const state = word(ports.actual);
    const { kinds, flagBits: bits, restoreBits } = ports;
    return {
      index,
      name: this.nameIn(view, ports.name),
      fingerprint: view.getBigUint64(ports.fingerprint, true),
      generation: word(ports.generation),
      kind: kindOf(word(ports.kind), kinds),
      flags: translate(word(ports.flags), bits, { checksum: field.FLAG_CHECKSUM, tso: field.FLAG_TSO, uso: field.FLAG_USO }),
      restore: translate(word(ports.restore), restoreBits, RESTORE),
      isGone: state === ports.states.gone,
      isShut: state === ports.states.shut && word(ports.errno) === ports.shutReasons.poison,
      addresses,
      linkLocals: this.linkLocalsIn(view),
    };
  }

  private linkLocalsIn(view: DataView): Uint8Array[] {
    const { ports, linkLocalBytes } = this.layout;
    const room = Math.floor((ports.bytes - ports.linkLocals) / linkLocalBytes);
    const count = Math.min(view.getUint32(ports.linkLocalCount, true), room);
    const at = (position: number) => view.byteOffset + ports.linkLocals + position * linkLocalBytes;
    return Array.from({ length: count }, (_, position) => new Uint8Array(view.buffer.slice(at(position), at(position + 1)) as ArrayBuffer));
  }

  private nameIn(view: DataView, offset: number): string {
    const bytes = new Uint8Array(view.buffer, view.byteOffset + offset, this.layout.nameBytes);
    const end = bytes.indexOf(0);
    return new TextDecoder().decode(bytes.slice(0, end < 0 ? bytes.length : end));
  }

  /** Stations whose entry names the present one of the ports that had its index. Each entry is whole or left out: its key is looked
   *  at again after its value. */
  learned(ports: readonly LeftPort[]): LeftMac[] {
    const generations = new Map(ports.map(({ index, generation }) => [index, generation]));
    return [...this.entries()]
      .filter(({ port, generation }) => generations.get(port) === generation)
      .map(({ generation: _, ...mac }) => mac);
  }

  private *entries(): Generator<LeftMac & { generation: number }> {
    const { bytes, generationShift, flagsShift, staticFlag } = this.layout.macs;
    const step = ENTRY_BYTES_CHUNK - (ENTRY_BYTES_CHUNK % bytes);
    const total = this.macPlaces * bytes;
    for (let begin = 0; begin < total; begin += step) {
      const length = Math.min(step, total - begin);
      const words = this.read(this.macs + begin, length);
      const again = this.read(this.macs + begin, length);
      for (let at = 0; at < length; at += bytes) {
        const [low, high] = [words.getUint32(at, true), words.getUint32(at + 4, true)];
        const [value, seenSeconds] = [words.getUint32(at + 8, true), words.getUint32(at + 12, true)];
        if ((low === 0 && high === 0) || (value === 0 && seenSeconds === 0)) continue;
        if (again.getUint32(at, true) !== low || again.getUint32(at + 4, true) !== high) continue;
        const isStatic = ((value >>> flagsShift) & staticFlag) !== 0;
        const generation = (value >>> generationShift) & 0xff;
        yield { network: high >>> 16, macLow: low, macHigh: high & 0xffff, port: value & 0xffff, generation, seenSeconds, isStatic };
      }
    }
  }

  /** Counts of a port summed over the workers: first those of frames and bytes, in the order of abi/counter.ts, then
   *  drops by reason. */
  countsOf(port: number): { counts: bigint[]; drops: bigint[] } {
    const { counters } = this.layout;
    const sum = { counts: zeros(counters.counts), drops: zeros(counters.reasonCount) };
    for (let worker = 0; worker < this.workers; worker++) {
      const record = this.read(this.counters + worker * counters.workerBytes + port * counters.bytes, counters.bytes);
      for (const index of sum.counts.keys()) sum.counts[index] = (sum.counts[index] ?? 0n) + record.getBigUint64(index * 8, true);
      for (const index of sum.drops.keys())
        sum.drops[index] = (sum.drops[index] ?? 0n) + record.getBigUint64(counters.reasons + index * 8, true);
    }
    return sum;
  }

  private records({ at, bytes, count }: Records): { index: number; view: DataView }[] {
    const all = this.read(at, bytes * count);
    return Array.from({ length: count }, (_, index) => ({ index, view: new DataView(all.buffer, index * bytes, bytes) }));
  }

  /** So many bytes of the file at `at`; zeros where it ends before. */
  private read(at: number, length: number): DataView {
    const view = new DataView(new ArrayBuffer(length));
    readSync(this.descriptor, view, 0, length, at);
    return view;
  }
}

const RESTORE = { down: field.RESTORE_DOWN, arp: field.RESTORE_ARP, ipv6: field.RESTORE_IPV6, lro: field.RESTORE_LRO };

const KINDS = { tap: field.KIND_TAP, packet: field.KIND_PACKET, host: field.KIND_HOST };

/** 0 for a kind that is not known. */
function kindOf(kind: number, kinds: Bits<keyof typeof KINDS>): number {
  const name = (Object.keys(KINDS) as (keyof typeof KINDS)[]).find((one) => kinds[one] === kind);
  return name === undefined ? 0 : KINDS[name];
}

/** The bits of `word` by `to` instead of `from`. */
function translate<Name extends string>(word: number, from: Bits<Name>, to: Bits<Name>): number {
  const names = Object.keys(to) as Name[];
  return names.reduce((result, name) => ((word & from[name]) === 0 ? result : result | to[name]), 0);
}

const zeros = (length: number): bigint[] => new Array<bigint>(length).fill(0n);

/** Fingerprint of a network's or port's configuration as an engine of that layout made it: from the keys that it knew. */
export function fingerprintBy(layout: TablesLayout, kind: "network" | "port", config: object): bigint {
  const keys = layout.identity[kind];
  return fingerprintOf(Object.fromEntries(Object.entries(config).filter(([key]) => keys.includes(key))));
}
