/** A configuration as a file that `readConfigFile` reads: YAML, one key a line, lists of texts on one. */
import { Document, isMap, isScalar, isSeq, visit } from "yaml";
import type { ConfigInput } from "./schema.ts";

/** What is said beside a configuration. */
export interface ConfigRemarks {
  /** Lines at the head of the file. */
  head?: readonly string[];
  /** A line before the network, the port or the service of this name. */
  networks?: ReadonlyMap<string, string>;
  ports?: ReadonlyMap<string, string>;
  services?: ReadonlyMap<string, string>;
  /** Lines at its end. */
  tail?: readonly string[];
}

/** @returns YAML with a line break at its end. Text that older readers (YAML 1.1) take for something else stands in quotes: a MAC is
 *  no number of base 60. */
export function formatConfig(input: ConfigInput, remarks: ConfigRemarks = {}): string {
  const document = new Document(input, { compat: "yaml-1.1", aliasDuplicateObjects: false });
  visit(document, {
    Seq: (_key, list) => {
      list.flow = list.items.every(isScalar);
    },
  });
  for (const kind of ["networks", "ports", "services"] as const) addRemarks(document.get(kind), remarks[kind] ?? new Map());
  const comment = (lines: readonly string[] = []) => lines.map((line) => `# ${line}\n`).join("");
  return `${comment(remarks.head)}${document.toString({ flowCollectionPadding: false })}${comment(remarks.tail)}`;
}

function addRemarks(list: unknown, remarks: ReadonlyMap<string, string>): void {
  for (const item of isSeq(list) ? list.items : []) {
    const remark = isMap(item) && remarks.get(String(item.get("name")));
    if (remark) item.commentBefore = ` ${remark}`;
  }
}
