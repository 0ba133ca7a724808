/** How the demo shows where connections went, at the widths of real terminals. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ALGORITHMS, BACKENDS } from "../../../cli/demo/plan.ts";
import { EXPECTATION, type Spread } from "../../../cli/demo/service.ts";
import { serviceHeading, servicePicture, spreadLines } from "../../../cli/demo/service-report.ts";

const plain = (_: unknown, text: string) => text;
const coloured = (colour: string, text: string) => `<${colour}>${text}</>`;

const spread: Spread = {
  counts: { backend1: 350, backend2: 175, backend3: 175 },
  seconds: 1.234,
  meanMs: 45.67,
  measuredMs: { backend1: 1020.44, backend2: 40, backend3: null },
};
const filled = (line: string) => (line.match(/█/g) ?? []).length;

for (const width of [60, 79, 80, 120, 200]) {
  test(`nothing is wider than ${width} columns`, () => {
    const lines = [
      serviceHeading,
      ...servicePicture(width, plain),
      ...ALGORITHMS.flatMap((name) => spreadLines(name, spread, width, plain)),
    ];
    for (const line of lines) assert.ok(line.length <= width, `${line.length}: ${line}`);
  });

  test(`bars of ${width} columns are shares of all, each column under the others`, () => {
    const lines = spreadLines("least-load", spread, width, plain).slice(-3);
    const [first = "", second = "", third = ""] = lines;
    assert.is(filled(first), 2 * filled(second));
    assert.is(first.indexOf(" %"), third.indexOf(" %"));
    assert.equal(
      lines.map((line) => /(\d+) +([\d.]+) % +weight (\d) +(\d+) ms/.exec(line)?.slice(1)),
      [
        ["350", "50.0", "5", "20"],
        ["175", "25.0", "1", "40"],
        ["175", "25.0", "1", "80"],
      ],
    );
  });
}

test("who got all has a whole bar, who got nothing an empty one and a 0", () => {
  const [first = "", second = ""] = spreadLines("least-load", { ...spread, counts: { backend1: 700 } }, 120, plain).slice(-3);
  assert.match(first, /█{32} {2}700 {2}100\.0 %/);
  assert.match(second, /^ {2}backend2 {2} {32} {4}0 {4}0\.0 %/);
});

test("an algorithm says what it looks at, and how long its connections took", () => {
  const [blank, name, how] = spreadLines("round-robin", spread, 80, plain);
  assert.equal([blank, name, how], ["", "  round-robin  1.23 s, 45.7 ms each", `  ${EXPECTATION["round-robin"]}`]);
});

test("a wide terminal shows what the engine measured, and nothing where it has not", () => {
  const [first = "", , third = ""] = spreadLines("least-load", spread, 80, plain).slice(-3);
  assert.match(first, /measured 1020\.4 ms$/);
  assert.match(third, /measured -$/);
  assert.not.match(spreadLines("least-load", spread, 60, plain).join("\n"), "measured");
});

test("what is expected of the weights and of the fastest follows from the backends", () => {
  assert.match(EXPECTATION["weighted-round-robin"], "500, 100, 100");
  assert.match(EXPECTATION["least-response-time"], "backend1, the fastest");
});

test("each backend stands behind the virtual address, with its own where there is room", () => {
  for (const width of [60, 120]) {
    const lines = servicePicture(width, plain);
    assert.is(lines.length, BACKENDS.length);
    const columns = lines.map((line) => line.search(/[┬├└]/));
    assert.equal(new Set(columns).size, 1);
    for (const [index, { name, address }] of BACKENDS.entries()) {
      assert.match(lines[index] ?? "", name);
      assert.is(lines[index]?.includes(address), width === 120);
    }
  }
});

test("colours change no column", () => {
  const uncoloured = (line: string) => line.replaceAll(/<\/?\w*>/g, "");
  const lines = (paint: typeof coloured) => [...servicePicture(100, paint), ...spreadLines("least-load", spread, 100, paint)];
  assert.equal(lines(coloured).map(uncoloured), lines(plain));
  assert.match(lines(coloured).join(""), "<cyan>█");
});

test.run();
