/** `portyard explain`: what would become of one frame now, step by step, on a running agent or by a configuration. Exit status 0 whatever
 *  becomes of it. */
import { Command, Option } from "commander";
import type { ExplanationJson } from "../bindings/explain/json.ts";
import { ask, socketOf, type Target } from "./client.ts";
import { print, printJson } from "./format/lines.ts";
import { painter } from "./format/text.ts";
import { WRONG_USAGE } from "./error.ts";
import { explanationLines } from "./explain/tree.ts";
import { jsonOption, nameOption, socketOption, wholeNumber } from "./option.ts";

const MAX_FRAMES = 2 ** 31 - 1;

interface Options extends Target {
  port: string;
  config?: string;
  hex?: string;
  pcap?: string;
  frame?: number;
  json?: boolean;
}

interface Asked {
  bytes: Uint8Array;
  originalBytes: number;
}

/** The command `portyard explain`. */
export function explainCommand(): Command {
  return new Command("explain")
    .description("what would happen to a frame now: every step, what it looked at, and what it decided")
    .requiredOption("--port <name>", "the port that the frame enters by")
    .addOption(new Option("--hex <digits>", "the frame, from its destination MAC on, in hexadecimal").conflicts("pcap"))
    .option("--pcap <file>", "a capture that the frame is taken from: pcap or pcapng, plain or gzip; - is standard input")
    .option("--frame <number>", "which frame of the capture, counted from 1 (default: 1)", wholeNumber(1, MAX_FRAMES))
    .addOption(
      new Option("--config <file>", "explain by a configuration, as if nobody had spoken yet (default: ask a running agent)").conflicts([
        "socket",
        "name",
      ]),
    )
    .addOption(nameOption("name of the instance (default: default)"))
    .addOption(socketOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Nothing is changed, learned or counted: the frame goes its way through the pipeline that forwards,
over a copy of its tables that nobody else sees.

Examples:
  portyard explain --port web --pcap web.pcap --frame 17
  portyard explain --config blue.yaml --port web --hex "02 00 00 00 00 0b  02 00 00 00 00 0a  08 00 45 …"
  tcpdump -c 1 -w - -i veth-web | portyard explain --port web --pcap - --json`,
    )
    .action(explainFrame);
}

/** @throws PortyardError of the frame, the configuration or the agent. */
async function explainFrame(options: Options, command: Command): Promise<void> {
  const { hex, pcap, frame, config, port, json } = options;
  const wrong = (message: string): never => command.error(`error: ${message}`, { exitCode: WRONG_USAGE });
  if (hex === undefined && pcap === undefined) wrong("a frame is wanted: --hex or --pcap");
  if (pcap === undefined && frame !== undefined) wrong("--frame is about --pcap, which is not there");
  const asked = pcap === undefined ? await fromHex(hex ?? "") : await fromCapture(pcap, frame ?? 1);
  const explanation = config === undefined ? await byAgent(socketOf(options), port, asked) : await byConfiguration(config, port, asked);
  if (json) return printJson(explanation);
  for (const line of explanationLines(explanation, painter(process.stdout))) print(line);
}

async function fromHex(text: string): Promise<Asked> {
  const { readHex } = await import("../bindings/explain/hex.ts");
  const bytes = readHex(text);
  return { bytes, originalBytes: bytes.length };
}

async function fromCapture(path: string, number: number): Promise<Asked> {
  const [{ openCapture }, { capturedFrame }] = await Promise.all([
    import("../bindings/capture/capture-stream.ts"),
    import("../bindings/capture/captured-frame.ts"),
  ]);
  return capturedFrame(openCapture(path === "-" ? process.stdin : path), number);
}

async function byAgent(socket: string, port: string, { bytes, originalBytes }: Asked): Promise<ExplanationJson> {
  const body = { port, hex: Buffer.from(bytes).toString("hex"), originalBytes };
  return (await ask<ExplanationJson>(socket, "POST", "/v1/explain", body)).body;
}

async function byConfiguration(path: string, port: string, { bytes, originalBytes }: Asked): Promise<ExplanationJson> {
  const [{ readConfigFile }, { explain }, { explanationJson }] = await Promise.all([
    import("../bindings/config/read.ts"),
    import("../bindings/explain/explain-config.ts"),
    import("../bindings/explain/json.ts"),
  ]);
  return explanationJson(await explain(await readConfigFile(path), port, bytes, { originalBytes }));
}
