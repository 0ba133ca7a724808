/** vde_switch (Virtual Distributed Ethernet) with two taps that it opens by itself, in a namespace of its own, and that are
 *  then moved to the containers. Its standard input stays open: it ends when that ends. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onEnd } from "../support/cleanup.ts";
import { makeNamespace } from "../support/namespace.ts";
import { end, isInstalled, start, succeeds } from "../support/shell.ts";
import { waitUntil } from "../support/wait.ts";
import { makeEnds, moveTaps, running, tapName } from "./ends.ts";
import type { RunningSwitch, SwitchUnderTest } from "./types.ts";

const START_MS = 5000;

export const vde: SwitchUnderTest = {
  name: "vde",
  about: "vde_switch, tap",
  missing: () => (isInstalled("vde_switch") ? null : "vde_switch not installed (Debian: vde2)"),
  async start(): Promise<RunningSwitch> {
    const ends = makeEnds();
    const middle = makeNamespace("s");
    const folder = mkdtempSync(join(tmpdir(), "pyb-vde-"));
    const devices = [ends.a, ends.b].map(tapName);
    const command = ["vde_switch", "--sock", join(folder, "control"), ...devices.flatMap((device) => ["--tap", device])];
    const child = start("ip", ["netns", "exec", middle.name, ...command], { stdio: ["pipe", "ignore", "ignore"] });
    const stop = onEnd("vde_switch", async () => {
      await end(child);
      rmSync(folder, { recursive: true, force: true });
    });
    await waitUntil("vde_switch to open its taps", START_MS, () =>
      devices.every((device) => succeeds("ip", ["-n", middle.name, "link", "show", device])),
    );
    moveTaps(ends, middle.name);
    return running(ends, async () => {
      await stop();
      await middle.remove();
    });
  },
};
