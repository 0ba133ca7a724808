/** Every captured frame through a Linux bridge and through Portyard, over memory ports and over packet ports: whatever we
 *  drop the bridge drops too, and what both forward is the same to the byte. The two places where we differ are known:
 *
 *      01:80:c2:00:00:00   reserved, not forwarded by us; a bridge whose spanning tree is off passes it on
 *      a tag cut short     forwarded by us as it is; Linux drops it before any bridge or socket sees it (skb_vlan_untag)  */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { MAX_FRAME_BYTES, MAX_MTU } from "../../assembly/abi/limits.ts";
import { captureFolder, ethernetFrames, ownCaptureFolder } from "../../test/support/captures.ts";
import { conserved } from "../../test/support/conservation.ts";
import { MemorySwitch } from "../../test/support/memory-switch.ts";
import { type Need, needing } from "../support/need.ts";
import { makeBridge } from "./linux-bridge.ts";
import { makeSwitch } from "./portyard-switch.ts";
import { isTagCut } from "./quiet-taps.ts";

const BRIDGE_GROUP = Buffer.from("0180c2000000", "hex");

/** What comes out for a frame; null when it could not be put in. */
type Way = (frame: Uint8Array) => Uint8Array[] | null;
const AGREEMENTS = ["forwarded", "dropped", "not taken"] as const;
const DIFFERENCES = ["bridge group", "tag cut short"] as const;
type Finding = (typeof AGREEMENTS)[number] | (typeof DIFFERENCES)[number];

function isSame(outputs: Uint8Array[], frame: Uint8Array): boolean {
  return outputs.length === 1 && Buffer.from(frame).equals(outputs[0] as Uint8Array);
}

function compare(frame: Uint8Array, ours: Uint8Array[] | null, bridged: Uint8Array[] | null): Finding | null {
  if (ours === null || bridged === null) return "not taken";
  if (isSame(ours, frame) && isSame(bridged, frame)) return "forwarded";
  if (ours.length === 0 && bridged.length === 0) return "dropped";
  if (ours.length === 0 && isSame(bridged, frame) && BRIDGE_GROUP.equals(frame.subarray(0, BRIDGE_GROUP.length))) return "bridge group";
  if (bridged.length === 0 && isSame(ours, frame) && isTagCut(frame)) return "tag cut short";
  return null;
}

/** Sends every captured frame both ways; how many of each finding there were. */
function compareAll(ours: Way, bridge: Way): Map<Finding, number> {
  const counts = new Map<Finding, number>();
  for (const { file, frames } of [...new Set([captureFolder(), ownCaptureFolder])].flatMap((folder) => [...ethernetFrames(folder)])) {
    for (const [index, { bytes }] of frames.entries()) {
      const [one, other] = [ours(bytes), bridge(bytes)];
      const finding = compare(bytes, one, other);
      assert.ok(finding !== null, `${file}, frame ${index + 1}: out of ours ${describe(one)}, out of the bridge ${describe(other)}`);
      counts.set(finding, (counts.get(finding) ?? 0) + 1);
    }
  }
  console.log([...counts].map(([finding, count]) => `${finding} ${count}`).join(", "));
  for (const agreement of AGREEMENTS) assert.ok((counts.get(agreement) ?? 0) > 0, `no frame was "${agreement}"`);
  return counts;
}

function describe(outputs: Uint8Array[] | null): string {
  if (outputs === null || outputs.length === 0) return "nothing";
  return outputs.map((bytes) => Buffer.from(bytes).toString("hex")).join(" and ");
}

test(
  ...needing(["root", "iproute2"], "memory ports and a Linux bridge agree on every captured frame", () => {
    const bridge = makeBridge(MAX_MTU);
    const memorySwitch = new MemorySwitch("release", [{}, {}], false);
    const through = (frame: Uint8Array): Uint8Array[] | null => {
      if (frame.length > MAX_FRAME_BYTES) return null;
      memorySwitch.worker.receive(0, frame);
      return memorySwitch.takeOutputs().map((output) => output.bytes);
    };
    const counts = compareAll(through, (frame) => bridge.path.pass(frame));
    for (const difference of DIFFERENCES) assert.ok((counts.get(difference) ?? 0) > 0, `no frame showed "${difference}"`);
    memorySwitch.totals();
    bridge.remove();
  }),
);

for (const io of ["uring", "syscall"] as const) {
  const needs: Need[] = io === "uring" ? ["root", "iproute2", "uring"] : ["root", "iproute2"];
  test(
    ...needing(needs, `packet ports (${io}) and a Linux bridge agree on every captured frame`, async () => {
      const bridge = makeBridge(MAX_MTU);
      const { path, engine } = await makeSwitch(MAX_MTU, io, `verdicts-${process.pid}-${io}`);
      try {
        assert.is(engine.io, io);
        compareAll(
          (frame) => path.pass(frame),
          (frame) => bridge.path.pass(frame),
        );
        for (const worker of engine.workers()) conserved(worker);
      } finally {
        path.close();
        bridge.remove();
        await engine.close();
      }
    }),
  );
}

test.run();
