/** Where the record of an installation lies (record.ts). */
import { join } from "node:path";
import { STATE_ROOT } from "../../agent/place.ts";

/** No instance has this name: a name has no stop in it. */
export const RECORD = join(STATE_ROOT, "install.json");
