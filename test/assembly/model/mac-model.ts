/** The MAC table as one would explain it: a Map from network and station to an entry, and for each port the stations that
 *  it learned, oldest first. No places, no hashes, no gaps.                                                               */
import { EVICTION_CHANCES } from "../../../assembly/abi/limits.ts";

export interface Entry {
  network: number;
  mac: string;
  port: number;
  generation: number;
  isStatic: boolean;
  /** Seconds. */
  lastSeen: number;
  seenAgain: boolean;
}

/** Where a frame's source was seen. */
export interface Sighting {
  network: number;
  mac: string;
  port: number;
  generation: number;
  /** Stations that the port may learn. */
  portLimit: number;
  nowSeconds: number;
}

export class MacModel {
  readonly counts = { learned: 0, moved: 0, evicted: 0, aged: 0, notLearned: 0 };
  private readonly entries = new Map<string, Entry>();
  /** Learned entries of each port, oldest first. */
  private readonly order = new Map<number, Entry[]>();
  private readonly limit: number;

  constructor(limit: number) {
    this.limit = limit;
  }

  find(network: number, mac: string): Entry | undefined {
    return this.entries.get(`${network} ${mac}`);
  }
  all(): Entry[] {
    return [...this.entries.values()];
  }

  learn(seen: Sighting): void {
    const entry = this.find(seen.network, seen.mac);
    if (entry === undefined) return this.insert(seen);
    const isHome = entry.port === seen.port && entry.generation === seen.generation;
    if (!isHome && !entry.isStatic) this.move(entry, seen);
    if (isHome && entry.lastSeen !== seen.nowSeconds) Object.assign(entry, { lastSeen: seen.nowSeconds, seenAgain: true });
  }

  private insert({ network, mac, port, generation, portLimit, nowSeconds }: Sighting): void {
    this.makeRoom(port, portLimit);
    if (this.entries.size >= this.limit) {
      this.counts.notLearned++;
      return;
    }
    const entry = { network, mac, port, generation, isStatic: false, lastSeen: nowSeconds, seenAgain: false };
    this.entries.set(`${network} ${mac}`, entry);
    this.learnedOn(port).push(entry);
    this.counts.learned++;
  }

  private move(entry: Entry, { port, generation, portLimit, nowSeconds }: Sighting): void {
    this.makeRoom(port, portLimit);
    this.forget(entry);
    Object.assign(entry, { port, generation, lastSeen: nowSeconds, seenAgain: false });
    this.learnedOn(port).push(entry);
    this.counts.moved++;
  }

  /** At its limit a port loses its oldest entry, but for a few that were seen again: those become its youngest. */
  private makeRoom(port: number, portLimit: number): void {
    const own = this.learnedOn(port);
    if (own.length < portLimit) return;
    for (let chance = 0; chance < EVICTION_CHANCES && own[0]?.seenAgain; chance++) {
      own[0].seenAgain = false;
      own.push(own.shift() as Entry);
    }
    this.remove(own[0] as Entry);
    this.counts.evicted++;
  }

  private learnedOn(port: number): Entry[] {
    const own = this.order.get(port) ?? [];
    this.order.set(port, own);
    return own;
  }

  private forget(entry: Entry): void {
    const own = this.learnedOn(entry.port);
    if (own.includes(entry)) own.splice(own.indexOf(entry), 1);
  }

  private remove(entry: Entry): void {
    this.forget(entry);
    this.entries.delete(`${entry.network} ${entry.mac}`);
  }

  /** Takes out what is as old as its network says. */
  age(nowSeconds: number, ageSeconds: (network: number) => number): void {
    const old = this.all().filter((entry) => !entry.isStatic && nowSeconds - entry.lastSeen >= ageSeconds(entry.network));
    for (const entry of old) this.remove(entry);
    this.counts.aged += old.length;
  }

  setStatic(network: number, mac: string, port: number, generation: number): boolean {
    const before = this.find(network, mac);
    if (before?.isStatic && before.port !== port) return false;
    if (before === undefined && this.entries.size >= this.limit) return false;
    if (before !== undefined) this.remove(before);
    // the agent's clock stands still here
    this.entries.set(`${network} ${mac}`, { network, mac, port, generation, isStatic: true, lastSeen: 0, seenAgain: false });
    return true;
  }

  clearStatic(network: number, mac: string, port: number): boolean {
    const entry = this.find(network, mac);
    if (!entry?.isStatic || entry.port !== port) return false;
    this.remove(entry);
    return true;
  }

  flush(isMeant: (entry: Entry) => boolean): number {
    const meant = this.all().filter(isMeant);
    for (const entry of meant) this.remove(entry);
    return meant.length;
  }
}
