/** No switch at all: two TAPs and a loop in C that writes to one what it read from the other (bench/native/wire.c). What it
 *  costs, every switch over TAPs pays. */
import { onEnd } from "../support/cleanup.ts";
import { makeNamespace } from "../support/namespace.ts";
import { nativeProgram } from "../support/native.ts";
import { end, start, succeeds } from "../support/shell.ts";
import { waitUntil } from "../support/wait.ts";
import { makeEnds, moveTaps, running, tapName } from "./ends.ts";
import type { RunningSwitch, SwitchUnderTest } from "./types.ts";

const START_MS = 5000;

export const wire = plainWire("wire", "a loop in C over two TAPs, without any table", 0);
export const wireSpin = plainWire("wire-spin", "the same, looking for frames 50 us before it sleeps", 50);

function plainWire(name: string, about: string, spinMicroseconds: number): SwitchUnderTest {
  return { name, about, missing: () => null, start: () => startWire(spinMicroseconds) };
}

async function startWire(spinMicroseconds: number): Promise<RunningSwitch> {
  const ends = makeEnds();
  const middle = makeNamespace("s");
  const devices = [ends.a, ends.b].map(tapName);
  const command = [nativeProgram("wire"), ...devices, String(spinMicroseconds)];
  const child = start("ip", ["netns", "exec", middle.name, ...command], { stdio: ["pipe", "ignore", "inherit"] });
  const stop = onEnd("the wire", () => end(child));
  await waitUntil("the wire to open its TAPs", START_MS, () =>
    devices.every((device) => succeeds("ip", ["-n", middle.name, "link", "show", device])),
  );
  moveTaps(ends, middle.name);
  return running(ends, async () => {
    await stop();
    await middle.remove();
  });
}
