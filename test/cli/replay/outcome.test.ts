/** What is said at the end of a replay. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { damageLine, differenceLine } from "../../../cli/replay/outcome.ts";

test("a difference in one line: frames count from 1, times are rounded down, who is silent did nothing", () => {
  const asked = { number: 16, port: "web", timeNs: 1_767_225_605_003_000_999n, isBytesAlone: false };
  const [db, big] = [
    { outputs: ["db", "log"], drops: [], served: null },
    { outputs: ["log"], drops: ["db", "web"].map((port) => ({ reason: "too-big", port })), served: null },
  ];
  const nothing = { outputs: [], drops: [], served: null };
  const line = (before: object, after: object, more: object = {}): string =>
    differenceLine({ ...asked, before, after, ...more } as Parameters<typeof differenceLine>[0]);
  const head = "frame 17 into web at 1767225605.003000 s: ";
  assert.is(line(db, big), `${head}leaves by db, log; now leaves by log, too-big at db, too-big at web`);
  assert.is(line(db, nothing), `${head}leaves by db, log; now nothing`);
  assert.is(line(nothing, big), `${head}nothing; now leaves by log, too-big at db, too-big at web`);
  assert.is(line(db, db, { isBytesAlone: true }), `${head}leaves by db, log, now with other bytes`);
  const to = (backend: string | null, output: string) => ({ outputs: [output], drops: [], served: { service: "shop", backend } });
  assert.is(line(to("s1", "a"), to("s2", "b")), `${head}to s1 of shop, leaves by a; now to s2 of shop, leaves by b`);
  assert.is(
    line(to("s1", "a"), to("s2", "a"), { isBytesAlone: true }),
    `${head}to s1 of shop, leaves by a; now to s2 of shop, leaves by a`,
  );
  assert.is(line(to("s1", "a"), to("s1", "a"), { isBytesAlone: true }), `${head}to s1 of shop, leaves by a, now with other bytes`);
  assert.is(line(to("s1", "a"), { ...to(null, "a"), outputs: [] }), `${head}to s1 of shop, leaves by a; now to no backend of shop`);
});

test("where a capture is damaged", () => {
  const words = damageLine({ file: "a.pcap", offset: 1_234_567, reason: "it ends" });
  assert.is(words, "a.pcap is damaged at byte 1,234,567: it ends. What was before it was replayed.");
});

test.run();
