/** A host agent of one's own: it embeds the engine, and serves its counters to Prometheus on loopback. Where kernel ports cannot be had its ports
 *  are in memory, and it says why. It ends with SIGTERM or Ctrl-C, and what it made is gone then.
 *
 *  Without names it takes examples/portyard.yaml, which needs two namespaces, and TCP port 9190. From the project's root, as root:
 *
 *      ip netns add a; ip netns add b
 *      node dist/examples/host-agent.js [CONFIGURATION] [PORT]           then: curl http://127.0.0.1:9190/metrics             */
import { once } from "node:events";
import { realpathSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { Engine, type EngineConfig, type EngineCounters, PortyardError, inMemory, readConfigFile } from "portyard";

/** What keeps kernel ports away. */
const OBSTACLES = ["koffi-missing", "linux-only", "no-rights"];

/** Prometheus' text format 0.0.4. Names of ports and reasons need no escapes. */
export function metrics({ ports, drops, macs }: EngineCounters): string {
  const family = (name: string, type: string, help: string, samples: [labels: string, value: number][]) =>
    [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples.map(([labels, value]) => `${name}${labels} ${value}`)].join("\n");
  const ofPorts = (key: "receivedFrames" | "sentFrames" | "receivedBytes" | "sentBytes") =>
    ports.map((port): [string, number] => [`{port="${port.name}"}`, port[key]]);
  return [
    family("portyard_received_frames_total", "counter", "Frames that entered by a port.", ofPorts("receivedFrames")),
    family("portyard_sent_frames_total", "counter", "Frames that left by a port.", ofPorts("sentFrames")),
    family("portyard_received_bytes_total", "counter", "Bytes that entered by a port.", ofPorts("receivedBytes")),
    family("portyard_sent_bytes_total", "counter", "Bytes that left by a port.", ofPorts("sentBytes")),
    family(
      "portyard_dropped_frames_total",
      "counter",
      "Frames that were dropped, and why.",
      drops.map(({ reason, port, count }) => [`{port="${port}",reason="${reason}"}`, count]),
    ),
    family(
      "portyard_port_up",
      "gauge",
      "Whether a port forwards.",
      ports.map(({ name, state }) => [`{port="${name}"}`, state === "up" ? 1 : 0]),
    ),
    family("portyard_macs", "gauge", "Stations that are known.", [["", macs]]),
    "",
  ].join("\n");
}

async function createEngine(config: EngineConfig): Promise<Engine> {
  try {
    if (config.ports.some(({ memory }) => memory === undefined)) return await Engine.create(config);
  } catch (error) {
    if (!(error instanceof PortyardError) || !OBSTACLES.includes(error.code)) throw error;
    console.error(`Ports are in memory: ${error.message} ${error.remedy ?? ""}`);
  }
  return Engine.create(inMemory(config), { isolation: "inline" });
}

/** @param port of TCP, 0 for a free one. */
export async function startAgent(config: EngineConfig, port: number) {
  const engine = await createEngine(config);
  engine.on("portDown", (name, error) => console.error(`${name} is down: ${error}`));
  engine.on("forwarderDown", (reason, delayMs) => console.error(`the forwarder ended (${reason}), and begins again in ${delayMs} ms`));
  const server = createServer(({ method, url }, response) => {
    if (method !== "GET" || url !== "/metrics") return response.writeHead(404).end("only GET /metrics is served\n");
    return response.setHeader("content-type", "text/plain; version=0.0.4; charset=utf-8").end(metrics(engine.counters()));
  });
  const close = async () => {
    server.close();
    server.closeAllConnections();
    await engine.close();
  };
  try {
    await once(server.listen(port, "127.0.0.1"), "listening");
  } catch (error) {
    await close();
    throw error;
  }
  return { engine, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`, close };
}

const [, program, configuration = "examples/portyard.yaml", port = "9190"] = process.argv;
// Node.js resolves links of a module's own path, not of the argument
if (program !== undefined && realpathSync(program) === fileURLToPath(import.meta.url)) {
  const agent = await startAgent(await readConfigFile(configuration), Number(port));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, agent.close);
  console.log(`${agent.engine.io}: ${agent.url}`);
}
