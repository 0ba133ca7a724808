/** What stories of the demo share: its command, machines that must be left as they were, and what holds of every result. */
import { fileURLToPath } from "node:url";
import * as assert from "uvu/assert";
import type { DemoResult } from "../../../cli/demo/result.ts";
import { modelOf } from "../../../test/cli/demo/service-model.ts";
import { scale } from "../../../test/scale.ts";
import { skip } from "../../../test/support/skip.ts";
import { sideBySide } from "../../support/side-by-side.ts";
import { Machine, type MachineOptions } from "./machine.ts";
import type { End } from "./program.ts";

/** Of the file that tells the stories. */
export const test = sideBySide("demo");

const portyard = fileURLToPath(new URL("../../../../scripts/portyard.mjs", import.meta.url));
/** Before a command: runs it as somebody without rights. */
export const NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
/** What is said when the stream begins, and in the middle of the service. */
export const IN_STREAM = "through the switch";
export const IN_SERVICE = "weighted-round-robin";

/** The demo's command, with streams as short as the scale says. */
export const demo = (...options: string[]): string[] => [
  process.execPath,
  portyard,
  "demo",
  "--seconds",
  String(scale.demoStreamSeconds),
  ...options,
];
export const once = demo("--once", "--json");

/** A test on a machine of its own that must look afterwards as it did before. */
export function story(name: string, tell: (machine: Machine) => Promise<void>, options: MachineOptions = {}): void {
  test(name, async () => {
    if (process.getuid?.() !== 0) return skip(name, "right", "needs root");
    const machine = await Machine.make(options);
    try {
      const before = machine.state();
      await tell(machine);
      assert.equal(machine.state(), before);
    } finally {
      await machine.close();
    }
  });
}

const resultOf = ({ stdout }: End): DemoResult => JSON.parse(stdout.trimEnd().split("\n").at(-1) as string);

/** The error on standard error. */
export const errorOf = ({ stderr }: End): { code: string; message: string; remedy: string | null } =>
  JSON.parse(stderr.trimEnd().split("\n").at(-1) as string).error;

/** A demo that went well to its end: its result. */
export function isWhole(end: End, mode: DemoResult["mode"]): DemoResult {
  assert.is(end.code, 0, end.stderr);
  const result = resultOf(end);
  assert.is(result.mode, mode);
  assert.equal([result.ping.sent, result.ping.received], [5, 5]);
  isSpread(result);
  return result;
}

/** The schedules to the last connection; the others as the model predicts for what a connection took on average, a fifth of them to spare. */
function isSpread({ services, serviceTimes, backends }: DemoResult): void {
  assert.equal(Object.values(services["round-robin"]).sort(), [233, 233, 234]);
  assert.equal(services["weighted-round-robin"], { backend1: 500, backend2: 100, backend3: 100 });
  const overheadMs = serviceTimes["round-robin"].meanMs - backends.reduce((sum, { delayMs }) => sum + delayMs / backends.length, 0);
  for (const algorithm of ["least-response-time", "least-load"] as const) {
    const counts = services[algorithm];
    const model = modelOf(algorithm, Math.max(0, overheadMs));
    const told = `${algorithm}: ${JSON.stringify(counts)}, model ${JSON.stringify(model)}`;
    console.log(told);
    assert.is(
      Object.values(counts).reduce((sum, each) => sum + each, 0),
      700,
    );
    for (const { name } of backends) assert.ok(Math.abs((counts[name] ?? 0) - (model[name] ?? 0)) < 140, told);
  }
  assert.ok((services["least-response-time"].backend1 ?? 0) > 350, "the fastest gets most");
}
