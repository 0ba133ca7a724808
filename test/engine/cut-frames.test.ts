/** Captured frames cut at every length up to 128 bytes, each so that its last byte is the last byte of memory: whoever reads
 *  one byte too many traps. In four switches, because each leads a frame into other code, and on all three builds:
 *
 *      plain      two access ports                       parse, forward
 *      guarded    source check, bound addresses          what ingress looks at, answers
 *      trunks     tags come off and go on                tags, copies
 *      offload    virtio-net headers of any content      checksums, segments, to a port that takes none              */
import { createHash } from "node:crypto";
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as map from "../../assembly/abi/memory-map.ts";
import { MAX_MTU } from "../../assembly/abi/limits.ts";
import * as port from "../../assembly/abi/port.ts";
import { scale } from "../scale.ts";
import { captureFolder, ethernetFrames, ownCaptureFolder } from "../support/captures.ts";
import { MemorySwitch } from "../support/memory-switch.ts";
import { tagged } from "../support/packet/ethernet.ts";
import { random } from "../support/packet/random.ts";
import { Bindings } from "./bindings.ts";
import { randomOffload } from "./offload.ts";
import { BUILDS, expectedOutcome } from "./verdict.ts";

const IN = 0;
const OUT = 1;
const LONGEST_CUT = 128;
const SEED = 128;

/** Distinct frames of all captures, evenly chosen where there are more than the scale wants. */
function chosenFrames(): Uint8Array[] {
  const distinct = new Map<string, Uint8Array>();
  const folders = new Set([captureFolder(), ownCaptureFolder]);
  for (const { frames } of [...folders].flatMap((folder) => [...ethernetFrames(folder)])) {
    for (const { bytes } of frames) distinct.set(createHash("sha1").update(bytes).digest("base64"), bytes);
  }
  const all = [...distinct.values()];
  const step = Math.max(1, all.length / scale.cutFrames);
  return Array.from({ length: Math.min(all.length, scale.cutFrames) }, (_, index) => all[Math.floor(index * step)] as Uint8Array);
}

const frames = chosenFrames();
console.log(`${frames.length} frames`);

interface Setup {
  make(build: (typeof BUILDS)[number]): MemorySwitch;
  /** Called before the cuts of each frame. */
  before?(memorySwitch: MemorySwitch, frame: Uint8Array): void;
  /** Another form of the frame, which is then cut. */
  form?(frame: Uint8Array): Uint8Array;
  offload?(cut: Uint8Array): Uint8Array;
  after?(cut: Uint8Array, outputs: Uint8Array[]): void;
  /** True when the switch's totals show that the frames went where this set-up is to lead them. */
  proof(totals: ReturnType<MemorySwitch["totals"]>): boolean;
}

const setups: Record<string, () => Setup> = {
  plain: () => ({
    make: (build) => new MemorySwitch(build, [{}, {}], false),
    after: (cut, outputs) => {
      const isForwarded = expectedOutcome(cut, MAX_MTU) === "forwarded";
      assert.is(outputs.length, isForwarded ? 1 : 0);
      for (const output of outputs) assert.ok(Buffer.from(output).equals(cut), "came out changed");
    },
    proof: ({ sent }) => sent > 0,
  }),
  guarded: () => {
    const bindings = new Bindings();
    return {
      make: (build) => new MemorySwitch(build, [{ flags: port.FLAG_SOURCE_CHECK, mac: "02:00:00:00:00:01" }, {}], true),
      before: (memorySwitch, frame) => bindings.bindAsSaid(memorySwitch, frame, IN, OUT),
      proof: ({ answered, sent }) => answered > 0 && sent > answered,
    };
  },
  "trunk to access and trunk": () => ({
    make: (build) => new MemorySwitch(build, [{ vlan: 10 }, {}, { vlan: 7 }], false),
    form: (frame) => (frame.length < 12 ? frame : tagged(frame, { id: 10 })),
    proof: ({ copies, sent }) => copies > 0 && sent > copies,
  }),
  "native trunk to trunk": () => ({
    make: (build) => new MemorySwitch(build, [{ vlan: 0 }, { vlan: 7 }, { vlan: 0 }], true),
    proof: ({ learned, sent }) => learned > 0 && sent > 0,
  }),
  offload: () => {
    const source = random(SEED);
    return {
      make: (build) => new MemorySwitch(build, [{ flags: port.FLAG_VNET }, {}], false),
      offload: (cut) => randomOffload(source, cut),
      proof: ({ segments }) => segments > 0,
    };
  },
};

/** Digest of everything that came out. */
function cutAll(setup: Setup, memorySwitch: MemorySwitch): string {
  const digest = createHash("sha1");
  for (const original of frames) {
    const frame = setup.form?.(original) ?? original;
    setup.before?.(memorySwitch, frame);
    for (let length = Math.min(frame.length, LONGEST_CUT); length >= 0; length--) {
      const cut = frame.subarray(0, length);
      memorySwitch.receiveAtEnd(IN, cut, setup.offload?.(cut));
      const outputs = memorySwitch.takeOutputs();
      setup.after?.(
        cut,
        outputs.map((output) => output.bytes),
      );
      for (const output of outputs) digest.update(`${output.port}:`).update(output.bytes);
    }
  }
  const totals = memorySwitch.totals();
  assert.ok(setup.proof(totals), JSON.stringify(totals));
  const { received, sent, dropped, consumed, originated, segments, copies } = totals;
  digest.update(JSON.stringify({ received, sent, dropped, consumed, originated, segments, copies }));
  return digest.digest("hex");
}

for (const [name, setup] of Object.entries(setups)) {
  test(`${name}: no cut makes any build read beyond the frame, and all builds do the same`, () => {
    const digests = BUILDS.map((build) => {
      const one = setup();
      return cutAll(one, one.make(build));
    });
    for (const digest of digests) assert.is(digest, digests[0]);
  });
}

for (const build of BUILDS) {
  test(`${build}: a frame at the end does end where the memory ends, and reading beyond it does trap`, () => {
    const memorySwitch = new MemorySwitch(build, [{}, {}], false);
    const { wasm, worker, tables } = memorySwitch;
    assert.is(worker.address + map.WORKER_BYTES, tables.bytes.length);
    const header = Uint8Array.from([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0]);
    memorySwitch.receiveAtEnd(IN, header);
    assert.equal([...(memorySwitch.takeOutputs()[0]?.bytes ?? [])], [...header]);
    const place = tables.bytes.length - header.length;
    const slot = wasm.takeSlot(worker.address);
    wasm.received(worker.address, slot, IN, place, header.length + 20);
    assert.throws(
      () => worker.run(),
      (error: unknown) => error instanceof WebAssembly.RuntimeError,
    );
  });
}

test.run();
