/** `npm run docs`: writes the parts of docs/ that are made from the program itself, between the lines
 *  `<!-- made by npm run docs: NAME -->` and `<!-- end -->`. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./check/source-file.ts";
import { references, withReference } from "./reference/section.ts";

for (const reference of references) {
  const path = join(root, reference.file);
  writeFileSync(path, withReference(readFileSync(path, "utf8"), reference));
}
