/** Reads the drawing at the head of a record's file: lines such as "16  pid u32 | tid u32 | 24 time u64", where a cell
 *  begins after the one before it unless it names its offset, and "-" is four unused bytes. */

const LINE = /^(\d+) +(\S.*)$/;
const TYPE = /\b[uf](8|16|32|64)\b/;
const UNUSED_BYTES = 4;

/** The cells' texts by their offsets. */
export function drawnFields(lines: readonly string[]): Map<number, string> {
  const fields = new Map<number, string>();
  for (const line of lines) {
    const drawn = LINE.exec(line);
    if (drawn) readLine(Number(drawn[1]), drawn[2] ?? "", fields);
  }
  return fields;
}

function readLine(start: number, text: string, fields: Map<number, string>): void {
  let offset = start;
  for (const cell of text.split("|").map((part) => part.trim())) {
    const own = /^(\d+) (.+)$/.exec(cell);
    if (own) offset = Number(own[1]);
    const content = own?.[2] ?? cell;
    if (content !== "-" && !content.startsWith("- ")) fields.set(offset, content);
    offset += content.startsWith("-") ? UNUSED_BYTES : Number(TYPE.exec(content)?.[1] ?? 0) / 8;
  }
}
