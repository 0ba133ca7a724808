/** An instance on a machine of the test's own: two containers, a configuration, and the command line.
 *
 *      left eth0 10.77.0.2 ── TAP ── portyard up ── TAP ── 10.77.0.3 eth0 right                                          */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import * as assert from "uvu/assert";
import { ask } from "../../../test/agent/support/yard.ts";
import { scale } from "../../../test/scale.ts";
import { NEEDS, type Need } from "../../support/need.ts";
import { skip } from "../../../test/support/skip.ts";
import { Machine, type MachineOptions } from "../demo/machine.ts";
import type { End, Program } from "../demo/program.ts";

const PORTYARD = fileURLToPath(new URL("../../../../scripts/portyard.mjs", import.meta.url));
export const SOCKET = "/run/portyard/lab/agent.sock";

export const blue = { name: "blue", subnet: ["10.77.0.0/24", "fd77::/64"] };
export const left = { name: "left", network: "blue", tap: { namespace: "left", interface: "eth0", address: ["10.77.0.2", "fd77::2"] } };
export const right = { name: "right", network: "blue", tap: { namespace: "right", interface: "eth0", address: ["10.77.0.3", "fd77::3"] } };
export const lab = { name: "lab", networks: [blue], ports: [left, right] };

export class Yard {
  readonly machine: Machine;
  readonly #folder = mkdtempSync(join(tmpdir(), "portyard-cli-"));
  #files = 0;

  constructor(machine: Machine) {
    this.machine = machine;
    chmodSync(this.#folder, 0o755);
  }

  /** A configuration as a file, which the machine sees under the same path. */
  file(config: unknown): string {
    const path = join(this.#folder, `${this.#files++}.yaml`);
    writeFileSync(path, JSON.stringify(config), { mode: 0o644 });
    return path;
  }

  /** Starts `portyard WORDS`. */
  start(words: readonly string[], before: readonly string[] = []): Program {
    return this.machine.start([process.execPath, PORTYARD, ...words], before);
  }

  /** Starts `portyard up` and waits until it forwards. */
  async up(config: unknown = lab, ...options: string[]): Promise<Program> {
    const program = this.start(["up", "--config", this.file(config), ...options]);
    await program.prints("ready");
    return program;
  }

  /** Runs `portyard WORDS` to its end. */
  run(...words: string[]): Promise<End> {
    return this.start(words).ended;
  }

  // biome-ignore lint/suspicious/noExplicitAny: what a test asks for, it knows
  async json(...words: string[]): Promise<any> {
    const { code, stdout, stderr } = await this.run(...words, "--json");
    assert.is(code, 0, stderr);
    return JSON.parse(stdout);
  }

  close(): void {
    rmSync(this.#folder, { recursive: true });
  }
}

/** What an agent says of itself and of its processes. */
export interface Version {
  pid: number;
  forwarderPid: number | null;
  standbyPid: number | null;
}

/** One forwarder forwards and another stands by. */
interface WholeVersion extends Version {
  forwarderPid: number;
  standbyPid: number;
}

export const isWhole = (version: Version): version is WholeVersion => version.forwarderPid !== null && version.standbyPid !== null;

/** Resolves with what the agent says of itself once `wanted` holds. */
export async function version<Wanted extends Version = Version>(
  yard: Yard,
  wanted: ((version: Version) => boolean) | ((version: Version) => version is Wanted),
): Promise<Wanted> {
  for (const end = performance.now() + scale.nativePatienceMilliseconds; ; await delay(5)) {
    const { body } = await ask(yard.machine.path(SOCKET), "GET", "/v1/version");
    if (wanted(body)) return body;
    assert.ok(performance.now() < end, `the agent says ${JSON.stringify(body)}`);
  }
}

/** What a failed command said with `--json`. */
export function errorOf({ stderr }: End): { code: string; message: string; path: string | null; value: unknown; remedy: string | null } {
  return JSON.parse(stderr.trimEnd().split("\n").at(-1) as string).error;
}

/** A test on a machine with the namespaces left and right, which must look afterwards as it did before. Name, body. */
export function story(
  name: string,
  tell: (yard: Yard) => Promise<void>,
  options: MachineOptions & { programs?: readonly Need[] } = {},
): [string, () => Promise<void>] {
  const test = async () => {
    const lack = (["root", ...(options.programs ?? [])] as const).find((need) => !NEEDS[need].holds());
    if (lack !== undefined) return skip(name, NEEDS[lack].cause, NEEDS[lack].reason);
    const machine = await Machine.make(options);
    const yard = new Yard(machine);
    try {
      for (const container of ["left", "right"]) machine.tool("ip", "netns", "add", container);
      const before = machine.state();
      await tell(yard);
      assert.equal(machine.state(), before);
      for (const container of ["left", "right"]) assert.equal(devicesIn(machine, container), ["lo"]);
    } finally {
      endAll(machine);
      yard.close();
      await machine.close();
    }
  };
  return [name, test];
}

/** Names of the devices in a container; none when it is gone. */
export function devicesIn(machine: Machine, container: string): string[] {
  if (!machine.state().namespaces.includes(container)) return ["lo"];
  const links = JSON.parse(machine.tool("ip", "-n", container, "-json", "link")) as { ifname: string }[];
  return links.map(({ ifname }) => ifname);
}

/** A test that failed in the middle leaves no process on the machine. */
function endAll(machine: Machine): void {
  for (const line of machine.state().processes) {
    try {
      process.kill(Number.parseInt(line, 10), "SIGKILL");
    } catch {
      // it has ended meanwhile
    }
  }
}
