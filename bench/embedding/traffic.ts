/** The frames of bench/embedding, which bench/native/learning-switch.c makes alike: 64 bytes each, from every station of one port to one of the
 *  other, in bursts. Stations are on port 0 and 1 by turns. */
export const BURST = 256;
export const FRAME_BYTES = 64;
export const AGE_SECONDS = 300;
const FRAMES = 4096;
/** Spreads numbers over 32 bits (Knuth). */
const SPREAD = 2654435761;

export interface Burst {
  port: 0 | 1;
  frames: Uint8Array[];
}

/** Ports and stations are known after one round. */
export function trafficOf(stations: number): Burst[] {
  return Array.from({ length: FRAMES / BURST }, (_, index) => {
    const port = (index % 2) as 0 | 1;
    const frames = Array.from({ length: BURST }, (_, at) => frameOf(((index >> 1) * BURST + at) * 2 + port, stations));
    return { port, frames };
  });
}

function frameOf(number: number, stations: number): Uint8Array {
  const frame = new Uint8Array(FRAME_BYTES);
  const view = new DataView(frame.buffer);
  const source = number % stations;
  writeMac(view, 0, (source * 7 + 1) % 2 === source % 2 ? (source * 7 + 2) % stations : (source * 7 + 1) % stations);
  writeMac(view, 6, source);
  view.setUint16(12, 0x88b5);
  return frame;
}

function writeMac(view: DataView, at: number, station: number): void {
  view.setUint16(at, 0x0200);
  view.setUint32(at + 2, Number((BigInt(station) * BigInt(SPREAD)) & 0xffffffffn));
}

/** What left, in a number that is the same for all who do the same. */
export class Tally {
  frames = 0;
  sum = 0;

  add(port: number, frames: readonly Uint8Array[]): void {
    for (const frame of frames) {
      this.frames++;
      this.sum = (this.sum + (port + 1) * ((frame[5] as number) + 256 * (frame[11] as number))) % 0x100000000;
    }
  }
}
