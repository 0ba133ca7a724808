/** Unpacks gzip data chunk by chunk, and gives what came out before damage as well: each input chunk's output is handed on
 *  before the next one is looked at. (`pipeline` and async iteration over a zlib stream throw away what was buffered when the
 *  error arrives.) At most the output of one input chunk is lost with the damage.                                          */
import { type Gunzip, createGunzip } from "node:zlib";

const MAGIC = [0x1f, 0x8b];
const OUTPUT_CHUNK_BYTES = 65536;
/** Input goes in in pieces of this size, so that damage costs little of what lies before it. */
const INPUT_PIECE_BYTES = 16384;
const END = Symbol("end");

/** Whether what begins so is packed. */
export function isGzip(first: Uint8Array): boolean {
  return MAGIC.every((byte, at) => first[at] === byte);
}

/** An error of unpacking, not of reading. */
export function isZlibError(error: unknown): error is Error {
  return String((error as NodeJS.ErrnoException).code).startsWith("Z_");
}

/** Unpacked chunks. What follows the data and is no further member (zeros that pad it to a multiple of a block, RFC 1952 section 2.2) is not
 *  looked at. @throws zlib's error after the last good chunk. */
export async function* gunzip(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const stream = createGunzip({ chunkSize: OUTPUT_CHUNK_BYTES });
  let unpacked: Uint8Array[] = [];
  stream.on("data", (chunk: Uint8Array) => unpacked.push(chunk));
  const take = (): Uint8Array[] => unpacked.splice(0);
  const failed = new Promise<Error>((resolve) => stream.once("error", resolve));
  // padding ends the stream, and leaves what is written without an answer
  const ended = new Promise<typeof END>((resolve) => stream.once("end", () => resolve(END)));
  try {
    for await (const chunk of source) {
      for (let at = 0; at < chunk.length; at += INPUT_PIECE_BYTES) {
        const outcome = await Promise.race([failed, ended, write(stream, chunk.subarray(at, at + INPUT_PIECE_BYTES))]);
        yield* take();
        if (outcome === END) return;
        if (outcome !== null) throw outcome;
      }
    }
    stream.end();
    const outcome = await Promise.race([failed, ended]);
    yield* take();
    if (outcome !== END) throw outcome;
  } finally {
    unpacked = [];
    stream.destroy();
  }
}

function write(stream: Gunzip, piece: Uint8Array): Promise<null> {
  return new Promise((resolve) => stream.write(piece, (error) => (error ? undefined : resolve(null))));
}
