/** Files of frames of which workers died. */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { POISON_FILES } from "../../../assembly/abi/limits.ts";
import { readCapture } from "../../../bindings/capture/read-capture.ts";
import { PortyardError } from "../../../bindings/error.ts";
import { poisonFiles, poisonPath, savePoison } from "../../../bindings/forwarder/poison-file.ts";
import { ramp } from "../../support/packet/bytes.ts";

function inFolder(body: (folder: string) => void): () => void {
  return () => {
    const folder = mkdtempSync(join(tmpdir(), "poison-"));
    try {
      body(folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
}
const frame = { bytes: ramp(1514), port: "a", comment: "port a (0); worker 0 died" };

test(
  "a file has the frame, its port and the reason, and is for nobody else to read",
  inFolder((folder) => {
    const run = join(folder, "made", "here");
    assert.is(savePoison(run, frame), 1);
    assert.is(statSync(run).mode & 0o777, 0o700);
    const path = poisonPath(run, 1);
    assert.is(statSync(path).mode & 0o777, 0o600);
    const { frames, interfaces, damage } = readCapture(readFileSync(path));
    assert.is(damage, null);
    assert.equal([frames.length, frames[0]?.comment, interfaces.map(({ name }) => name)], [1, frame.comment, ["a"]]);
    assert.equal([...frames[0]!.bytes], [...frame.bytes]);
    assert.ok(Math.abs(Number(frames[0]!.timeNs / 1_000_000n) - Date.now()) < 60_000);
  }),
);

test(
  "numbers go on, only the newest files stay, and what else lies there is left alone",
  inFolder((folder) => {
    writeFileSync(join(folder, "poison-x.pcapng"), "");
    for (let count = 1; count <= POISON_FILES + 3; count++) assert.is(savePoison(folder, frame), count);
    const expected = Array.from({ length: POISON_FILES }, (_, index) => poisonPath(folder, index + 4));
    assert.equal(poisonFiles(folder), expected);
    assert.is(readdirSync(folder).length, POISON_FILES + 1);
  }),
);

test(
  "a folder where nothing can be written is an error that names it",
  inFolder((folder) => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    assert.throws(
      () => savePoison(join(file, "run"), frame),
      (error: unknown) => error instanceof PortyardError && error.code === "file-failed" && error.path === join(file, "run"),
    );
    assert.equal(poisonFiles(join(file, "run")), []);
    mkdirSync(join(folder, "none"));
    chmodSync(join(folder, "none"), 0o700);
    assert.equal(poisonFiles(join(folder, "none")), []);
  }),
);

test.run();
