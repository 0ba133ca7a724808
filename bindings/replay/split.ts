/** Which port a frame of a two-sided capture came from: the one that has its source MAC. A MAC that no port has belongs to the first port
 *  without a MAC that has no station yet; when each of them has one, to the last of these. */
import { MIN_FRAME_BYTES } from "../../assembly/abi/limits.ts";
import type { PortConfig } from "../config/types.ts";

const SOURCE = 6;
const SOURCE_END = 12;

export class Splitter {
  readonly #known = new Map<string, string>();
  /** Ports without a MAC and without a station, in the configuration's order. */
  readonly #vacant: string[];
  /** Takes whoever comes when the others have one. */
  readonly #last: string | null;

  /** @param ports that may be entered. */
  constructor(ports: readonly PortConfig[]) {
    for (const { name, mac, staticMacs } of ports)
      for (const each of mac === undefined ? staticMacs : [mac, ...staticMacs]) this.#known.set(each, name);
    this.#vacant = ports.filter(({ mac }) => mac === undefined).map(({ name }) => name);
    this.#last = this.#vacant.at(-1) ?? null;
  }

  /** Null when it is behind no port, or the frame has no source. */
  portOf(frame: Uint8Array): string | null {
    if (frame.length < MIN_FRAME_BYTES) return null;
    const mac = macText(frame.subarray(SOURCE, SOURCE_END));
    const known = this.#known.get(mac);
    if (known !== undefined) return known;
    const port = this.#vacant.shift() ?? this.#last;
    if (port !== null) this.#known.set(mac, port);
    return port;
  }
}

/** "02:00:00:00:00:01". */
export function macText(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

/** Source MAC of a frame that has one. */
export function sourceOf(frame: Uint8Array): string {
  return macText(frame.subarray(SOURCE, SOURCE_END));
}
