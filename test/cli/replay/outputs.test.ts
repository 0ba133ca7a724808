/** The files of a replay, where some of them cannot be written. */
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseConfig } from "../../../bindings/config/parse.ts";
import type { PortyardError } from "../../../bindings/error.ts";
import { Outputs } from "../../../cli/replay/outputs.ts";
import { openBelow } from "../../support/descriptors.ts";

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

test("a file that cannot be made closes those before it", ({ folder }) => {
  symlinkSync(join(folder, "no/where"), pathOf(folder, "c"));
  const { code, path } = failure(() => Outputs.open(folder, config, []));
  assert.equal([code, path], ["file-failed", pathOf(folder, "c")]);
  assert.equal(openBelow(folder), []);
});

test.run();
