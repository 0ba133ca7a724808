/** A real dockerd, and an agent that serves it, on a machine of a test's own (cli/demo/machine.ts): Docker's folders, sockets, rules and
 *  interfaces are all the machine's. Containers' processes are told from all others by their cgroup.
 *
 *      machine ── dockerd ── containers          docker0 10.x, FORWARD dropped, DOCKER-USER: as Docker leaves a host
 *         └────── portyard up --docker
 *         └ out 192.0.2.1, 2001:db8::1 ── veth ── eth0 192.0.2.2, 2001:db8::2 world                                    */
import { readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import * as assert from "uvu/assert";
import { imageSource } from "../../../cli/docker/image.ts";
import { IMAGE } from "../../../cli/docker/plan.ts";
import { skip } from "../../../test/support/skip.ts";
import { NEEDS, type Need } from "../../support/need.ts";
import { Machine } from "../../cli/demo/machine.ts";
import type { Program } from "../../cli/demo/program.ts";
import { Yard } from "../../cli/support/instance.ts";
import { makeOutside, until } from "../../cli/support/world.ts";
import { onEnd } from "../../support/cleanup.ts";

/** How long a daemon may take to answer: it asks for a driver that is not there for half a minute. */
const DAEMON_MS = 90_000;
const CGROUPS = "/sys/fs/cgroup";
/** Of the image, while Docker takes it in. */
const ARCHIVE = "/run/busybox.tar";

export class DockerHost {
  readonly machine: Machine;
  readonly yard: Yard;
  readonly #cgroup = `portyard-test-${process.pid}-${Math.random().toString(36).slice(2)}`;
  #daemon: Program | null = null;
  #agent: Program | null = null;
  /** Of the daemon: a client that is another version asks for it with each command, and believes in its own after two seconds. */
  #api = "";

  private constructor(machine: Machine) {
    this.machine = machine;
    this.yard = new Yard(machine);
  }

  /** A host with a world outside, without daemon and agent. */
  static async make(machine: Machine): Promise<DockerHost> {
    machine.tool("mount", "-t", "cgroup2", "none", CGROUPS);
    makeOutside(machine);
    return new DockerHost(machine);
  }

  /** Starts the daemon, and makes the image on its first start. @returns after how many seconds it answered. */
  async startDaemon(...options: string[]): Promise<number> {
    const isFirst = this.#daemon === null;
    const daemon = this.machine.start(["dockerd", "--cgroup-parent", `/${this.#cgroup}`, "--log-level", "warn", ...options]);
    this.#daemon = daemon;
    const start = performance.now();
    for (; (await this.machine.start(["docker", "version"]).ended).code !== 0; await delay(50)) {
      assert.is(daemon.child.exitCode, null, daemon.said);
      assert.ok(performance.now() - start < DAEMON_MS, `dockerd does not answer: ${daemon.said}`);
    }
    this.#api = this.machine.tool("docker", "version", "-f", "{{.Server.APIVersion}}").trim();
    if (isFirst) await this.#makeImage();
    return (performance.now() - start) / 1000;
  }

  async #makeImage(): Promise<void> {
    const { archive } = await imageSource();
    writeFileSync(this.machine.path(ARCHIVE), archive);
    this.machine.tool("docker", "import", ARCHIVE, IMAGE);
    rmSync(this.machine.path(ARCHIVE));
  }

  /** Ends the daemon; the containers go with it, unless it was started with --live-restore. */
  async stopDaemon(): Promise<void> {
    this.#daemon?.child.kill("SIGTERM");
    await this.#daemon?.exited;
  }

  /** As when the power fails: processes, namespaces, devices, rules and /run are gone, the disk is not. */
  async reboot(): Promise<void> {
    await this.#endProcesses();
    const script = `
for one in /run/docker/netns/*; do umount "$one" || true; done
for link in $(ip -o link | cut -d: -f2 | cut -d@ -f1); do [ $link = lo ] || [ $link = out ] || ip link del $link || true; done
nft flush ruleset
find /run -mindepth 1 -maxdepth 1 ! -name netns ! -name systemd -exec rm -rf {} +`;
    this.machine.tool("sh", "-c", script);
  }

  /** Starts an agent that serves Docker; resolves when it is ready. */
  async startAgent(...options: string[]): Promise<Program> {
    this.#agent = this.yard.start(["up", "--docker", ...options]);
    await this.#agent.prints("ready");
    return this.#agent;
  }

  get agent(): Program {
    assert.ok(this.#agent);
    return this.#agent;
  }

  /** Runs the client to its end. @returns what it printed. @throws Error with its words when it fails. */
  async docker(...words: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.machine.start(["env", `DOCKER_API_VERSION=${this.#api}`, "docker", ...words]).ended;
    if (code !== 0) throw new Error(`docker ${words.join(" ")}: ${stderr}`);
    return stdout.trim();
  }

  /** Starts a container that sleeps, and gives its namespace a name. */
  async run(name: string, network: string, ...options: string[]): Promise<void> {
    const common = ["-d", "--network", network, "--name", name, "--stop-timeout", "1"];
    await this.docker("run", ...common, ...options, IMAGE, "sleep", "infinity");
    await this.named(name);
  }

  /** Process id of a running container's first process. */
  async pid(name: string): Promise<string> {
    return this.docker("inspect", "-f", "{{.State.Pid}}", name);
  }

  /** Lets `ip netns exec NAME` enter the container. */
  async named(name: string): Promise<void> {
    this.machine.tool("ln", "-sfn", `/proc/${await this.pid(name)}/ns/net`, `/run/netns/${name}`);
  }

  /** Runs Compose over a file of its own kind, as project `portyard`. @returns what it printed. @throws Error with its words when it fails. */
  async compose(file: string, ...words: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.machine.start(["docker-compose", "-f", file, "-p", "portyard", ...words]).ended;
    if (code !== 0) throw new Error(`docker-compose ${words.join(" ")}: ${stderr}`);
    return stdout.trim();
  }

  /** Address of a container in a network. */
  async address(name: string, network: string, key: "IPAddress" | "GlobalIPv6Address" = "IPAddress"): Promise<string> {
    return this.docker("inspect", "-f", `{{(index .NetworkSettings.Networks "${network}").${key}}}`, name);
  }

  /** Docker puts its own in another order with each start. */
  #ourRules(): string[] {
    const lines = this.machine.tool("nft", "-s", "list", "ruleset").split("\n");
    return lines.filter((line) => /portyard|py-/.test(line)).sort();
  }

  /** All that a test may leave behind, without what Docker makes once. */
  async listing(): Promise<Record<string, unknown>> {
    const links = JSON.parse(this.machine.tool("ip", "-json", "link")) as { ifname: string }[];
    const json = (what: string) => this.yard.json("show", what);
    return {
      devices: links.map(({ ifname }) => ifname).sort(),
      rules: this.#ourRules(),
      state: readdirSync(this.machine.path("/var/lib/portyard"), { recursive: true }).map(String).sort(),
      ports: await json("ports"),
      published: await json("published"),
    };
  }

  /** Ends everything: containers, daemon and agent, however the test went. */
  async close(): Promise<void> {
    await this.#endProcesses();
    await this.#removeCgroups(this.#cgroups());
    this.yard.close();
  }

  async #endProcesses(): Promise<void> {
    for (const line of this.machine.processes()) kill(Number.parseInt(line, 10));
    for (const pid of this.#containerProcesses()) kill(pid);
    await until("the cgroup is empty", () => this.#containerProcesses().length === 0);
    await until("all processes are gone", () => this.machine.processes().length === 0);
  }

  #cgroups(): string {
    return join(this.machine.path(CGROUPS), this.#cgroup);
  }

  #containerProcesses(folder = this.#cgroups()): number[] {
    try {
      const own = readFileSync(join(folder, "cgroup.procs"), "utf8").split("\n").filter(Boolean).map(Number);
      return [...own, ...foldersIn(folder).flatMap((each) => this.#containerProcesses(each))];
    } catch {
      return []; // there is none
    }
  }

  /** A cgroup can be removed when its last process is gone, which the kernel may notice a moment later. */
  async #removeCgroups(folder: string): Promise<void> {
    for (const each of foldersIn(folder)) await this.#removeCgroups(each);
    for (let attempt = 0; ; attempt++) {
      try {
        return rmdirSync(folder);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === "ENOENT") return;
        if (code !== "EBUSY" || attempt > 100) throw error;
        await delay(20);
      }
    }
  }
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((each) => each.isDirectory())
      .map(({ name }) => join(folder, name));
  } catch {
    return [];
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // it has ended meanwhile
  }
}

/** A test on a host with Docker and an agent, both running. Name and body. */
export function dockerStory(
  name: string,
  tell: (host: DockerHost) => Promise<void>,
  programs: readonly Need[] = [],
): [string, () => Promise<void>] {
  const needs = ["root", "iproute2", "tun", "nft", "iptables", "ping", "docker", "busybox", ...programs] as const;
  const test = async () => {
    const lack = needs.find((need) => !NEEDS[need].holds());
    if (lack !== undefined) return skip(name, NEEDS[lack].cause, NEEDS[lack].reason);
    const machine = await Machine.make();
    const done = onEnd("the machine's processes", () => {
      for (const line of machine.processes()) kill(Number.parseInt(line, 10));
    });
    const host = await DockerHost.make(machine);
    try {
      await host.startAgent();
      await host.startDaemon();
      await tell(host);
    } finally {
      await host.close();
      done();
      await machine.close();
    }
  };
  return [name, test];
}
