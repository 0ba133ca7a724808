/** A file under Wasm memory:
 *
 *   this process                          another process
 *   memory  | page 0 | file    | page 3 | memory  | page 0 | file | page 3 |
 *                       \___ one file on /dev/shm ___/                                                                 */
import { closeSync, openSync, readSync, unlinkSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { hostAddress, mapShared } from "../../../bindings/native/memory.ts";
import { openTablesFile, type TablesFile } from "../../../bindings/native/tables-file.ts";
import { startChild } from "../../support/child.ts";
import { onEnd } from "../../support/cleanup.ts";

const PAGE = 65536;
const BYTES = 2 * PAGE;
const test = suite("memory");

function makeFile(label: string): TablesFile {
  const file = openTablesFile(`/dev/shm/pyt-${process.pid}-${label}`, BYTES);
  onEnd(file.path, () => unlinkSync(file.path));
  return file;
}

function makeMemory(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: 4, maximum: 4, shared: true });
}

const OTHER = (path: string) => `
  const { hostAddress, mapShared } = await bindings("native/memory.js");
  const { openTablesFile } = await bindings("native/tables-file.js");
  const memory = new WebAssembly.Memory({ initial: 4, maximum: 4, shared: true });
  mapShared(hostAddress(memory) + ${PAGE}n, openTablesFile("${path}", ${BYTES}).descriptor, ${BYTES});
  const words = new Int32Array(memory.buffer);
  console.log(Atomics.add(words, ${PAGE / 4}, 5));
  await heard();
  console.log(Atomics.load(words, ${PAGE / 4} + 1));
  Atomics.store(words, ${PAGE / 4} + 2, 99);
  console.log("stored");
  await heard();
`;

test("of two processes is one where a file lies under it, and outlives kill -9", async () => {
  const file = makeFile("two");
  const memory = makeMemory();
  mapShared(hostAddress(memory) + BigInt(PAGE), file.descriptor, BYTES);
  const words = new Int32Array(memory.buffer);
  words[PAGE / 4] = 37;
  const other = startChild(OTHER(file.path));
  assert.is(await other.line(), "37", "the other saw what was stored before");
  assert.is(Atomics.load(words, PAGE / 4), 42, "and added to it");
  Atomics.store(words, PAGE / 4 + 1, 7);
  other.say("look");
  assert.is(await other.line(), "7", "it sees a store at once");
  assert.is(await other.line(), "stored");
  await other.kill("SIGKILL");
  assert.is(Atomics.load(words, PAGE / 4 + 2), 99, "what it stored outlives it");
  const read = new Int32Array(3);
  readSync(file.descriptor, read, 0, 12, 0);
  assert.equal([...read], [42, 7, 99], "and stands in the file");
});

test("beside the file stays the process's own", () => {
  const file = makeFile("beside");
  const memory = makeMemory();
  const bytes = new Uint8Array(memory.buffer).fill(1);
  mapShared(hostAddress(memory) + BigInt(PAGE), file.descriptor, BYTES);
  assert.is(bytes[PAGE - 1], 1);
  assert.is(bytes[PAGE], 0, "what was there is covered");
  assert.is(bytes[PAGE + BYTES - 1], 0);
  assert.is(bytes[PAGE + BYTES], 1);
});

test("that is mapped privately sees live values and keeps its own stores", () => {
  const file = makeFile("private");
  const readOnly = openSync(file.path, "r");
  const [shared, own] = [makeMemory(), makeMemory()];
  mapShared(hostAddress(shared), file.descriptor, BYTES);
  mapShared(hostAddress(own), readOnly, BYTES, { private: true });
  closeSync(readOnly);
  const [seen, looking] = [new Int32Array(shared.buffer), new Int32Array(own.buffer)];
  seen[0] = 5;
  assert.is(looking[0], 5);
  looking[PAGE / 4] = 6;
  assert.is(looking[PAGE / 4], 6);
  assert.is(seen[PAGE / 4], 0);
});

test("has the same address in a worker thread, which can map as well", async () => {
  const memory = makeMemory();
  const file = makeFile("thread");
  const script = `
    const { parentPort, workerData } = require("node:worker_threads");
    import(workerData.module).then(({ hostAddress, mapShared }) => {
      const address = hostAddress(workerData.memory);
      mapShared(address, workerData.descriptor, ${BYTES});
      new Int32Array(workerData.memory.buffer)[3] = 1234;
      parentPort.postMessage(address);
    });`;
  const module = new URL("../../../bindings/native/memory.js", import.meta.url).href;
  const worker = new Worker(script, { eval: true, workerData: { module, memory, descriptor: file.descriptor } });
  const address = await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
  await worker.terminate();
  assert.is(address, hostAddress(memory));
  assert.is(new Int32Array(memory.buffer)[3], 1234);
  const read = new Int32Array(1);
  readSync(file.descriptor, read, 0, 4, 12);
  assert.is(read[0], 1234);
});

test("is mapped by whole pages only", () => {
  const file = makeFile("pages");
  const base = hostAddress(makeMemory());
  for (const [address, bytes] of [
    [base + 1n, BYTES],
    [base, BYTES - 1],
    [base, 0],
  ] as const) {
    assert.throws(
      () => mapShared(address, file.descriptor, bytes),
      (error: { code: string }) => error.code === "mapping-misaligned",
    );
  }
  assert.throws(
    () => mapShared(base, -1, BYTES),
    (error: { value: string }) => error.value === "EBADF",
  );
});

test.run();
