/** Which port a frame of a two-sided capture came from: the one that has its source MAC. A MAC that no port has belongs to the first port
 *  without a MAC that has no station yet; when each of them has one, to the last of these. */
import { MIN_FRAME_BYTES } from "../../assembly/abi/limits.ts";
import type { CaptureRecord } from "../capture/capture-record.ts";
import type { PortConfig } from "../config/types.ts";
import { joinMac, readMac, splitMac } from "../mac.ts";

/** Of the source in a frame. */
const SOURCE = 6;

export class Splitter {
  /** Port of each station, by its MAC as one number. What has no port of its own is not among them, however many there are. */
  readonly #known = new Map<number, string>();
  /** Ports without a MAC and without a station, in the configuration's order. */
  readonly #vacant: string[];
  /** Takes whoever comes when the others have one. */
  readonly #last: string | null;

  /** @param ports that may be entered. */
  constructor(ports: readonly PortConfig[]) {
    for (const { name, mac, staticMacs } of ports)
      for (const each of mac === undefined ? staticMacs : [mac, ...staticMacs]) this.#known.set(numberOf(splitMac(each)), name);
    this.#vacant = ports.filter(({ mac }) => mac === undefined).map(({ name }) => name);
    this.#last = this.#vacant.at(-1) ?? null;
  }

  /** Null when it is behind no port, or the frame has no source. @param source that has the frame's bytes. */
  portOf({ at, bytes }: Pick<CaptureRecord, "at" | "bytes">, source: Uint8Array): string | null {
    if (bytes < MIN_FRAME_BYTES) return null;
    const mac = readMac(source, at + SOURCE);
    return this.#known.get(numberOf(mac)) ?? (isStation(mac) ? this.#settle(numberOf(mac)) : this.#last);
  }

  #settle(mac: number): string | null {
    const port = this.#vacant.shift();
    if (port === undefined) return this.#last;
    this.#known.set(mac, port);
    return port;
  }
}

const numberOf = ([low, high]: readonly [number, number]): number => low + high * 2 ** 32;

/** Neither a group nor nobody (IEEE 802.3, section 3.2.3). */
const isStation = ([low, high]: readonly [number, number]): boolean => (low & 1) === 0 && (low | high) !== 0;

/** Source MAC of a frame that has one, and begins at `at`. */
export function sourceOf(bytes: Uint8Array, at: number): string {
  return joinMac(...readMac(bytes, at + SOURCE));
}
