/** Tables of Markdown and the numbers in them. */

/** A table; a cell's vertical lines are escaped. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** "65,536". */
export function bytes(count: number): string {
  return count.toLocaleString("en-US");
}

/** "0x0001_0000": addresses of one memory line up. */
export function hexadecimal(address: number): string {
  const digits = address.toString(16).padStart(8, "0");
  return `0x${digits.slice(0, 4)}_${digits.slice(4)}`;
}

/** "33.6 MiB". */
export function mebibytes(count: number): string {
  return `${(count / 2 ** 20).toFixed(1)} MiB`;
}
