/** Rows of a list that was asked for. */

/** The first rows of a list, and how many there are. */
export interface Rows<Row> {
  rows: Row[];
  total: number;
}

/** Rows of a list whose length nobody counted, and where the next page begins; null: there is none. */
export interface Page<Row> {
  rows: Row[];
  next: number | null;
}

/** The first `limit` rows; all of them where it is not said. */
export function cut<Row>(rows: Row[], limit: number | undefined): Rows<Row> {
  return { rows: limit === undefined ? rows : rows.slice(0, limit), total: rows.length };
}
