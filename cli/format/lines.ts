/** Where commands write: answers on standard output, everything else on standard error; tables as wide as the terminal. */
import { type Column, painter, table } from "./text.ts";

/** Wider than any table: a file or a pipe has no edge. */
const NO_EDGE = 1000;

/** One line of the answer. */
export function print(text = ""): void {
  process.stdout.write(`${text}\n`);
}

/** A sentence beside the answer: progress, a hint. */
export function remark(text: string): void {
  process.stderr.write(`${painter(process.stderr)("dim", text)}\n`);
}

/** One JSON value, indented for eyes where somebody looks and on one line for programs. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, process.stdout.isTTY ? 2 : undefined));
}

/** Rows under titles, or one sentence when there are none. */
export function printTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[], none: string): void {
  if (rows.length === 0) return remark(none);
  const width = process.stdout.isTTY ? process.stdout.columns || 80 : NO_EDGE;
  for (const line of table(rows, columns, width, painter(process.stdout))) print(line);
}
