/** The files of a replay: what is in that of the drops, and where some of them cannot be written. */
import { mkdtempSync, readFileSync, rmSync, type Stats, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CaptureRecord } from "../../../bindings/capture/capture-record.ts";
import { readCapture } from "../../../bindings/capture/index.ts";
import { parseConfig } from "../../../bindings/config/parse.ts";
import type { PortyardError } from "../../../bindings/error.ts";
import { Outputs } from "../../../cli/replay/outputs.ts";
import { openBelow } from "../../support/descriptors.ts";
import { ramp } from "../../support/packet/bytes.ts";

const FULL = "/dev/full";
const test = suite<{ folder: string }>("outputs of a replay");
test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), "portyard-outputs-"));
});
test.after.each(({ folder }) => rmSync(folder, { recursive: true }));

const names = ["a", "b", "c"];
const ports = names.map((name) => ({ name, network: "blue", memory: {} }));
const config = parseConfig({ networks: [{ name: "blue" }], ports });
const pathOf = (folder: string, name: string): string => join(folder, `${name}.pcapng`);

function failure(action: () => unknown): Partial<PortyardError> {
  try {
    action();
    return {};
  } catch (error) {
    return error as PortyardError;
  }
}

test("files that cannot be written keep no other one open, and the first of them is named", ({ folder }) => {
  for (const full of [["drops", "b"], ["b"], ["c"]]) {
    for (const name of full) symlinkSync(FULL, pathOf(folder, name));
    const outputs = Outputs.open(folder, config, []);
    assert.is(openBelow(folder, FULL).length, 4);
    const { code, path } = failure(() => outputs.close());
    assert.equal([code, path], ["disk-full", pathOf(folder, full[0] as string)]);
    assert.equal(openBelow(folder, FULL), []);
    outputs.close();
    for (const name of ["drops", ...names]) rmSync(pathOf(folder, name));
  }
});

test("a dropped frame is one of the interface that it entered by, with all its reasons", ({ folder }) => {
  const outputs = Outputs.open(folder, config, []);
  const record = new CaptureRecord();
  const source = ramp(100);
  Object.assign(record, { at: 20, bytes: 60, originalBytes: 70 });
  record.setTime(5, 7);
  const drops = ["b", "c"].map((port) => ({ reason: "too-big", port }));
  for (const [number, port] of ["c", "a"].entries()) outputs.entered(number, port, record, source, drops);
  outputs.entered(2, "b", record, source, []);
  outputs.close();
  const { frames, interfaces } = readCapture(readFileSync(pathOf(folder, "drops")));
  assert.equal(
    frames.map((frame) => ({ ...frame, bytes: [...frame.bytes], interface: interfaces[frame.interface]?.name })),
    ["c", "a"].map((port) => ({
      bytes: [...source.subarray(20, 80)],
      originalBytes: 70,
      timeNs: 5_000_000_007n,
      interface: port,
      comment: "too-big at b\ntoo-big at c",
    })),
  );
});

test("what has the number of a capture in another file system is another file", ({ folder }) => {
  // roots of file systems of which the kernel numbers everything, from 1 on
  const [one, other] = ["/proc", "/sys"].map((path) => statSync(path)) as [Stats, Stats];
  assert.equal([one.ino === other.ino, one.dev === other.dev], [true, false]);
  symlinkSync("/sys", pathOf(folder, "a"));
  assert.is(failure(() => Outputs.open(folder, config, ["/sys"])).code, "file-taken");
  assert.is(failure(() => Outputs.open(folder, config, ["/proc"])).code, "file-failed", "a folder, and none that is read");
});

test("a file that cannot be made closes those before it", ({ folder }) => {
  symlinkSync(join(folder, "no/where"), pathOf(folder, "c"));
  const { code, path } = failure(() => Outputs.open(folder, config, []));
  assert.equal([code, path], ["file-failed", pathOf(folder, "c")]);
  assert.equal(openBelow(folder), []);
});

test.run();
