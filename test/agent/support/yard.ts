/** A place of its own for an agent, on a fake engine, and a way to ask its API. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import pino from "pino";
import { Agent, type AgentOptions } from "../../../agent/agent.ts";
import { parseConfig } from "../../../bindings/config/parse.ts";
import { FakeEngine } from "./fake-engine.ts";
import { FakeHost } from "./fake-host.ts";

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it freely
  body: any;
}

export class Yard {
  readonly root = mkdtempSync(join(tmpdir(), "portyard-agent-"));
  readonly lines: Record<string, unknown>[] = [];
  engine: FakeEngine | null = null;
  host: FakeHost | null = null;
  /** Called with each host before the agent gets it. */
  prepareHost: (host: FakeHost) => void = () => {};
  /** Called with each engine before the agent gets it. */
  prepare: (engine: FakeEngine) => void = () => {};

  get runRoot(): string {
    return join(this.root, "run");
  }

  get stateRoot(): string {
    return join(this.root, "lib");
  }

  get options(): AgentOptions {
    const sink = new Writable({
      write: (line, _encoding, done) => {
        this.lines.push(JSON.parse(String(line)));
        done();
      },
    });
    return {
      runRoot: this.runRoot,
      stateRoot: this.stateRoot,
      log: pino({ level: "debug" }, sink),
      createEngine: async (config, options) => {
        this.engine = new FakeEngine(config, options);
        this.prepare(this.engine);
        return this.engine;
      },
      createHost: (_place, _log, isMade) => {
        this.host = new FakeHost(isMade);
        this.prepareHost(this.host);
        return this.host;
      },
    };
  }

  start(config: unknown = {}, options: Partial<AgentOptions> = {}): Promise<Agent> {
    return Agent.start(parseConfig(config), { ...this.options, ...options });
  }

  /** Every file and folder below the place. */
  get leftovers(): string[] {
    return existsSync(this.root) ? (readdirSync(this.root, { recursive: true }) as string[]).sort() : [];
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** Asks the API behind `socketPath`; a body of text is sent as it is. */
export function ask(socketPath: string, method: string, path: string, body?: unknown, type = "application/json"): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { "content-type": type };
    const call = request({ socketPath, method, path, headers, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text === "" ? null : JSON.parse(text) }),
      );
    });
    call.on("error", reject);
    call.end(typeof body === "string" ? body : body === undefined ? undefined : JSON.stringify(body));
  });
}

export const blue = { name: "blue", subnet: "10.77.0.0/24" };
export const portA = { name: "a", network: "blue", tap: { namespace: "a", interface: "eth0", address: "10.77.0.2/24" } };
export const portB = { name: "b", network: "blue", tap: { namespace: "b", interface: "eth0", address: "10.77.0.3/24" } };
