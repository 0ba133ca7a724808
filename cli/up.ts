/** `portyard up`: an agent in the foreground, until a signal or `portyard down` ends it. */
import { resolve } from "node:path";
import { Command, Option } from "commander";
import { takeInheritedSocket } from "../agent/activation.ts";
import type { Agent } from "../agent/agent.ts";
import { LOG_LEVELS, type LogLevel } from "../agent/log-level.ts";
import { livingAgent } from "../agent/lock.ts";
import { type Place, placeOf } from "../agent/place.ts";
import { isSucceeded, released } from "../agent/successor.ts";
import { MAX_WORKERS } from "../assembly/abi/limits.ts";
import type { EngineConfig } from "../bindings/config/types.ts";
import type { Forecast } from "../bindings/engine/forecast.ts";
import type { EngineOptions } from "../bindings/engine/types.ts";
import { ask } from "./client.ts";
import { WRONG_USAGE } from "./error.ts";
import { forecastLines } from "./format/forecast.ts";
import { print, printJson } from "./format/lines.ts";
import { showProgress } from "./format/progress.ts";
import { count } from "./format/text.ts";
import { HangUps, hasLostTerminal } from "./hang-up.ts";
import { jsonOption, nameOption, socketOption, wholeNumber } from "./option.ts";

const MAX_SPIN_MICROSECONDS = 1000;

interface UpOptions {
  config?: string;
  docker?: boolean;
  name?: string;
  socket?: string;
  io: NonNullable<EngineOptions["io"]>;
  isolation: "process" | "thread";
  workers?: number | "auto";
  spin: number;
  standby: boolean;
  forwarders: "own" | "waiting";
  logLevel: LogLevel;
  logFile?: string;
  keep?: boolean;
  replace?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

const workerCount = (text: string): number | "auto" => (text === "auto" ? "auto" : wholeNumber(1, MAX_WORKERS)(text));

/** The command `portyard up`. */
export function upCommand(): Command {
  return new Command("up")
    .description("start an instance and forward until it is stopped")
    .option("--config <file>", "configuration, YAML or JSON; may be left out with --docker")
    .option("--docker", "serve Docker's networks, also where the configuration says nothing of that")
    .addOption(nameOption("name of the instance, instead of the configuration's"))
    .addOption(socketOption())
    .addOption(
      new Option("--io <backend>", "what moves the frames; auto is uring where the kernel allows it")
        .choices(["auto", "uring", "syscall"])
        .default("auto"),
    )
    .addOption(
      new Option("--isolation <kind>", "run the forwarder as a process of its own or in threads")
        .choices(["process", "thread"])
        .default("process"),
    )
    .option("--workers <count>", `threads that forward, 1-${MAX_WORKERS} or auto, instead of the configuration's`, workerCount)
    .option(
      "--spin <microseconds>",
      `how long a worker looks for frames before it sleeps, 0-${MAX_SPIN_MICROSECONDS}`,
      wholeNumber(0, MAX_SPIN_MICROSECONDS),
      0,
    )
    .option("--no-standby", "keep no second forwarder ready to take the place of one that dies (about 60 MB of memory)")
    .addOption(
      new Option("--forwarders <kind>", "start them, or take those that a service manager keeps waiting")
        .choices(["own", "waiting"])
        .default("own"),
    )
    .option("--keep", "on a signal end the agent alone: everything forwards on until the next up, or down")
    .option("--replace", "take over from the agent of this name that runs, without a pause")
    .option("--dry-run", "say what would be taken over and what would be lost, and do nothing")
    .addOption(new Option("--log-level <level>", "least level of what is logged").choices(LOG_LEVELS).default("info"))
    .option("--log-file <path>", "append the log to this file instead of standard error")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
A line that starts with "ready" is printed when every port forwards. Ctrl-C, SIGTERM and
\`portyard down\` stop it and remove every device that it made; with --keep a signal ends the
agent alone. What an agent of this name left, by --keep or by its death, is taken over; with
--replace from one that runs, which goes on if the new one does not come up. SIGHUP applies
what FILE says by then, as \`portyard reload\` does; a terminal that is closed stops it.
A listening socket that a service manager hands over (LISTEN_FDS) is Docker's, as with --docker.

Examples:
  portyard up --docker
  portyard up --config blue.yaml --workers auto

  # blue.yaml
  networks: [{ name: blue, subnet: 10.77.0.0/24 }]
  ports:
    - { name: a, network: blue, tap: { namespace: a, interface: eth0, address: 10.77.0.2/24 } }
    - { name: b, network: blue, tap: { namespace: b, interface: eth0, address: 10.77.0.3/24 } }`,
    )
    .action(up);
}

