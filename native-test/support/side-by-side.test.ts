/** A suite whose tests run side by side (side-by-side.ts), in a process of its own that says what begins and ends. */
import { spawnSync } from "node:child_process";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const test = suite("side by side");
const module = JSON.stringify(new URL("./side-by-side.js", import.meta.url).href);

/** What a file of these tests says, line by line, and its exit status. Each test ends when another, or what comes before it here, lets it. */
function told(tests: string, atOnce = 2): { lines: string[]; status: number | null } {
  const script = `
    import { sideBySide } from ${module};
    const test = sideBySide("these", ${atOnce});
    const say = (line) => console.log("\\n@" + line);
    const gates = new Map();
    const gate = (name) => {
      if (!gates.has(name)) { let open; const opened = new Promise((resolve) => { open = resolve; }); gates.set(name, { open, opened }); }
      return gates.get(name);
    };
    const told = (name, body) => test(name, async () => { say("begins " + name); await body(); say("ends " + name); });
    ${tests}
    test.run();`;
  const { stdout, status } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
    env: { ...process.env, FORCE_COLOR: "0" },
  });
  const lines = stdout.split("\n").map((line) => line.trim());
  return {
    lines: lines.filter((line) => /^@|^(Total|Passed):|FAIL.*"|went wrong/.test(line)).map((line) => line.replace(/^@/, "")),
    status,
  };
}

test("two run at once, the next begins when one ends, and all are counted", () => {
  const { lines, status } = told(`
    told("1", () => gate("2").opened);
    told("2", async () => { gate("2").open(); await gate("3").opened; });
    told("3", async () => { gate("3").open(); });`);
  assert.equal(lines.slice(0, 3), ["begins 1", "begins 2", "ends 1"]);
  assert.equal(lines.slice(3), ["begins 3", "ends 3", "ends 2", "Total:     3", "Passed:    3"]);
  assert.is(status, 0);
});

test("never more than were asked for", () => {
  const { lines } = told(
    `
    let running = 0;
    for (const name of ["1", "2", "3", "4"]) told(name, async () => {
      say("running " + ++running);
      await new Promise(setImmediate);
      running--;
    });`,
    1,
  );
  assert.equal(
    lines.filter((line) => line.startsWith("running")),
    ["running 1", "running 1", "running 1", "running 1"],
  );
});

test("one that fails before it is asked for is told under its own name, and the others run", () => {
  const { lines, status } = told(`
    told("1", () => gate("3").opened);
    told("2", async () => { throw new Error("two went wrong"); });
    told("3", async () => { gate("3").open(); });`);
  assert.ok(
    lines.some((line) => line.includes("FAIL") && line.includes('"2"')),
    lines.join("\n"),
  );
  assert.ok(lines.includes("two went wrong"));
  assert.equal(lines.slice(-2), ["Total:     3", "Passed:    2"]);
  assert.is(status, 1);
});

test("one that throws at once fails as well", () => {
  const { lines, status } = told(`test("1", () => { throw new Error("one went wrong"); });`);
  assert.ok(lines.includes("one went wrong"));
  assert.equal([lines.slice(-2), status], [["Total:     1", "Passed:    0"], 1]);
});

test.run();
