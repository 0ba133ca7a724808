/** A list that can be shown, and words that several of them use. */
import type { Column } from "../format/text.ts";

/** Options that filter a list; each is a parameter of the API's of the same name. */
export type FilterName = "network" | "port" | "service" | "backend" | "client" | "state";

export interface List<Row> {
  /** As it is called in the command and in the API's path. */
  name: string;
  description: string;
  filters: FilterName[];
  columns: Column<Row>[];
  none: string;
  example: string;
  /** It comes by pages, and nobody counts it. */
  isPaged?: true;
}

export const dash = (text: string | number | null): string => (text === null || text === "" ? "-" : String(text));

export const endpoint = (address: string, port: number): string => `${address.includes(":") ? `[${address}]` : address}:${port}`;

/** Of objects that are made and may fail. */
export const STATE_COLOURS = { up: "green", pending: "yellow", shut: "yellow", gone: "red", failed: "red" } as const;
