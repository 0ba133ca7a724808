/** tcpdump on a machine of a test: what an interface sends, or what it gets, into a file that can be looked at while it grows. */
import { existsSync, readFileSync } from "node:fs";
import { type CaptureFrame, readCapture } from "../../../bindings/capture/index.ts";
import type { Machine } from "../demo/machine.ts";
import type { Program } from "../demo/program.ts";
import { inside } from "./inside.ts";

const BUFFER_KIB = 16_384;

export class Tcpdump {
  readonly path: string;
  readonly #program: Program;

  private constructor(path: string, program: Program) {
    this.path = path;
    this.#program = program;
  }

  /** Listens when this resolves. @param namespace empty: the machine's own. @param path of the file, which both see. */
  static async start(machine: Machine, namespace: string, device: string, direction: "in" | "out", path: string): Promise<Tcpdump> {
    const how = ["-Q", direction, "-U", "--immediate-mode", "-B", String(BUFFER_KIB), "--time-stamp-precision=nano", "-Z", "root"];
    const program = machine.start([...inside(namespace), "tcpdump", "-n", "-i", device, ...how, "-w", path]);
    await program.prints("listening on");
    return new Tcpdump(path, program);
  }

  /** What is in the file so far. */
  frames(): CaptureFrame[] {
    return existsSync(this.path) ? readCapture(readFileSync(this.path)).frames : [];
  }

  /** @throws Error when the kernel had no room for some frames. */
  async stop(): Promise<void> {
    const { stderr } = await this.#program.stop("SIGINT");
    if (!/\b0 packets dropped by kernel/.test(stderr)) throw new Error(`tcpdump has lost frames: ${stderr}`);
  }
}
