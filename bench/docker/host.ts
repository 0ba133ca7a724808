/** A host with a dockerd of its own and an agent that serves it, in network and mount namespaces that go with it, and a world beside it:
 *
 *   containers ──── docker0-like bridge, or Portyard ──── host 192.0.2.1 ── veth ── 192.0.2.2 eth0 world */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PortyardError } from "../../bindings/error.ts";
import { imageSource } from "../../cli/docker/image.ts";
import { IMAGE } from "../../cli/docker/plan.ts";
import { onEnd } from "../support/cleanup.ts";
import type { Namespace } from "../support/namespace.ts";
import { makeOutside, type Outside } from "../support/outside.ts";
import { projectRoot } from "../support/root.ts";
import { end, run, start, succeeds } from "../support/shell.ts";
import { waitUntil } from "../support/wait.ts";

const START_MS = 60_000;
const END_MS = 20_000;
const MOUNTS = ["/run", "/var/lib", "/dev/shm"].map((folder) => `mount -t tmpfs tmpfs ${folder}`).join(" && ");
const CGROUPS = "mount -t cgroup2 none /sys/fs/cgroup";
/** Of the image, while Docker takes it in. */
const ARCHIVE = "/run/busybox.tar";

export class DockerHost {
  readonly host: Namespace;
  readonly world: Namespace;
  readonly #holder: ChildProcess;

  private constructor({ host, world }: Outside, holder: ChildProcess) {
    this.host = host;
    this.world = world;
    this.#holder = holder;
  }

  /** Daemon and agent run when it resolves. @throws PortyardError `command-failed`, `timed-out`, `busybox-missing`. */
  static async make(): Promise<DockerHost> {
    const outside = makeOutside();
    const script = `${MOUNTS} && ${CGROUPS} && mkdir /run/netns && echo ready && read _`;
    const holder = start("ip", ["netns", "exec", outside.host.name, "unshare", "--mount", "sh", "-c", script], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    onEnd("the mounts of the host", () => void holder.stdin?.end());
    await untilReady(holder);
    const made = new DockerHost(outside, holder);
    await made.#startPrograms();
    return made;
  }

  async #startPrograms(): Promise<void> {
    const agent = this.#start(process.execPath, join(projectRoot, "scripts/portyard.mjs"), "up", "--docker", "--log-level", "error");
    onEnd("the agent", () => end(agent, END_MS));
    await waitUntil("the agent", START_MS, () => this.#succeeds("test", "-S", "/run/docker/plugins/portyard.sock"));
    const group = `pyb-${process.pid}`;
    onEnd("control groups", () => void this.#run("find", `/sys/fs/cgroup/${group}`, "-depth", "-type", "d", "-exec", "rmdir", "{}", "+"));
    const daemon = this.#start("dockerd", "--log-level", "error", "--userland-proxy=false", "--cgroup-parent", `/${group}`);
    onEnd("dockerd", () => end(daemon, END_MS));
    onEnd("containers", () => this.#removeContainers());
    await waitUntil("dockerd", START_MS, () => this.#succeeds("docker", "version"));
    await this.#makeImage();
  }

  async #makeImage(): Promise<void> {
    const { archive } = await imageSource();
    const path = `/proc/${this.#holder.pid}/root${ARCHIVE}`;
    writeFileSync(path, archive);
    try {
      this.docker("import", ARCHIVE, IMAGE);
    } finally {
      rmSync(path);
    }
  }

  /** Runs Docker's client to its end, and returns what it printed. @throws PortyardError `command-failed`. */
  docker(...words: string[]): string {
    return this.#run("docker", ...words).trim();
  }

  /** Starts a container, and gives its namespace the name that is returned. */
  container(name: string, network: string, ...options: string[]): { namespace: string; address: string; remove: () => Promise<void> } {
    this.docker("run", "-d", "--network", network, "--name", name, ...options, IMAGE, "sleep", "infinity");
    const [pid, address] = this.docker(
      "inspect",
      "-f",
      `{{.State.Pid}} {{(index .NetworkSettings.Networks "${network}").IPAddress}}`,
      name,
    ).split(" ");
    const namespace = `pyb-${process.pid}-${name}`;
    const link = `/run/netns/${namespace}`;
    symlinkSync(`/proc/${pid}/ns/net`, link);
    const remove = onEnd(`container ${name}`, () => {
      rmSync(link, { force: true });
      this.docker("rm", "-f", name);
    });
    return { namespace, address: address ?? "", remove };
  }

  #removeContainers(): void {
    const ids = this.docker("ps", "-aq").split("\n").filter(Boolean);
    if (ids.length > 0) this.docker("rm", "-f", ...ids);
  }

  #inside(command: readonly string[]): [string, string[]] {
    return ["nsenter", ["--target", String(this.#holder.pid), "--net", "--mount", ...command]];
  }

  #run(...command: string[]): string {
    return run(...this.#inside(command));
  }

  #succeeds(...command: string[]): boolean {
    return succeeds(...this.#inside(command));
  }

  #start(...command: string[]): ChildProcess {
    return start(...this.#inside(command), { stdio: "ignore" });
  }
}

/** Waits until the shell has made its mounts. What it says of one that fails stands above the error: both share our stderr. */
async function untilReady(holder: ChildProcess): Promise<void> {
  const ready = new Promise<boolean>((resolve) => holder.stdout?.once("data", () => resolve(true)));
  if (await Promise.race([ready, once(holder, "exit").then(() => false)])) return;
  const status = holder.exitCode ?? holder.signalCode;
  throw new PortyardError("command-failed", `The mounts of the host could not be made: its shell ended with ${status}.`, { value: status });
}
