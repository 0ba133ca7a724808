/** A machine of a test's own, as far as the command line can tell: a network namespace with no device in it, an empty /run,
 *  an empty /dev/shm and an empty /var/lib. What is in it can be listed, so that "nothing is left behind" means exactly that, whatever else the
 *  host is doing meanwhile.
 *
 *    holder process ── network namespace ── mount namespace with these three as tmpfs, and the project on /mnt
 *         └── programs that are run on it enter both                                                                    */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { root } from "../../../scripts/check/source-file.ts";
import { Program } from "./program.ts";

/** Where the project is seen on it: whoever a program is run as can go there, which need not be so for the project's folder. */
const PROJECT = "/mnt";
const VARIABLE = "PORTYARD_TEST_MACHINE";

/** Sizes of the tmpfs, as mount takes them. */
export interface MachineOptions {
  runSize?: string;
  sharedSize?: string;
  /** Of /var/lib. */
  stateSize?: string;
}

/** What is on a machine, each list in alphabetical order. */
export interface MachineState {
  namespaces: string[];
  devices: string[];
  run: string[];
  shared: string[];
  /** Below /var/lib. */
  kept: string[];
  /** Command lines. */
  processes: string[];
}

export class Machine {
  readonly #token = randomUUID();

  private constructor(private readonly holder: ChildProcessWithoutNullStreams) {}

  static async make({ runSize = "50%", sharedSize = "50%", stateSize = "50%" }: MachineOptions = {}): Promise<Machine> {
    const sizes = { "/run": runSize, "/dev/shm": sharedSize, "/var/lib": stateSize };
    const mounts = [
      ...Object.entries(sizes).map(([folder, size]) => `mount -t tmpfs -o size=${size} tmpfs ${folder}`),
      `mount --bind '${root}' ${PROJECT}`,
    ].join(" && ");
    const holder = spawn("unshare", ["--net", "--mount", "sh", "-c", `${mounts} && mkdir /run/netns && echo ready && read _`]);
    await once(holder.stdout, "data");
    return new Machine(holder);
  }

  /** Starts a program on it. @param before arguments that go before it, to run it as somebody else. */
  start(command: readonly string[], before: readonly string[] = []): Program {
    return new Program(this.enter([...before, ...command]));
  }

  /** Runs a tool on it to its end. @returns what it printed. */
  tool(...command: string[]): string {
    const [program, ...args] = this.enter(command) as [string, ...string[]];
    const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
    if (status !== 0) throw new Error(`${command.join(" ")}: ${stderr}`);
    return stdout;
  }

  state(): MachineState {
    const links = JSON.parse(this.tool("ip", "-json", "link")) as { ifname: string }[];
    return {
      namespaces: readdirSync(this.path("/run/netns")).sort(),
      devices: links.map(({ ifname }) => ifname).sort(),
      run: readdirSync(this.path("/run"), { recursive: true }).map(String).sort(),
      shared: readdirSync(this.path("/dev/shm")).sort(),
      kept: readdirSync(this.path("/var/lib"), { recursive: true }).map(String).sort(),
      processes: this.processes(),
    };
  }

  /** Where a file of it is seen from outside. */
  path(inside: string): string {
    return `/proc/${this.holder.pid}/root${inside}`;
  }

  async close(): Promise<void> {
    const closed = once(this.holder, "close");
    this.holder.stdin.end();
    await closed;
  }

  /** The command by which `command` runs on it. */
  enter(command: readonly string[]): string[] {
    const marked = ["env", `--chdir=${PROJECT}`, `${VARIABLE}=${this.#token}`];
    const here = command.map((word) => (word.startsWith(root) ? `${PROJECT}/${word.slice(root.length)}` : word));
    return ["nsenter", "--target", String(this.holder.pid), "--net", "--mount", ...marked, ...here];
  }

  /** Pids and command lines. Whatever was started on it, and what that has started in whichever namespaces, has the token in its
   *  environment. */
  processes(): string[] {
    const mark = `${VARIABLE}=${this.#token}\0`;
    const ours = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && read(`/proc/${name}/environ`).includes(mark));
    return ours.map((pid) => `${pid} ${read(`/proc/${pid}/cmdline`).replaceAll("\0", " ")}`).sort();
  }
}

/** Empty when the process has ended meanwhile. */
function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
