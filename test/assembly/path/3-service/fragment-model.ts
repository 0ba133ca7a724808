/** What a worker knows of packets in pieces, the slow and obvious way: every unit of 8 bytes that was seen, one by one. */
import { FRAGMENT_SECONDS, MAX_FRAGMENTED, MAX_FRAGMENT_PIECES } from "../../../../assembly/abi/limits.ts";

export interface Piece {
  /** Network, addresses, identification, and of IPv4 the protocol. */
  key: string;
  /** In units of 8 bytes. */
  offset: number;
  bytes: number;
  more: boolean;
}

interface Packet {
  flow: number;
  until: number;
  isSpoilt: boolean;
  /** Pieces as "begin-end". */
  pieces: Set<string>;
  units: Set<number>;
  end: number | null;
}

export const [UNKNOWN, OVERLAP] = [0, 1];
const MAX_PACKET_BYTES = 65_535;

export class FragmentModel {
  now = 0;
  /** In the order in which they were remembered. */
  readonly #packets = new Map<string, Packet>();

  /** @param flow entry and direction; ended ones have no pieces. */
  remember(piece: Piece, flow: number): boolean {
    this.#forgetOld();
    if (piece.offset === 0 && !piece.more) return piece.bytes > 0 && piece.bytes <= MAX_PACKET_BYTES;
    if (!this.#packets.has(piece.key)) {
      const oldest = [...this.#packets.keys()][0];
      if (this.#packets.size === MAX_FRAGMENTED && oldest !== undefined) this.#packets.delete(oldest);
      const packet = {
        flow,
        until: this.now + FRAGMENT_SECONDS,
        isSpoilt: false,
        pieces: new Set<string>(),
        units: new Set<number>(),
        end: null,
      };
      this.#packets.set(piece.key, packet);
    }
    return this.#add(piece) !== OVERLAP;
  }

  follow(piece: Piece): number {
    this.#forgetOld();
    return this.#packets.has(piece.key) ? this.#add(piece) : UNKNOWN;
  }

  /** The flow at `entry` has ended. */
  end(entry: number): void {
    for (const [key, { flow, isSpoilt }] of this.#packets) if ((flow & ~1) === entry && !isSpoilt) this.#packets.delete(key);
  }

  get known(): number {
    this.#forgetOld();
    return this.#packets.size;
  }

  #forgetOld(): void {
    for (const [key, { until }] of this.#packets) if (until <= this.now) this.#packets.delete(key);
  }

  #add(piece: Piece): number {
    const packet = this.#packets.get(piece.key)!;
    const [begin, end] = [piece.offset, Math.ceil((piece.offset * 8 + piece.bytes) / 8)];
    if (packet.isSpoilt || packet.pieces.has(`${begin}-${end}`)) return OVERLAP;
    if (isWrong(piece) || !fits(packet, piece, begin, end)) {
      packet.isSpoilt = true;
      return OVERLAP;
    }
    packet.pieces.add(`${begin}-${end}`);
    for (let unit = begin; unit < end; unit++) packet.units.add(unit);
    if (!piece.more) packet.end = end;
    if (packet.end === packet.units.size) this.#packets.delete(piece.key);
    return packet.flow;
  }
}

function isWrong({ offset, bytes, more }: Piece): boolean {
  return bytes === 0 || (more && bytes % 8 !== 0) || offset * 8 + bytes > MAX_PACKET_BYTES;
}

function fits({ pieces, units, end: whole }: Packet, { more }: Piece, begin: number, end: number): boolean {
  if (pieces.size === MAX_FRAGMENT_PIECES) return false;
  for (let unit = begin; unit < end; unit++) if (units.has(unit)) return false;
  if (whole !== null) return more && end <= whole;
  return more || [...units].every((unit) => unit < end);
}
