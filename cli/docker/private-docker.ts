/** A Docker with its driver, started inside the namespaces of private-host.ts and for them alone: nothing ends it, it goes with them. */
import { DEFAULT_PLUGIN_SOCKET } from "../../bindings/config/defaults.ts";
import { environment } from "../../bindings/native/program.ts";
import type { Screen } from "../demo/screen.ts";
import { Daemon } from "./daemon.ts";
import { DockerClient } from "./docker-client.ts";
import { isServed } from "./preflight.ts";

const AGENT = ["up", "--docker", "--no-standby"];
const FOLDER = "/run";
const SOCKET = `${FOLDER}/docker.sock`;

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
  const start = (name: string, launch: string[], words: string[]) =>
    new Daemon({ name, launch, words, environment: ownEnvironment(), folder: FOLDER }, screen);
  const driver = start("portyard", [process.execPath, ...process.execArgv, process.argv[1] ?? ""], AGENT);
  if (!(await driver.answers(() => isServed(DEFAULT_PLUGIN_SOCKET), signal))) throw driver.failed();
  const client = new DockerClient(screen, privateEnvironment());
  const isReady = async (either: AbortSignal) => (await client.ask(["version"], either)).status === 0;
  const options = ["--bridge", "none", "--cgroup-parent", `/${group}`];
  const first = start("dockerd", ["dockerd"], options);
  if (await first.answers(isReady, signal)) return;
  screen.warn(first.failed().message);
  const second = start("dockerd", ["dockerd"], [...options, "--storage-driver", "vfs"]);
  if (!(await second.answers(isReady, signal))) throw second.failed();
}
