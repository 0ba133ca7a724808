/** `npm start -- --once --json` on a machine that is set up: what the set-up says goes to stderr, the one line on stdout is
 *  the demo's.
 *
 *    scripts/start.mjs -> portyard demo:  container1 ── my-network ── container2                                        */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { root } from "../scripts/check/source-file.ts";
import { needing } from "./support/need.ts";

test(
  ...needing(["root", "iproute2"], "every ping of the demo is answered, and stdout is one JSON object", () => {
    const args = [join(root, "scripts/start.mjs"), "--once", "--json", "--seconds", "0.5", "--no-install"];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
    assert.is(status, 0, stderr);
    const lines = stdout.trimEnd().split("\n");
    assert.is(lines.length, 1);
    const { ping } = JSON.parse(lines[0] ?? "");
    assert.equal([ping.sent, ping.received], [5, 5]);
  }),
);

test.run();
