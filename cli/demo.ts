/** `portyard demo`: two containers' network namespaces that talk through the switch, and a service on three more, from one command and with no other tool
 *  than `ip`. Exit status 0 when every echo request was answered, 1 when not or when something failed, 128 + the signal's
 *  number when it was stopped before it had measured. */
import { Command, InvalidArgumentError, Option } from "commander";
import type { IoBackend } from "../bindings/engine/types.ts";
import { Interrupted } from "./demo/interrupt.ts";
import { type Choice, chooseMode, INSIDE_VARIABLE } from "./demo/mode.ts";
import { STREAM_SECONDS } from "./demo/plan.ts";
import type { DemoResult } from "./demo/result.ts";
import { Screen } from "./demo/screen.ts";
import { interruptibly, runInside } from "./demo/user-namespace.ts";

interface DemoOptions {
  once: boolean;
  json: boolean;
  replay: boolean;
  seconds: number;
  io: IoBackend | "auto";
}

/** The command, ready to be added to the program; its action throws what goes wrong, and sets the exit status otherwise. */
export function demoCommand(): Command {
  return new Command("demo")
    .description("two containers that ping and stream through the switch, beside a Linux bridge, and a service under four algorithms")
    .option("--once", "end after the tables instead of showing the ports until Ctrl-C", false)
    .option("--json", "one JSON object as the last line of standard output; words go to standard error", false)
    .option("--replay", "replay the bundled capture in memory, as where namespaces are refused", false)
    .option("--seconds <seconds>", "length of each stream, 0.1 to 60", secondsOf, STREAM_SECONDS)
    .addOption(new Option("--io <backend>", "what moves the frames").choices(["auto", "uring", "syscall"]).default("auto"))
    .addHelpText(
      "after",
      "\nWithout root it runs in a user namespace; where that is refused, and on other systems than Linux, it replays a capture.",
    )
    .action(demo);
}

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== "" && seconds >= 0.1 && seconds <= 60) return seconds;
  throw new InvalidArgumentError("A number from 0.1 to 60 is wanted.");
}

/** @throws PortyardError what withWorld and replayDemo throw. */
async function demo(options: DemoOptions): Promise<void> {
  const choice = await chooseMode(options.replay);
  if (choice.mode === "user-namespace" && process.env[INSIDE_VARIABLE] === undefined) {
    process.exitCode = await runInside(choice.launch, { [INSIDE_VARIABLE]: choice.reason ?? "" });
    return;
  }
  await interruptibly(choice.mode === "user-namespace", (signal) => perform(options, choice, signal));
}

async function perform(options: DemoOptions, choice: Choice, signal: AbortSignal): Promise<void> {
  let result: DemoResult | null = null;
  try {
    await play(options, choice, signal, (found) => {
      result = found;
    });
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    if (result === null || error.signalName === "SIGPIPE") {
      process.exitCode = error.exitStatus;
      return;
    }
  }
  finish(result as DemoResult | null, options.json);
}

/** Only the demo that runs needs what it runs on: a replay loads neither koffi nor the containers. */
async function play(options: DemoOptions, choice: Choice, signal: AbortSignal, found: (result: DemoResult) => void): Promise<void> {
  const screen = new Screen(options.json);
  if (choice.mode === "replay") return (await import("./demo/replay.ts")).replayDemo(choice, screen, found);
  return (await import("./demo/real.ts")).realDemo(options, choice, screen, signal, found);
}

function finish(result: DemoResult | null, json: boolean): void {
  if (result === null) return;
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
  if (result.ping.received < result.ping.sent) process.exitCode = 1;
}
