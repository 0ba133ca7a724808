/** state.json on a real file system: whatever ends a write, a full disk or a kill, the old state or the new one is there, whole.
 *
 *      writer (killed in the middle) ── state.json.new ── rename ──> state.json ── reader                                 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readState, writeState } from "../../agent/state/state-file.ts";
import type { State } from "../../agent/state/types.ts";
import type { PortyardError } from "../../bindings/error.ts";
import { scale } from "../../test/scale.ts";
import { startChild } from "../support/child.ts";
import { onEnd } from "../support/cleanup.ts";
import { needing } from "../support/need.ts";

const test = suite("state file");
const PORTS = 200;
const DISK_BYTES = 128 * 1024;
const PAGE_BYTES = 4096;
const folder = mkdtempSync(join(tmpdir(), "portyard-state-"));
onEnd(`folder ${folder}`, () => rmSync(folder, { recursive: true, force: true }));

/** State number `number`: every port of it says so. */
function state(number: number, ports = PORTS): State {
  const tap = { namespace: `space-${number}`, interface: "eth0" };
  const list = Array.from({ length: ports }, (_, index) => ({
    owner: "api" as const,
    config: { name: `p${index}`, network: "blue", tap },
  }));
  return { version: 1, name: "lab", networks: [], ports: list, interfaces: [] };
}

/** The number of the state that `path` has whole. */
async function numberIn(path: string): Promise<number> {
  const found = await readState(path);
  const numbers = new Set(found!.ports.map(({ config }) => Number(config.tap?.namespace.split("-")[1])));
  assert.equal([found!.ports.length, numbers.size], [PORTS, 1]);
  return [...numbers][0]!;
}

/** Writes one state after the other and says each number when it is on the disk. */
const WRITER = (path: string) => `
const { writeState } = await import(${JSON.stringify(new URL("../../agent/state/state-file.js", import.meta.url).href)});
const state = ${state.toString().replace("PORTS", String(PORTS))};
for (let number = 1; ; number++) { await writeState(${JSON.stringify(path)}, state(number)); console.log(number); }
`;

test("a writer that is killed leaves what it said last, or the one behind it", async () => {
  const path = join(folder, "killed.json");
  for (let kill = 0; kill < scale.stateKills; kill++) {
    const writer = startChild(WRITER(path));
    let said = Number(await writer.line());
    const listening = (async () => {
      for (;;) said = Number(await writer.line());
    })().catch(() => {});
    await delay(kill % 17);
    await writer.kill("SIGKILL");
    await listening;
    const found = await numberIn(path);
    assert.ok(found === said || found === said + 1, `${found} is there, ${said} was said`);
  }
  await writeState(path, state(7));
  assert.is(await numberIn(path), 7);
  assert.equal(
    readdirSync(folder).filter((name) => name.startsWith("killed")),
    ["killed.json"],
  );
});

/** What is refused, or null. */
const refusal = (path: string, next: State): Promise<PortyardError | null> =>
  writeState(path, next).then(
    () => null,
    (error) => error,
  );

test(
  ...needing(["root"], "a full file system keeps the old state, and takes the next one when there is room", async () => {
    const disk = join(folder, "disk");
    mkdirSync(disk);
    const { status } = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_BYTES}`, "tmpfs", disk]);
    assert.is(status, 0);
    const unmount = onEnd(`tmpfs ${disk}`, () => void spawnSync("umount", [disk]));
    const path = join(disk, "state.json");
    await writeState(path, state(1));
    const bytes = statSync(path).size;
    writeFileSync(join(disk, "ballast"), Buffer.alloc(DISK_BYTES - 2 * Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES + PAGE_BYTES));
    const error = await refusal(path, state(2));
    assert.equal([error?.code, error?.value], ["disk-full", "ENOSPC"]);
    assert.is(await numberIn(path), 1);
    assert.equal(readdirSync(disk).sort(), ["ballast", "state.json"]);
    rmSync(join(disk, "ballast"));
    assert.is(await refusal(path, state(3)), null);
    assert.is(await numberIn(path), 3);
    unmount();
  }),
);

test.run();
