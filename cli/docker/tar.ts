/** An archive as `tar` writes it (POSIX ustar): for each entry a header of 512 bytes, then the content in blocks of 512; two empty blocks end it.
 *
 *     0     100   108  116  124   136   148       156   157       257    263  265 ... 512
 *     name  mode  uid  gid  size  time  checksum  type  linkname  magic  version                  numbers are octal digits */
const BLOCK_BYTES = 512;
const MAX_NAME_BYTES = 100;
const TYPES = { file: "0", link: "2", folder: "5" } as const;

/** Owned by root, of no time. Names have 100 bytes at most and no slash in front. */
export type TarEntry =
  | { kind: "folder"; name: string }
  | { kind: "file"; name: string; content: Uint8Array }
  | { kind: "link"; name: string; target: string };

/** The whole archive. Files may be executed, and nothing is written to by anybody but root.
 *  @throws RangeError for a name of more than 100 bytes. */
export function tar(entries: readonly TarEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap(blocksOf), Buffer.alloc(2 * BLOCK_BYTES)]);
}

function blocksOf(entry: TarEntry): Uint8Array[] {
  if (entry.kind !== "file") return [header(entry, 0)];
  const { length } = entry.content;
  return [header(entry, length), entry.content, Buffer.alloc(-length & (BLOCK_BYTES - 1))];
}

function header(entry: TarEntry, sizeBytes: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  writeName(block, entry.name, 0);
  writeOctal(block, 0o755, 100, 8);
  writeOctal(block, 0, 108, 8);
  writeOctal(block, 0, 116, 8);
  writeOctal(block, sizeBytes, 124, 12);
  writeOctal(block, 0, 136, 12);
  block.write(TYPES[entry.kind], 156);
  if (entry.kind === "link") writeName(block, entry.target, 157);
  block.write("ustar\u000000", 257);
  block.fill(" ", 148, 156); // the sum is taken as if it were blank
  const sum = block.reduce((total, byte) => total + byte, 0);
  writeOctal(block, sum, 148, 7);
  return block;
}

function writeName(block: Buffer, name: string, offset: number): void {
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) throw new RangeError(`${name} is too long a name for a tar header`);
  block.write(name, offset);
}

/** Digits with zeros in front, then a zero byte. */
function writeOctal(block: Buffer, value: number, offset: number, lengthBytes: number): void {
  block.write(`${value.toString(8).padStart(lengthBytes - 1, "0")}\u0000`, offset);
}
