/** Which port a frame of a two-sided capture came from: the one that has its source MAC. A MAC that no port has belongs to the first port
 *  without a MAC that has no station yet; when each of them has one, to the last of these. */
import { MIN_FRAME_BYTES } from "../../assembly/abi/limits.ts";
import type { CaptureRecord } from "../capture/capture-record.ts";
import type { PortConfig } from "../config/types.ts";
import { joinMac, readMac } from "../mac.ts";

/** Of the source in a frame. */
const SOURCE = 6;
const MAC_BYTES = 6;
/** Neither a group nor this is a station (IEEE 802.3, section 3.2.3). */
const NOBODY = 0;

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
      for (const each of mac === undefined ? staticMacs : [mac, ...staticMacs]) this.#known.set(numberOf(each), name);
    this.#vacant = ports.filter(({ mac }) => mac === undefined).map(({ name }) => name);
    this.#last = this.#vacant.at(-1) ?? null;
  }

  /** Null when it is behind no port, or the frame has no source. @param source that has the frame's bytes. */
  portOf({ at, bytes }: Pick<CaptureRecord, "at" | "bytes">, source: Uint8Array): string | null {
    if (bytes < MIN_FRAME_BYTES) return null;
    const mac = numberAt(source, at + SOURCE);
    const isGroup = ((source[at + SOURCE] ?? 0) & 1) !== 0;
    return this.#known.get(mac) ?? (isGroup || mac === NOBODY ? this.#last : this.#settle(mac));
  }

  #settle(mac: number): string | null {
    const port = this.#vacant.shift();
    if (port === undefined) return this.#last;
    this.#known.set(mac, port);
    return port;
  }
}

/** A MAC as one number, without an object for any frame. */
function numberAt(bytes: Uint8Array, at: number): number {
  let mac = 0;
  for (let index = at; index < at + MAC_BYTES; index++) mac = mac * 256 + (bytes[index] ?? 0);
  return mac;
}

const numberOf = (mac: string): number => Number.parseInt(mac.replaceAll(":", ""), 16);

/** Source MAC of a frame that has one, and begins at `at`. */
export function sourceOf(bytes: Uint8Array, at: number): string {
  return joinMac(...readMac(bytes, at + SOURCE));
}
