/** io_uring with its rings in Wasm memory:
 *
 *   memory | page 0: rings (heads, tails, completions) | page 1: submission entries | page 2: what is read |
 *             \____ the kernel writes and reads here ____/                                                              */
import { writeFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { interfaceIndex } from "../../../bindings/native/interface.ts";
import { closeDescriptor } from "../../../bindings/native/io.ts";
import { hostAddress } from "../../../bindings/native/memory.ts";
import { openPacketSocket } from "../../../bindings/native/packet-socket.ts";
import { openTap } from "../../../bindings/native/tap.ts";
import { createUring, enter, IORING_ENTER_GETEVENTS, probeUring, type Uring } from "../../../bindings/native/uring.ts";
import { ip } from "../../support/ip.ts";
import { deviceName } from "../../support/namespace.ts";
import { scale } from "../../../test/scale.ts";
import { needing } from "../../support/need.ts";
import { makeFrame, writeFrame } from "../../support/wire.ts";

const PAGE = 65536;
const SQES = PAGE;
const DATA = 2 * PAGE;
const OP_NOP = 0;
const OP_READ = 22;
const RWF_NOWAIT = 8;
const test = suite("io_uring");

interface Bench {
  ring: Uring;
  base: bigint;
  view: DataView;
}

function makeBench(entries: number, cqEntries: number): Bench {
  const memory = new WebAssembly.Memory({ initial: 4, maximum: 4, shared: true });
  const base = hostAddress(memory);
  return { ring: createUring(base, 0, SQES, entries, cqEntries), base, view: new DataView(memory.buffer) };
}

/** Puts one entry at the tail: operation, descriptor, address, length, flags of the operation, mark. */
function put({ ring, view }: Bench, operation: number, fd: number, address: bigint, length: number, flags: number, mark: bigint): void {
  const tail = view.getUint32(ring.sq.tail, true);
  const entry = SQES + (tail & view.getUint32(ring.sq.mask, true)) * 64;
  for (let offset = 0; offset < 64; offset += 8) view.setBigUint64(entry + offset, 0n, true);
  view.setUint8(entry, operation);
  view.setInt32(entry + 4, fd, true);
  view.setBigUint64(entry + 16, address, true);
  view.setUint32(entry + 24, length, true);
  view.setUint32(entry + 28, flags, true);
  view.setBigUint64(entry + 32, mark, true);
  view.setUint32(ring.sq.tail, tail + 1, true);
}

/** Takes every completion: mark and result of each. */
function reap({ ring, view }: Bench): [bigint, number][] {
  const tail = view.getUint32(ring.cq.tail, true);
  const taken: [bigint, number][] = [];
  for (let head = view.getUint32(ring.cq.head, true); head !== tail; head++) {
    const entry = ring.cq.entries + (head & view.getUint32(ring.cq.mask, true)) * 16;
    taken.push([view.getBigUint64(entry, true), view.getInt32(entry + 8, true)]);
  }
  view.setUint32(ring.cq.head, tail, true);
  return taken;
}

test(
  ...needing(["uring"], "carries NOPs there and back, round the ring more than once", () => {
    const bench = makeBench(256, 1024);
    const { ring, view } = bench;
    assert.equal([ring.entries, ring.cqEntries], [256, 1024]);
    assert.equal([view.getUint32(ring.sq.mask, true), view.getUint32(ring.cq.mask, true)], [255, 1023]);
    for (let round = 0; round < 10; round++) {
      const marks = Array.from({ length: 200 }, (_, index) => BigInt(round * 1000 + index));
      for (const mark of marks) put(bench, OP_NOP, -1, 0n, 0, 0, mark);
      assert.is(enter(ring.descriptor, 200, 200, IORING_ENTER_GETEVENTS), 200);
      assert.equal(
        reap(bench),
        marks.map((mark) => [mark, 0]),
      );
    }
    assert.equal([view.getUint32(ring.sq.dropped, true), view.getUint32(ring.cq.overflow, true)], [0, 0]);
    closeDescriptor(ring.descriptor);
  }),
);

test(
  ...needing(
    ["uring"],
    "a ring in the place of one that was closed is its own: what the kernel still writes to the old one is not seen",
    () => {
      const old = makeBench(256, 1024);
      for (let mark = 0n; mark < 7n; mark++) put(old, OP_NOP, -1, 0n, 0, 0, mark);
      enter(old.ring.descriptor, 7, 7, IORING_ENTER_GETEVENTS);
      closeDescriptor(old.ring.descriptor);
      const bench: Bench = { ...old, ring: createUring(old.base, 0, SQES, 256, 1024) };
      put(bench, OP_NOP, -1, 0n, 0, 0, 100n);
      enter(bench.ring.descriptor, 1, 1, IORING_ENTER_GETEVENTS);
      assert.equal(reap(bench), [[100n, 0]]);
      for (const end = performance.now() + scale.oldRingMilliseconds; performance.now() < end; ) assert.equal(reap(bench), []);
      closeDescriptor(bench.ring.descriptor);
    },
  ),
);

test(
  ...needing(["uring"], "falls back to rings of one page where the size is refused", () => {
    const { ring } = makeBench(100_000, 1024);
    assert.equal([ring.entries, ring.cqEntries], [64, 128]);
    closeDescriptor(ring.descriptor);
  }),
);

test(
  ...needing(["uring", "root", "tun", "iproute2"], "reads a frame of a TAP into Wasm memory, and EAGAIN when there is none", () => {
    const bench = makeBench(64, 128);
    const tap = openTap(deviceName("u"), { offload: false });
    writeFileSync(`/proc/sys/net/ipv6/conf/${tap.name}/disable_ipv6`, "1");
    ip(`link set ${tap.name} up`);
    const inside = openPacketSocket(interfaceIndex(tap.name) as number).descriptor;
    const frame = makeFrame(100, 0x5a);
    writeFrame(inside, frame);
    for (const mark of [1n, 2n]) {
      put(bench, OP_READ, tap.descriptor, bench.base + BigInt(DATA), 4096, RWF_NOWAIT, mark);
      assert.is(enter(bench.ring.descriptor, 1, 1, IORING_ENTER_GETEVENTS), 1);
      assert.equal(reap(bench), [[mark, mark === 1n ? frame.length : -11]]);
    }
    assert.equal(new Uint8Array(bench.view.buffer, DATA, frame.length), frame);
    for (const descriptor of [inside, tap.descriptor, bench.ring.descriptor]) closeDescriptor(descriptor);
  }),
);

test(
  ...needing(["uring"], "works in a worker thread", async () => {
    const script = `
      const { parentPort, workerData } = require("node:worker_threads");
      import(workerData.module).then(async (uring) => {
        const { hostAddress } = await import(workerData.memory);
        const memory = new WebAssembly.Memory({ initial: 4, maximum: 4, shared: true });
        const ring = uring.createUring(hostAddress(memory), 0, ${SQES}, 64, 128);
        const view = new DataView(memory.buffer);
        view.setUint32(ring.sq.tail, 1, true);
        const consumed = uring.enter(ring.descriptor, 1, 1, ${IORING_ENTER_GETEVENTS});
        parentPort.postMessage([consumed, view.getUint32(ring.cq.tail, true)]);
      });`;
    const module = new URL("../../../bindings/native/uring.js", import.meta.url).href;
    const memory = new URL("../../../bindings/native/memory.js", import.meta.url).href;
    const worker = new Worker(script, { eval: true, workerData: { module, memory } });
    assert.equal(await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject)), [1, 1]);
    await worker.terminate();
  }),
);

test("enters nothing by a descriptor that is no ring", () => {
  assert.is(enter(-1, 0, 0, 0), -9);
});

test(
  ...needing(["uring"], "is probed by making one", () => {
    assert.is(probeUring().available, true);
  }),
);

test.run();