/** @throws PortyardError of the configuration, of the agent or of the engine; nothing is left behind then. */
async function up(options: UpOptions, command: Command): Promise<void> {
  const [{ readConfigFile }, { parseConfig }, { createLog }, { Agent }, { foreseeStart }] = await Promise.all([
    import("../bindings/config/read.ts"),
    import("../bindings/config/parse.ts"),
    import("../agent/log.ts"),
    import("../agent/agent.ts"),
    import("../agent/forecast.ts"),
  ]);
  const dockerDescriptor = takeInheritedSocket("docker");
  const { name, workers, docker = dockerDescriptor !== null } = options;
  const said = { ...(name !== undefined && { name }), ...(workers !== undefined && { workers }), docker };
  const file =
    options.config === undefined ? undefined : { path: resolve(options.config), read: (path: string) => readConfigFile(path, said) };
  if (file === undefined && !docker)
    command.error("error: required option '--config <file>' not specified, nor --docker", { exitCode: WRONG_USAGE });
  const config = options.config === undefined ? parseConfig({}, said) : await readConfigFile(options.config, said);
  const place = placeOf(config.name, { socket: options.socket });
  const forecast = await foreseeStart(config, place);
  if (options.dryRun) return sayForecast(forecast, options.json === true);
  const log = createLog({ level: options.logLevel, file: options.logFile, instance: config.name });
  const reloads = new HangUps(log);
  const stopping = stopSignals(reloads);
  const progress = showProgress("starting ports", config.ports.length);
  const { io, isolation, spin: spinMicroseconds, standby, forwarders } = options;
  const engine = { io, isolation, spinMicroseconds, standby, forwarders };
  const { socket, keep = false } = options;
  const common = { engine, socket, log, keep, dockerDescriptor, signal: stopping, onProgress: progress.update };
  const start = (last?: Agent) => {
    const configFile = last?.configFile ?? file;
    return Agent.start(last?.config ?? config, { ...common, ...(configFile && { configFile }) });
  };
  try {
    if (forecast.forwarder !== "absent") log[forecast.losses.length > 0 ? "warn" : "info"](forecast, "what will be taken over");
    if (options.replace) await askToLeave(place);
    for (let agent = await start(); ; agent = await start(agent)) {
      progress.end();
      sayReady(agent, config, options.json === true);
      reloads.serve(agent);
      const isLeft = await agent.closed;
      if (!isLeft || (await isSucceeded(agent.place))) return;
      log.warn("no successor came up: this agent goes on");
    }
  } catch (error) {
    progress.end();
    if (!stopping.aborted) throw error;
  }
}

/** Ends the agent of `place` alone, if one runs. @throws PortyardError `agent-stuck`, `agent-missing`, or what it answers. */
async function askToLeave(place: Place): Promise<void> {
  if (livingAgent(place) === null) return;
  await ask(place.socket, "POST", "/v1/leave");
  await released(place);
}

/** Aborts at the first signal; later ones change nothing: what was made is being removed. */
function stopSignals(reloads: HangUps): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => controller.abort(signal));
  process.on("SIGHUP", () => {
    if (hasLostTerminal()) controller.abort("SIGHUP");
    else reloads.ask();
  });
  return controller.signal;
}

function sayForecast(forecast: Forecast, json: boolean): void {
  if (json) printJson(forecast);
  else for (const line of forecastLines(forecast)) print(line);
}

function sayReady(agent: Agent, config: EngineConfig, json: boolean): void {
  const views = agent.views();
  const [worker] = views.workers({}).rows;
  const facts = {
    name: config.name,
    networks: views.networks({}).total,
    ports: views.ports({}).total,
    workers: config.workers,
    io: worker?.io ?? null,
    pid: process.pid,
    forwarderPid: agent.version().forwarderPid,
    socket: agent.place.socket,
  };
  if (json) return print(`ready ${JSON.stringify(facts)}`);
  const where = facts.forwarderPid === null ? "" : `, forwarder ${facts.forwarderPid}`;
  const what = `${plural(facts.ports, "port")} in ${plural(facts.networks, "network")}`;
  print(`ready: ${config.name} forwards ${what} by ${facts.io}${where}, socket ${facts.socket}`);
}

const plural = (number: number, noun: string): string => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
