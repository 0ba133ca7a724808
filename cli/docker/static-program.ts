/** Whether a program needs nothing but the kernel: one that names no interpreter (ELF, program header PT_INTERP) loads no libraries. */
const ELF_MAGIC = 0x7f454c46;
const IS_64_BIT = 2;
const IS_LITTLE_ENDIAN = 1;
const PT_INTERP = 3;

/** True for a program without an interpreter; false also for what is no ELF program.
 *  @param bytes the whole file.
 *  @throws RangeError for a program that ends before its program headers do. */
export function isStatic(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 64 || view.getUint32(0) !== ELF_MAGIC) return false;
  const isWide = bytes[4] === IS_64_BIT;
  const isLittle = bytes[5] === IS_LITTLE_ENDIAN;
  const first = isWide ? Number(view.getBigUint64(32, isLittle)) : view.getUint32(28, isLittle);
  const size = view.getUint16(isWide ? 54 : 42, isLittle);
  const count = view.getUint16(isWide ? 56 : 44, isLittle);
  return Array.from({ length: count }, (_, index) => view.getUint32(first + index * size, isLittle)).every((type) => type !== PT_INTERP);
}
