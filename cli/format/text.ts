/** Words and numbers for people: colours where the terminal shows them, tables that give up columns before they wrap. */
const codes = { bold: [1, 22], dim: [2, 22], green: [32, 39], yellow: [33, 39], red: [31, 39], cyan: [36, 39] } as const;
export type Colour = keyof typeof codes;
export type Paint = (colour: Colour, text: string) => string;

/** @param stream where the text goes. @returns a painter that leaves text alone where colours are not shown or not wanted. */
export function painter(stream: NodeJS.WriteStream): Paint {
  const shown = stream.isTTY === true && stream.hasColors?.() !== false && process.env.NO_COLOR === undefined;
  return (colour, text) => (shown ? `\u001b[${codes[colour][0]}m${text}\u001b[${codes[colour][1]}m` : text);
}

/** A column. One with a rank goes when the table is wider than the terminal, the highest rank first. */
export interface Column<Row> {
  title: string;
  cell: (row: Row) => string;
  right?: boolean;
  rank?: number;
  /** Of a cell; null leaves it alone. */
  colour?: (row: Row) => Colour | null;
}

const GAP = "  ";
const INDENT = "  ";

/** @returns one line each for the titles and the rows, none wider than `width` unless the columns without a rank make it so. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], width: number, paint: Paint): string[] {
  const cells = columns.map((column) => [column.title, ...rows.map(column.cell)]);
  const widths = cells.map((column) => column.reduce((widest, { length }) => Math.max(widest, length), 0));
  const total = INDENT.length + widths.reduce((sum, each) => sum + each, 0) + GAP.length * (columns.length - 1);
  const spare = Math.max(0, ...columns.map((column) => column.rank ?? 0));
  if (total > width && spare > 0) {
    const kept = columns.filter((column) => column.rank !== spare);
    return table(rows, kept, width, paint);
  }
  const padded = (index: number) => columns.map((column, at) => pad(cells[at]?.[index] ?? "", widths[at] ?? 0, column.right));
  const titles = paint("dim", padded(0).join(GAP).trimEnd());
  const lines = rows.map((row, index) =>
    coloured(row, columns, padded(index + 1), paint)
      .join(GAP)
      .trimEnd(),
  );
  return [titles, ...lines].map((line) => INDENT + line);
}

function coloured<Row>(row: Row, columns: readonly Column<Row>[], texts: string[], paint: Paint): string[] {
  return texts.map((text, at) => {
    const colour = columns[at]?.colour?.(row) ?? null;
    return colour === null ? text : paint(colour, text);
  });
}

const pad = (text: string, width: number, right = false): string => (right ? text.padStart(width) : text.padEnd(width));

export const count = (value: number): string => value.toLocaleString("en-US");

/** Bytes in powers of 1,000, three digits: "3.51 GB". */
export function bytes(value: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  const power = value < 1000 ? 0 : Math.min(Math.floor(Math.log10(value) / 3), units.length - 1);
  return `${threeDigits(value / 1000 ** power, power === 0)} ${units[power]}`;
}

/** Bits a second in powers of 1,000: "11.4 Gb/s". */
export function bitRate(bitsPerSecond: number): string {
  return `${bytes(bitsPerSecond).replace("B", "b")}/s`;
}

const threeDigits = (value: number, whole: boolean): string => value.toFixed(whole || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2);

/** A bar of `width` characters, `share` (0-1) of them filled. */
export function bar(share: number, width: number): string {
  const eighths = Math.round(Math.min(Math.max(share, 0), 1) * width * 8);
  const rest = eighths % 8;
  return ("█".repeat(eighths >> 3) + (rest === 0 ? "" : String.fromCharCode(0x2590 - rest))).padEnd(width);
}
