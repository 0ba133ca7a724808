/** What must hold before the example makes anything: Docker answers, somebody serves it the driver, and the example's names are free. */
import { connect } from "node:net";
import { DEFAULT_PLUGIN_SOCKET } from "../../bindings/config/defaults.ts";
import { PortyardError } from "../../bindings/error.ts";
import type { DockerClient, Outcome } from "./docker-client.ts";
import { DRIVER, FIRST, NETWORK, SECOND } from "./plan.ts";

type Kind = "container" | "network";

/** Errors of Docker by which there is no such thing. */
const ABSENT = /no such (container|network|image|object)|not found/i;

/** True when a command of Docker failed because what it names is not there. */
export function isAbsent({ status, stderr }: Outcome): boolean {
  return status !== 0 && ABSENT.test(stderr);
}

/** Version of the Docker that answers. @throws PortyardError `docker-missing`, `docker-unreachable`; the signal's reason. */
export async function dockerVersion(docker: DockerClient, signal?: AbortSignal): Promise<string> {
  const { status, stdout, stderr } = await docker.ask(["version", "--format", "{{.Server.Version}}"], signal);
  if (status === 0) return stdout.trim();
  throw new PortyardError("docker-unreachable", `Docker does not answer: ${lastLine(stderr)}`, {
    value: process.env.DOCKER_HOST,
    remedy: "Start Docker, or say --daemon for a private one.",
  });
}

/** @param socket where Docker looks for the driver. @throws PortyardError `docker-driver-missing`. */
export async function needDriver(socket = DEFAULT_PLUGIN_SOCKET): Promise<void> {
  if (await isServed(socket)) return;
  throw new PortyardError("docker-driver-missing", `Nobody serves Docker the driver ${DRIVER}: nothing listens on ${socket}.`, {
    path: socket,
    remedy: "Start it, and leave it running: portyard up --docker. Or say --daemon for a private Docker with a driver of its own.",
  });
}

/** True when somebody listens, or this user may not know: Docker itself runs as root and will say. */
export function isServed(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket);
    connection.on("connect", () => {
      connection.destroy();
      resolve(true);
    });
    connection.on("error", ({ code }: NodeJS.ErrnoException) => resolve(code === "EACCES"));
  });
}

/** The example removes what has these names, so nobody else's may have them.
 *  @throws PortyardError `docker-name-taken`, `docker-failed`; the signal's reason. */
export async function refuseTaken(docker: DockerClient, signal?: AbortSignal): Promise<void> {
  const containers = await present(docker, "container", [FIRST, SECOND], signal);
  const networks = await present(docker, "network", [NETWORK], signal);
  const taken = [...containers, ...networks];
  if (taken.length === 0) return;
  const removals = [
    ...(containers.length > 0 ? [`docker rm -f ${containers.join(" ")}`] : []),
    ...(networks.length > 0 ? [`docker network rm ${networks.join(" ")}`] : []),
  ];
  throw new PortyardError("docker-name-taken", `Docker has ${taken.join(" and ")} already, and this example did not make that.`, {
    value: taken,
    remedy: `If nobody needs that: ${removals.join("; ")}`,
  });
}

async function present(docker: DockerClient, kind: Kind, names: readonly string[], signal?: AbortSignal): Promise<string[]> {
  const found: string[] = [];
  for (const name of names) {
    const outcome = await docker.ask([kind, "inspect", name], signal);
    if (outcome.status === 0) found.push(name);
    else if (!isAbsent(outcome)) throw failed(`docker ${kind} inspect ${name}`, outcome);
  }
  return found;
}

/** The error of a command of Docker that failed. */
export function failed(command: string, { status, stderr }: Outcome): PortyardError {
  return new PortyardError("docker-failed", `${command} ended with status ${status}: ${lastLine(stderr) || "it said nothing"}`, {
    path: command,
    value: status,
    remedy: "Docker's words say what is wrong; `journalctl -u docker` and the log of `portyard up` may say more.",
  });
}

const lastLine = (text: string): string => text.trimEnd().split("\n").at(-1) ?? "";
