/** The versions of the tables file that can be read: this one, and those that an exporter is kept for. */
import { LAYOUT_3 } from "./layout-3.ts";
import { LAYOUT_4 } from "./layout-4.ts";
import type { TablesLayout } from "./tables-layout.ts";

const KNOWN: readonly TablesLayout[] = [LAYOUT_3, LAYOUT_4];

/** Null for a version that nothing is known of. */
export function layoutOf(version: number): TablesLayout | null {
  return KNOWN.find((layout) => layout.version === version) ?? null;
}
