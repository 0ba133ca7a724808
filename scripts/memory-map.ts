/** `npm run docs`: writes docs/memory-map.md. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./check/source-file.ts";
import { memoryMapText } from "./memory-map/page.ts";

mkdirSync(join(root, "docs"), { recursive: true });
writeFileSync(join(root, "docs/memory-map.md"), memoryMapText());
