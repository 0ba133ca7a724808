/** examples/two-namespaces.ts with examples/portyard.yaml, on a machine of the test's own. Needs root.
 *
 *    a eth0 10.77.0.2 ── TAP ── forwarder ── TAP ── 10.77.0.3 eth0 b                                                  */
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { skip } from "../../test/support/skip.ts";
import { Machine } from "../cli/demo/machine.ts";

const example = fileURLToPath(new URL("../../examples/two-namespaces.js", import.meta.url));

test("one namespace hears from the other through the switch, and nothing is left", async () => {
  if (process.getuid?.() !== 0) return skip("two namespaces", "right", "needs root");
  const machine = await Machine.make();
  try {
    const before = machine.state();
    const { code, stdout, stderr } = await machine.start([process.execPath, example]).ended;
    assert.is(code, 0, stderr);
    const lines = ["a calls b, where nobody listens: ECONNREFUSED", "frames came from a", "frames came from b"];
    assert.equal(stdout.trimEnd().split("\n"), lines);
    assert.equal(machine.state(), before);
  } finally {
    await machine.close();
  }
});

test("a namespace that somebody else made stays, and what it made before goes", async () => {
  if (process.getuid?.() !== 0) return skip("two namespaces, one taken", "right", "needs root");
  const machine = await Machine.make();
  try {
    machine.tool("ip", "netns", "add", "b");
    const before = machine.state();
    const { code, stderr } = await machine.start([process.execPath, example]).ended;
    assert.is(code, 1);
    assert.match(stderr, "netns add b");
    assert.equal(machine.state(), before);
    machine.tool("ip", "netns", "exec", "b", "true");
  } finally {
    await machine.close();
  }
});

test.run();
