/** A Docker with its driver, started inside the namespaces of private-host.ts and for them alone: nothing ends it, it goes with them. */
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { DEFAULT_PLUGIN_SOCKET } from "../../bindings/config/defaults.ts";
import { PortyardError } from "../../bindings/error.ts";
import { environment } from "../../bindings/native/program.ts";
import type { Screen } from "../demo/screen.ts";
import { DockerClient } from "./docker-client.ts";
import { isServed } from "./preflight.ts";

const AGENT = ["up", "--docker", "--no-standby"];
const SOCKET = "/run/docker.sock";
/** On a slow machine both need some seconds. */
const START_MS = 120_000;
const LOOK_MS = 50;
/** Of the log of a daemon that did not come up, in the error. */
const LAST_LINES = 10;
/** The environment in which `docker` finds the private one. */
export function privateEnvironment(): NodeJS.ProcessEnv {
  return { ...ownEnvironment(), DOCKER_HOST: `unix://${SOCKET}` };
}

/** Without what leads the client to another Docker, and the daemon to other storage. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment()).filter(([name]) => !name.startsWith("DOCKER_")));
}

/** Starts an agent that serves Docker, then dockerd; resolves when it answers. A dockerd that ends by itself is tried once more without
 *  layers: the kernel's file systems may not be what it wants for them.
 *  @param group control group of the containers.
 *  @throws PortyardError `daemon-failed`; the signal's reason when it was aborted. */
export async function startPrivateDocker(screen: Screen, group: string, signal: AbortSignal): Promise<void> {
  const driver = new Daemon("portyard", [process.execPath, ...process.execArgv, process.argv[1] ?? ""], AGENT, screen);
  if (!(await driver.answers(() => isServed(DEFAULT_PLUGIN_SOCKET), signal))) throw driver.failed();
  const client = new DockerClient(screen, privateEnvironment());
  const isReady = async () => (await client.ask(["version"])).status === 0;
  const options = ["--bridge", "none", "--cgroup-parent", `/${group}`];
  const first = new Daemon("dockerd", ["dockerd"], options, screen);
  if (await first.answers(isReady, signal)) return;
  screen.warn(first.failed().message);
  const second = new Daemon("dockerd", ["dockerd"], [...options, "--storage-driver", "vfs"], screen);
  if (!(await second.answers(isReady, signal))) throw second.failed();
}

/** A program in the background, its words in a file of the private /run. */
class Daemon {
  readonly #name: string;
  readonly #log: string;
  #end: string | null = null;

  constructor(name: string, [program = "", ...before]: readonly string[], words: readonly string[], screen: Screen) {
    this.#name = name;
    this.#log = `/run/${name}.log`;
    screen.line(screen.paint("bold", `$ ${[name, ...words].join(" ")} &`));
    const log = openSync(this.#log, "w");
    const child = spawn(program, [...before, ...words], { stdio: ["ignore", log, log], env: ownEnvironment() });
    closeSync(log);
    child.unref(); // it is not what the example ends with
    child.on("error", ({ message }) => {
      this.#end = message;
    });
    child.on("exit", (status, signal) => {
      this.#end = `it ended with ${signal ?? `status ${status}`}`;
    });
  }

  /** Waits until `isReady` says so. @returns false when it ended before. @throws PortyardError `daemon-failed` when it takes too long; the
   *  signal's reason. */
  async answers(isReady: () => Promise<boolean>, signal: AbortSignal): Promise<boolean> {
    const deadline = performance.now() + START_MS;
    while (!(await isReady())) {
      signal.throwIfAborted();
      if (this.#end !== null) return false;
      if (performance.now() > deadline) throw this.failed();
      await delay(LOOK_MS);
    }
    signal.throwIfAborted();
    return true;
  }

  /** The error of one that did not come up. */
  failed(): PortyardError {
    const said = readFileSync(this.#log, "utf8").trimEnd().split("\n").slice(-LAST_LINES);
    const why = this.#end ?? `it did not answer within ${START_MS / 1000} s`;
    return new PortyardError("daemon-failed", `${this.#name} did not come up: ${why}. Its last words: ${said.at(-1)}`, {
      path: this.#name,
      value: said,
      remedy: "Its words say why; Docker needs control groups, iptables and a file system for layers.",
    });
  }
}
