/** Taking back what was made: newest first, whatever fails on the way. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Undo } from "../../../cli/demo/undo.ts";

test("takes back the newest first and waits for each", async () => {
  const undo = new Undo();
  const order: string[] = [];
  undo.push("remove the first", () => void order.push("first"));
  undo.push("remove the second", async () => {
    await new Promise((resolve) => setImmediate(resolve));
    order.push("second");
  });
  assert.equal(await undo.run(), []);
  assert.equal(order, ["second", "first"]);
});

test("goes on after a failure and says which step it was", async () => {
  const undo = new Undo();
  let first = 0;
  undo.push("remove the first", () => void first++);
  undo.push("remove the second", () => Promise.reject(new Error("busy")));
  assert.equal(await undo.run(), ["Could not remove the second: busy"]);
  assert.is(first, 1);
});

test("takes nothing back twice", async () => {
  const undo = new Undo();
  let count = 0;
  undo.push("count", () => void count++);
  await undo.run();
  await undo.run();
  assert.is(count, 1);
});

test.run();
