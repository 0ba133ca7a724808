/** The demo where no interface can be made: the command as a person runs it, in a process without koffi. */
import { spawnSync } from "node:child_process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { DemoResult } from "../../../cli/demo/result.ts";
import { modelOf } from "./service-model.ts";

const WITHOUT_KOFFI = `import module from "node:module";
const load = module._load;
module._load = (request, ...rest) => { if (request === "koffi") throw new Error("no koffi"); return load(request, ...rest); };`;

const command = new URL("../../../cli/demo.js", import.meta.url).href;

function demo(...options: string[]): { status: number | null; stdout: string; stderr: string } {
  const program = `${WITHOUT_KOFFI}
    const { demoCommand } = await import(${JSON.stringify(command)});
    await demoCommand().parseAsync(${JSON.stringify(options)}, { from: "user" });`;
  return spawnSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8" });
}

test("each of the five pings comes back, by the engine's own count", () => {
  const { status, stdout, stderr } = demo("--replay", "--json");
  assert.is(status, 0, stderr);
  const lines = stdout.trimEnd().split("\n");
  assert.is(lines.length, 1, "nothing else is on standard output");
  const result = JSON.parse(lines[0] as string) as DemoResult;
  assert.equal(result.ping, { sent: 5, received: 5, roundTripMs: null });
  assert.equal([result.mode, result.io, result.stream], ["replay", "memory", null]);
  assert.equal(
    result.ports.map(({ name, kind }) => [name, kind]),
    [
      ["container1", "memory"],
      ["container2", "memory"],
      ["backend1", "memory"],
      ["backend2", "memory"],
      ["backend3", "memory"],
    ],
  );
});

test("what comes in goes out: every frame is forwarded, or answered to the port that it came from", () => {
  const { ports, drops } = JSON.parse(demo("--replay", "--json").stdout) as DemoResult;
  const sum = (key: "receivedFrames" | "sentFrames") => ports.reduce((total, port) => total + port[key], 0);
  assert.is(sum("receivedFrames"), sum("sentFrames"));
  assert.ok(sum("receivedFrames") > 20);
  assert.equal(drops, []);
});

test("connections to the service are spread as schedules and model say, to the last one", () => {
  const { services } = JSON.parse(demo("--replay", "--json").stdout) as DemoResult;
  assert.equal(services, {
    "round-robin": { backend1: 234, backend2: 233, backend3: 233 },
    "weighted-round-robin": { backend1: 500, backend2: 100, backend3: 100 },
    "least-response-time": modelOf("least-response-time"),
    "least-load": modelOf("least-load"),
  });
});

test("for people it says why, and how to see two real containers", () => {
  const { status, stdout, stderr } = demo("--replay");
  assert.is(status, 0);
  assert.is(stderr, "");
  for (const words of [
    "It was asked for by --replay.",
    "For two real containers:",
    "64 bytes from 10.77.0.3: seq=5",
    "5 sent, 5 received",
    "my-service: 700 connections under each algorithm",
    "least-load",
    "MAC addresses",
  ]) {
    assert.ok(stdout.includes(words), words);
  }
});

test("a length that is no length is refused as wrong usage, with the range", () => {
  for (const wrong of ["0", "61", "two", "", "-1", "Infinity"]) {
    const { status, stderr } = demo("--replay", `--seconds=${wrong}`);
    assert.is(status, 1, wrong);
    assert.match(stderr, "from 0.1 to 60");
  }
});

test("a back end that does not exist is refused with those that do", () => {
  assert.match(demo("--replay", "--io", "magic").stderr, "auto, uring, syscall");
});

test.run();
