/** A yard whose agent has a configuration file. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Agent } from "../../../agent/agent.ts";
import { readConfigFile } from "../../../bindings/config/read.ts";
import { type Answer, ask, blue, Yard } from "./yard.ts";

export class FileYard extends Yard {
  readonly path = join(this.root, "portyard.yaml");
  agent: Agent | null = null;

  says(config: object): void {
    writeFileSync(this.path, JSON.stringify({ name: "lab", networks: [blue], ...config }));
  }

  async up(config: object): Promise<void> {
    this.says(config);
    const read = (path: string) => readConfigFile(path);
    this.agent = await this.start(JSON.parse(JSON.stringify({ name: "lab", networks: [blue], ...config })), {
      configFile: { path: this.path, read },
    });
    this.engine!.asked.length = 0;
  }

  call(method: string, path: string, body?: unknown): Promise<Answer> {
    return ask(this.agent!.place.socket, method, path, body);
  }
}
