/** The tables file and the proof of life:
 *
 *   agent ----lock on byte 0----> /dev/shm/pyt-... <----lock on byte 1---- forwarder
 *   unshare -m: a tmpfs of 1 MiB ---> a file of 2 MiB does not fit                                                      */
import { closeSync, existsSync, mkdtempSync, rmSync, statSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AGENT_LIFE, claimLife, FORWARDER_LIFE, isAlive, isTmpfs, openTablesFile } from "../../../bindings/native/tables-file.ts";
import { startChild } from "../../support/child.ts";
import { onEnd } from "../../support/cleanup.ts";
import { needing } from "../../support/need.ts";

const BYTES = 1024 * 1024;
const test = suite("tables file");

function pathOf(label: string): string {
  const path = `/dev/shm/pyt-${process.pid}-${label}`;
  onEnd(path, () => rmSync(path, { force: true }));
  return path;
}

test("is made for its owner alone, reserved to the last byte, and found again", () => {
  const path = pathOf("made");
  const made = openTablesFile(path, BYTES);
  const { mode, size, blocks } = statSync(path);
  assert.equal([mode & 0o777, size, blocks * 512], [0o600, BYTES, BYTES]);
  assert.is(made.created, true);
  const again = openTablesFile(path, BYTES / 2);
  assert.equal([again.created, again.bytes], [false, BYTES]);
  assert.is(statSync(path).size, BYTES, "it never becomes smaller");
  closeSync(made.descriptor);
  closeSync(again.descriptor);
});

test("is never a symbolic link's target", () => {
  const [target, link] = [pathOf("target"), pathOf("link")];
  writeFileSync(target, "kept");
  symlinkSync(target, link);
  assert.throws(
    () => openTablesFile(link, BYTES),
    (error: { value: string }) => error.value === "ELOOP",
  );
  assert.is(statSync(target).size, 4);
});

test("in a folder that does not exist is an error that names it", () => {
  assert.throws(
    () => openTablesFile("/dev/shm/pyt-nowhere/tables", BYTES),
    (error: { code: string; path: string; value: string }) =>
      error.code === "system-call-failed" && error.path === "/dev/shm/pyt-nowhere/tables" && error.value === "ENOENT",
  );
});

test("tells a tmpfs from another file system", () => {
  assert.is(isTmpfs("/dev/shm"), true);
  assert.is(isTmpfs("/proc"), false);
});

const FULL = (folder: string) => `
  const { openTablesFile, freeBytes } = await bindings("native/tables-file.js");
  const { execFileSync } = await import("node:child_process");
  const { readdirSync, statSync } = await import("node:fs");
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", "${folder}"]);
  const free = freeBytes("${folder}");
  const attempt = (bytes) => { try { openTablesFile("${folder}/tables", bytes); return "made"; } catch (error) { return error.toJSON().error; } };
  console.log(JSON.stringify({ error: attempt(2 * ${BYTES}), files: readdirSync("${folder}"), gained: freeBytes("${folder}") - free }));
  attempt(65536);
  console.log(JSON.stringify({ error: attempt(2 * ${BYTES}), size: statSync("${folder}/tables").size }));
`;

test(
  ...needing(["root", "unshare"], "that does not fit its tmpfs is an error and leaves nothing", async () => {
    const folder = mkdtempSync(join(tmpdir(), "pyt-full-"));
    onEnd(folder, () => rmSync(folder, { recursive: true }));
    const child = startChild(FULL(folder), { through: ["unshare", "-m"] });
    const first = JSON.parse(await child.line());
    assert.is(first.error.code, "tmpfs-full");
    assert.is(first.error.path, `${folder}/tables`);
    assert.is(first.error.value, 2 * BYTES);
    assert.match(first.error.remedy, "remount,size=");
    assert.equal([first.files, first.gained], [[], 0]);
    const second = JSON.parse(await child.line());
    assert.is(second.error.code, "tmpfs-full");
    assert.is(second.size, 65536, "a file that was there is as it was");
    assert.is(await child.finish(), 0);
  }),
);

test("proves the life of each side until it dies, kill -9 included", async () => {
  const path = pathOf("life");
  const own = openTablesFile(path, BYTES);
  assert.is(claimLife(own.descriptor, AGENT_LIFE), true);
  const other = startChild(`
    const { openTablesFile, claimLife, isAlive } = await bindings("native/tables-file.js");
    const { descriptor } = openTablesFile("${path}", 4096);
    console.log([isAlive(descriptor, 0), isAlive(descriptor, 1), claimLife(descriptor, 0), claimLife(descriptor, 1)].join());
    await heard();`);
  assert.is(await other.line(), "true,false,false,true", "it sees the agent, cannot be the agent, and is the forwarder");
  assert.is(isAlive(own.descriptor, FORWARDER_LIFE), true);
  assert.is(claimLife(own.descriptor, FORWARDER_LIFE), false);
  await other.kill("SIGKILL");
  assert.is(isAlive(own.descriptor, FORWARDER_LIFE), false);
  closeSync(own.descriptor);
  const later = openTablesFile(path, BYTES);
  assert.is(isAlive(later.descriptor, AGENT_LIFE), false);
  closeSync(later.descriptor);
  unlinkSync(path);
  assert.not.ok(existsSync(path));
});

test.run();
