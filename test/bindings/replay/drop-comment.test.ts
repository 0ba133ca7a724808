/** The comment of a dropped frame: a line for each drop, and no more than a comment holds. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { MAX_OPTION_BYTES } from "../../../bindings/capture/limits.ts";
import { readCapture, writePcapng } from "../../../bindings/capture/index.ts";
import { dropComment } from "../../../bindings/replay/drop-comment.ts";

const many = (count: number, nameBytes: number) =>
  Array.from({ length: count }, (_, index) => ({ reason: "too-big", port: String(index).padStart(nameBytes, "p") }));

test("a line for each drop, in their order", () => {
  const drops = [
    { reason: "too-big", port: "b" },
    { reason: "port-full", port: "a" },
    { reason: "too-big", port: "b" },
  ];
  assert.is(dropComment(drops), "too-big at b\nport-full at a\ntoo-big at b");
  assert.is(dropComment([]), "");
});

test("as many lines as a comment holds, then how many more there are", () => {
  // each line and its end have 64 bytes, and the last has no end: 1,024 of them are as many bytes as there may be
  for (const count of [1, 1023, 1024, 1025, 2047, 100_000]) {
    const drops = many(count, 52);
    const comment = dropComment(drops);
    const lines = comment.split("\n");
    const left = lines.filter((line) => line.startsWith("too-big at "));
    assert.equal(left, dropComment(drops.slice(0, left.length)).split("\n"), `of ${count}`);
    assert.is(lines.at(-1), left.length === count ? left.at(-1) : `and ${count - left.length} more`);
    assert.ok(comment.length <= MAX_OPTION_BYTES);
    assert.ok(left.length >= (count <= 1024 ? count : 1023), `${left.length} of ${count}`);
    const [frame] = readCapture(writePcapng([{ bytes: new Uint8Array(14), timeNs: 0n, comment }])).frames;
    assert.is(frame?.comment, comment);
  }
});

test.run();
