/** Tables and numbers as commands print them. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { bar, bitRate, bytes, type Column, count, table } from "../../../cli/format/text.ts";

const plain = (_: unknown, text: string) => text;
const rows = [
  { name: "container1", frames: 12, mac: "02:00:0a:4d:00:02" },
  { name: "c2", frames: 1234567, mac: "02:00:0a:4d:00:03" },
];
const columns: Column<(typeof rows)[number]>[] = [
  { title: "PORT", cell: (row) => row.name },
  { title: "FRAMES", cell: (row) => count(row.frames), right: true },
  { title: "MAC", cell: (row) => row.mac, rank: 2 },
  { title: "KIND", cell: () => "tap", rank: 1 },
];

test("a table's columns are as wide as their widest cell, numbers stand to the right", () => {
  assert.equal(table(rows, columns, 80, plain), [
    "  PORT           FRAMES  MAC                KIND",
    "  container1         12  02:00:0a:4d:00:02  tap",
    "  c2          1,234,567  02:00:0a:4d:00:03  tap",
  ]);
});

test("the column of the highest rank goes first when the line is too short", () => {
  assert.is(table(rows, columns, 40, plain)[0], "  PORT           FRAMES  KIND");
  assert.is(table(rows, columns, 28, plain)[0], "  PORT           FRAMES");
});

test("columns without a rank stay, however short the line", () => {
  assert.is(table(rows, columns, 5, plain)[0], "  PORT           FRAMES");
});

test("at every width a table either fits or has only columns that stay", () => {
  for (let width = 1; width <= 60; width++) {
    const lines = table(rows, columns, width, plain);
    const widest = Math.max(...lines.map((line) => line.length));
    assert.ok(widest <= width || lines[0] === "  PORT           FRAMES", `width ${width}: ${lines[0]}`);
  }
});

test("bytes have three digits and a unit", () => {
  const cases: [number, string][] = [
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.00 kB"],
    [9994, "9.99 kB"],
    [9996, "10.0 kB"],
    [99_960, "100 kB"],
    [3_510_000_000, "3.51 GB"],
    [756_000_000, "756 MB"],
  ];
  for (const [value, text] of cases) assert.is(bytes(value), text);
});

test("a rate counts bits", () => {
  assert.is(bitRate(11_400_000_000), "11.4 Gb/s");
});

test("a bar is as long as its share, in eighths of a character, and never longer than its place", () => {
  assert.is(bar(0, 4), "    ");
  assert.is(bar(0.5, 4), "██  ");
  assert.is(bar(1, 4), "████");
  assert.is(bar(7, 4), "████");
  assert.is(bar(1 / 32, 4), "▏   ");
  assert.is(bar(7 / 32, 4), "▉   ");
});

test.run();
