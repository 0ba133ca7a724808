/** `portyard replay`: captured frames through a configuration, on no network at all. Exit status 0; 1 when a capture is damaged, of which what
 *  was before the damage is replayed all the same, and with --against when a frame fares otherwise. */
import { resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import type { EngineConfig } from "../bindings/config/types.ts";
import type { Difference } from "../bindings/replay/compare.ts";
import type { ReplaySummary } from "../bindings/replay/types.ts";
import { FAILED, WRONG_USAGE } from "./error.ts";
import { print, printJson, remark } from "./format/lines.ts";
import { count } from "./format/text.ts";
import { jsonOption } from "./option.ts";
import type { NamedInput } from "./replay/inputs.ts";
import { damageLine, differenceLine, type FileDamage, type Outcome, printOutcome, printServices } from "./replay/outcome.ts";
import { Pace } from "./replay/pace.ts";

interface Options {
  port?: string;
  split?: boolean;
  config?: string;
  in?: NamedInput[];
  out?: string;
  against?: string;
  json?: boolean;
}

const input = (text: string, before: NamedInput[] = []): NamedInput[] => {
  const [port = "", ...file] = text.split("=");
  if (port !== "" && file.join("=") !== "") return [...before, { port, path: file.join("=") }];
  throw new InvalidArgumentError("A port, =, and the path of a capture are wanted, as a=one.pcap.");
};

/** The command `portyard replay`. */
export function replayCommand(): Command {
  return new Command("replay")
    .description("feed captured frames through a configuration, and see what it would do with them")
    .argument("[file]", "a capture: pcap or pcapng, plain or gzip; - is standard input")
    .option("--port <name>", "the port that FILE enters (default: the first)")
    .option("--split", "FILE was captured with both sides in it: each frame enters by the port that has its source MAC")
    .addOption(
      new Option("--in <port=file>", "a capture and the port that it enters; can be said again: all are merged by time").argParser(input),
    )
    .option("--config <file>", "configuration of the network, YAML or JSON (default: two ports, in and out, that learn nothing)")
    .option("--out <folder>", "write what leaves to FOLDER/PORT.pcapng, what is dropped to FOLDER/drops.pcapng")
    .option("--against <file>", "a second configuration: print only the frames that it treats otherwise, and exit 1 if there are any")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
It needs no right and touches no device: each port of the configuration becomes one in memory, host
ports only record, services are served there too, as if all of their backends were well, and no
source is asked. The clock is that of the capture. The same capture and configuration give the
same answer every time.

Examples:
  portyard replay traffic.pcapng
  portyard replay --config blue.yaml --in web=web.pcap --in db=db.pcapng.gz --out left
  portyard replay --config blue.yaml --against tomorrow.yaml --split today.pcap
  tcpdump -r old.pcap -w - | portyard replay - --config blue.yaml --split --json`,
    )
    .action(replayFiles);
}

/** @throws PortyardError of the configuration, a capture that cannot be read, a port that is not there, or a file that cannot be written. */
async function replayFiles(file: string | undefined, options: Options, command: Command): Promise<void> {
  const wrong = (message: string): never => command.error(`error: ${message}`, { exitCode: WRONG_USAGE });
  if (file === undefined && options.in === undefined) wrong("a capture is wanted: FILE or --in");
  if (file === undefined && (options.split || options.port !== undefined)) wrong("--split and --port are about FILE, which is not there");
  if (options.split && options.port !== undefined) wrong("--split and --port exclude each other");
  if (options.against !== undefined && options.out !== undefined) wrong("--against and --out exclude each other");
  const config = await configuration(options.config);
  const first = options.split ? null : (options.port ?? config.ports[0]?.name ?? "");
  const given = [...(file === undefined ? [] : [{ port: first, path: file }]), ...(options.in ?? [])];
  const damages = options.against === undefined ? await once(config, given, options) : await twice(config, options.against, given, options);
  for (const damage of damages) {
    if (!options.json) remark(damageLine(damage));
    process.exitCode = FAILED;
  }
}

async function once(config: EngineConfig, given: readonly NamedInput[], { out, json }: Options): Promise<FileDamage[]> {
  const [{ openInputs }, { Outputs }, { checkInputs }, { replayInto }] = await Promise.all([
    import("./replay/inputs.ts"),
    import("./replay/outputs.ts"),
    import("../bindings/replay/feed.ts"),
    import("../bindings/replay/replay-into.ts"),
  ]);
  const { inputs, share } = openInputs(given);
  checkInputs(config, inputs);
  const outputs =
    out === undefined
      ? null
      : Outputs.open(
          resolve(out),
          config,
          given.map(({ path }) => path),
        );
  const pace = new Pace(share);
  try {
    const summary = await replayInto(outputs ?? {}, { config, inputs, onProgress: (frames) => pace.reached(frames) });
    outputs?.close();
    const outcome: Outcome = { ...summary, damages: damagesOf(summary, given), ...pace.end(summary.frames), out: outputs?.paths ?? [] };
    if (json) printJson(outcome);
    else printOutcome(outcome);
    return outcome.damages;
  } finally {
    pace.end(0);
    outputs?.abandon();
  }
}

/** Exit status 1 when a frame fares otherwise. */
async function twice(before: EngineConfig, path: string, given: readonly NamedInput[], { json }: Options): Promise<FileDamage[]> {
  const [{ openInputs }, { compare }, { readConfigFile }] = await Promise.all([
    import("./replay/inputs.ts"),
    import("../bindings/replay/compare.ts"),
    import("../bindings/config/read.ts"),
  ]);
  const after = await readConfigFile(path);
  const { inputs, share } = openInputs(given);
  const pace = new Pace(share);
  const told: object[] = [];
  const onDifference = (difference: Difference): void => {
    if (json) told.push({ ...difference, timeNs: String(difference.timeNs) });
    else print(differenceLine(difference));
  };
  try {
    const {
      frames,
      differences,
      before: summary,
      after: { services },
    } = await compare({ before, after, inputs, onDifference, onProgress: (done) => pace.reached(done) });
    const damages = damagesOf(summary, given);
    const took = pace.end(frames);
    if (json) printJson({ frames, differences: told, damages, services: { before: summary.services, after: services }, ...took });
    else {
      print(`${count(differences)} of ${count(frames)} frames fare otherwise.`);
      printServices(services, summary.services);
    }
    if (differences > 0) process.exitCode = FAILED;
    return damages;
  } finally {
    pace.end(0);
  }
}

const damagesOf = ({ damages }: ReplaySummary, given: readonly NamedInput[]): FileDamage[] =>
  damages.map(({ input: place, damage }) => ({ file: given[place]?.path ?? "", ...damage }));

/** Of the file, or two ports that take frames of any length and learn nothing. */
async function configuration(path: string | undefined): Promise<EngineConfig> {
  if (path !== undefined) return (await import("../bindings/config/read.ts")).readConfigFile(path);
  const { parseConfig } = await import("../bindings/config/parse.ts");
  const ports = ["in", "out"].map((name) => ({ name, network: "replay", memory: {} }));
  return parseConfig({ networks: [{ name: "replay", learning: false, mtu: 65_521 }], ports });
}
