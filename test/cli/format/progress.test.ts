/** Progress on a terminal: nothing in the first second, one line after that, nothing left at the end. */
import { Writable } from "node:stream";
import { once } from "node:events";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { showProgress } from "../../../cli/format/progress.ts";

const test = suite("progress");

class Screen extends Writable {
  isTTY = true;
  text = "";

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    this.emit("drawn");
    done();
  }
}

const on = (screen: Screen): NodeJS.WriteStream => screen as unknown as NodeJS.WriteStream;

test("what is quick shows nothing", () => {
  const screen = new Screen();
  const progress = showProgress("starting ports", 3, on(screen));
  progress.update(3);
  progress.end();
  assert.is(screen.text, "");
});

test("after a second there is a line, and at the end it is gone", async () => {
  const screen = new Screen();
  const progress = showProgress("starting ports", 1200, on(screen));
  progress.update(300);
  const keep = setTimeout(() => {}, 5000);
  const begin = performance.now();
  await once(screen, "drawn");
  clearTimeout(keep);
  assert.ok(performance.now() - begin > 900);
  assert.is(screen.text, `\r\u001b[Kstarting ports ${"█".repeat(6)}${" ".repeat(18)} 300 of 1,200`);
  progress.end();
  assert.ok(screen.text.endsWith("\r\u001b[K"));
});

test("where nobody looks nothing is written", () => {
  const screen = new Screen();
  screen.isTTY = false;
  const progress = showProgress("starting ports", 3, on(screen));
  progress.update(1);
  progress.end();
  assert.is(screen.text, "");
});

test.run();
