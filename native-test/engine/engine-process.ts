/** The program of an engine in a process of its own (engine-machine.ts): obeys one command a line, answers each with one line,
 *  `{"result": …}` or `{"error": {code, message, …}}`. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseConfig } from "../../bindings/config/parse.ts";
import type { PortConfig } from "../../bindings/config/types.ts";
import { Engine } from "../../bindings/engine.ts";
import type { EngineOptions } from "../../bindings/engine/types.ts";
import { PortyardError } from "../../bindings/error.ts";
import { forbidSystemCall } from "./seccomp.ts";
import { Station } from "./station.ts";
import { Datagrams, type End } from "./traffic.ts";

const FOLDERS = ["/run", "/dev/shm"];
const IO_URING_SETUP = 425;

let engine: Engine | null = null;

const commands: Record<string, (argument: never) => Promise<unknown>> = {
  create: async ({ config, options }: { config: unknown; options: EngineOptions }) => {
    engine = await Engine.create(parseConfig(config), options);
    return { io: engine.io };
  },
  addPort: async ({ port }: { port: Record<string, unknown> }) => running().addPort(portConfig(port)),
  ports: async () => running().ports(),
  workers: async () => running().workers(),
  close: async () => running().close(),
  /** No ring can be made from now on, in this process and those that it starts. */
  forbidUring: async () => forbidSystemCall(IO_URING_SETUP),
  traces: async () => traces(),
  datagrams,
};

function running(): Engine {
  if (engine === null) throw new Error("no engine was created");
  return engine;
}

/** A port as `parseConfig` fills it in. */
function portConfig(port: Record<string, unknown>): PortConfig {
  const networks = running()
    .networks()
    .map(({ name, subnets }) => ({ name, subnet: subnets }));
  return parseConfig({ name: "x", networks, ports: [port] }).ports[0] as PortConfig;
}

/** Sends datagrams from one namespace to an address in another; how many came. */
async function datagrams({ from, to, address, count }: { from: string; to: string; address: string; count: number }): Promise<number> {
  const ends = [from, to].map((name) => ({ station: new Station(name) })) as [End, End];
  const { received } = await Datagrams.send(...ends, address, count);
  for (const { station } of ends) await station.end();
  return received;
}

/** Every file, device and forwarder on this machine, one line each. */
function traces(): string[] {
  const files = FOLDERS.flatMap((folder) => readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name))));
  const namespaces = existsSync("/run/netns") ? readdirSync("/run/netns") : [];
  const devices = [devicesOf([]), ...namespaces.map((name) => devicesOf(["-n", name]).map((device) => `${name}: ${device}`))].flat();
  return [...files, ...devices, ...forwarders()].sort();
}

function devicesOf(scope: string[]): string[] {
  const { stdout } = spawnSync("ip", [...scope, "-json", "link"], { encoding: "utf8" });
  return (JSON.parse(stdout || "[]") as { ifname: string; flags: string[] }[]).map(
    ({ ifname, flags }) => `${ifname} ${flags.includes("NOARP") ? "noarp" : ""}`,
  );
}

/** Those that this process has started. */
function forwarders(): string[] {
  const children = readdirSync("/proc").filter((entry) => /^\d+$/.test(entry) && parentOf(entry) === process.pid);
  return children.map(commandLine).filter((line) => line.includes("portyard-forwarder"));
}

function parentOf(pid: string): number {
  return Number(/^PPid:\s+(\d+)/m.exec(readOrEmpty(`/proc/${pid}/status`))?.[1] ?? 0);
}

function commandLine(pid: string): string {
  return readOrEmpty(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // it has ended meanwhile
  }
}

/** Obeys until there is nothing more to hear.
 *  @param heard the next line, or undefined at the end. */
export async function obey(heard: () => Promise<string | undefined>): Promise<void> {
  for (let line = await heard(); line !== undefined; line = await heard()) console.log(JSON.stringify(await answer(line)));
  await engine?.close();
}

async function answer(line: string): Promise<unknown> {
  const { command, ...argument } = JSON.parse(line) as { command: string };
  try {
    return { result: (await commands[command]?.(argument as never)) ?? null };
  } catch (error) {
    return error instanceof PortyardError ? error : { error: { code: "unexpected", message: String((error as Error).stack) } };
  }
}
