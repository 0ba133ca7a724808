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

/** Of npm, Node.js, a compiler or the set-up. */
const WARNING = /warn|deprecat|\berr/i;

test(
  ...needing(["root", "iproute2"], "every ping of the demo is answered, stdout is one JSON object, and nothing warns", () => {
    const args = [join(root, "scripts/start.mjs"), "--once", "--json", "--seconds", "0.5", "--no-install"];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
    assert.is(status, 0, stderr);
    assert.not.match(stderr, WARNING);
    const lines = stdout.trimEnd().split("\n");
    assert.is(lines.length, 1);
    const { ping } = JSON.parse(lines[0] ?? "");
    assert.equal([ping.sent, ping.received], [5, 5]);
  }),
);

test.run();
