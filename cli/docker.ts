/** `portyard docker example`: what articles show of Docker's networks, on a network of ours. Exit status 0 when every ping was answered and
 *  everything is removed, 1 when not, 128 + the signal's number when it was stopped. */
import { Command } from "commander";
import { Interrupted } from "./demo/interrupt.ts";
import { Screen } from "./demo/screen.ts";
import { interruptibly, runInside } from "./demo/user-namespace.ts";
import { DockerClient } from "./docker/docker-client.ts";
import { type ExampleResult, tellExample } from "./docker/example.ts";
import { dockerVersion, needDriver, refuseTaken } from "./docker/preflight.ts";
import { privateEnvironment, startPrivateDocker } from "./docker/private-docker.ts";
import { INSIDE_VARIABLE, privateHost } from "./docker/private-host.ts";
import { printJson } from "./format/lines.ts";
import { jsonOption } from "./option.ts";

interface ExampleOptions {
  daemon?: boolean;
  json?: boolean;
}

/** The command `portyard docker`. */
export function dockerCommand(): Command {
  return new Command("docker")
    .description("see Docker's containers on networks of Portyard")
    .addCommand(exampleCommand())
    .addHelpText("after", "\nExample:\n  portyard docker example --daemon");
}

function exampleCommand(): Command {
  return new Command("example")
    .description("two containers of Docker that ping each other through the switch")
    .option("--daemon", "start a private Docker and driver in namespaces of their own, instead of using what runs here")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
It shows each command of Docker before it runs it: a network, two containers, a ping from one to
the other by its name; then it removes what it made. Without --daemon it needs a running Docker
and \`portyard up --docker\` beside it; with --daemon it needs root and Debian's packages docker.io
and busybox-static, and touches nothing of the machine. Where Docker has no image busybox, it is
made of the system's static busybox.

Examples:
  portyard docker example
  portyard docker example --daemon --json`,
    )
    .action(example);
}

/** @throws PortyardError of what is missing, of a command of Docker that failed, or of a private Docker that did not come up. */
async function example(options: ExampleOptions): Promise<void> {
  const group = options.daemon ? process.env[INSIDE_VARIABLE] : undefined;
  if (options.daemon && group === undefined) {
    const { launch, variables } = await privateHost();
    process.exitCode = await runInside(launch, variables);
    return;
  }
  await interruptibly(group !== undefined, (signal) => perform(options, group, signal));
}

async function perform(options: ExampleOptions, group: string | undefined, signal: AbortSignal): Promise<void> {
  try {
    const result = await tell(new Screen(options.json === true), group, signal);
    if (options.json) printJson(result);
    if (result.received < result.sent || result.left.length > 0) process.exitCode = 1;
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    process.exitCode = error.exitStatus;
  }
}

/** @param group control group of a private Docker's containers; left out where that of this machine is used. */
async function tell(screen: Screen, group: string | undefined, signal: AbortSignal): Promise<ExampleResult> {
  const isPrivate = group !== undefined;
  if (isPrivate) await startPrivateDocker(screen, group, signal);
  const docker = new DockerClient(screen, isPrivate ? privateEnvironment() : process.env);
  const version = await dockerVersion(docker, signal);
  if (!isPrivate) await needDriver();
  await refuseTaken(docker, signal);
  const told = await tellExample({ docker, screen, signal });
  screen.line();
  screen.line(`Docker ${version}: ${told.sent} pings sent, ${told.received} answered.`);
  return { docker: version, isPrivate, ...told, steps: docker.steps };
}
