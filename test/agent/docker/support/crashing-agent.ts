/** The part of an agent that Docker's calls reach, over an engine of names and a disk in memory, which may die at any write: before it or
 *  after it. Whatever is called from then on fails, until it is started again from what stood on the disk. */
import pino from "pino";
import { createHandlers } from "../../../../agent/docker/docker.ts";
import type { Handler } from "../../../../agent/docker/plugin-server.ts";
import { Records } from "../../../../agent/docker/records.ts";
import { Publisher } from "../../../../agent/host/publish/publisher.ts";
import type { PublishedPort } from "../../../../agent/host/publish/published-port.ts";
import { Objects } from "../../../../agent/objects.ts";
import { Operations } from "../../../../agent/operations.ts";
import type { State } from "../../../../agent/state/types.ts";
import { parseConfig } from "../../../../bindings/config/parse.ts";
import { FakeEngine } from "../../support/fake-engine.ts";
import { FakeHost } from "../../support/fake-host.ts";

/** The agent died: there is no answer. */
export class Death extends Error {}

/** TAPs stand in their containers still, or have gone with them. */
class LastingEngine extends FakeEngine {
  areGone = false;

  override hasLeft(): boolean {
    return !this.areGone;
  }
}

/** At which of the coming writes it dies, counted from 1, and whether that write is done before. */
export interface Fuse {
  writes: number;
  isWritten: boolean;
}

interface Life {
  handlers: Record<string, Handler>;
  engine: FakeEngine;
  objects: Objects;
  operations: Operations;
}

const config = parseConfig({ name: "lab", docker: { pools: [{ base: "10.210.0.0/20", size: 24 }] } });
const log = pino({ level: "silent" });

export class CrashingAgent {
  nowMs = 0;
  /** How often something was written. */
  writes = 0;
  /** Containers have ended while no agent ran. */
  areContainersGone = false;
  /** Prefixes that the host reaches. */
  prefixes: string[] = [];
  #state: string | null = null;
  #records: string | null = null;
  #fuse: Fuse | null = null;
  #life: Life | null = null;

  /** Begins, or begins again from what stands on the disk. */
  async start(): Promise<void> {
    this.#fuse = null;
    const objects = new Objects(config);
    if (this.#state !== null) objects.hold(JSON.parse(this.#state) as State);
    const openSocket = async ({ hostPort }: PublishedPort) => ({ hostPort: hostPort || 40000, close: async () => {} });
    const networks = () => objects.networksToBe();
    const publisher = new Publisher({ networks, kept: objects.hostPorts, log, openSocket, forgetFlows: async () => true });
    const engine = new LastingEngine({ ...config, ports: [] });
    engine.areGone = this.areContainersGone;
    const life = {};
    const write = (put: (text: string) => void) => async (value: unknown) => this.#write(life, () => put(JSON.stringify(value)));
    const save = write((text) => {
      this.#state = text;
    });
    const put = write((text) => {
      this.#records = text === "null" ? null : text;
    });
    const operations = new Operations({ config, engine, host: new FakeHost(), publisher, objects, save, log });
    this.#life = Object.assign(life, { handlers: {}, engine, objects, operations });
    await operations.makeHeld();
    const file = {
      read: async () => (this.#records === null ? null : JSON.parse(this.#records)),
      write: (_path: string, value: unknown) => put(value),
      remove: () => put(null),
    };
    const records = await Records.open("docker.json", file);
    const host = { prefixes: this.prefixes, look: async () => {} };
    const parts = { config: config.docker!, engine, objects, operations, records, host, nowMs: () => this.nowMs };
    this.#life.handlers = createHandlers(parts);
  }

  /** Sets how it dies in the next call. */
  arm(fuse: Fuse): void {
    this.#fuse = fuse;
  }

  /** What a call is answered; an Error for one that is refused. @throws Death. */
  async call(method: string, body: object): Promise<object | Error> {
    const life = this.#life;
    if (life === null) throw new Death();
    const answer = await life.handlers[method]!(structuredClone(body)).catch((error: Error) => error);
    if (this.#life !== life) throw new Death();
    this.#fuse = null;
    return answer;
  }

  get engine(): FakeEngine {
    return this.#life!.engine;
  }

  /** What others than Docker do. */
  get operations(): Operations {
    return this.#life!.operations;
  }

  /** What stands on the disk. */
  get disk(): { state: State | null; records: { networks: unknown[]; endpoints: unknown[]; pools: { subnet: string }[] } | null } {
    return { state: this.#state && JSON.parse(this.#state), records: this.#records && JSON.parse(this.#records) };
  }

  #write(life: object, put: () => void): void {
    if (this.#life !== life) throw new Death();
    this.writes++;
    const dies = this.#fuse !== null && --this.#fuse.writes === 0;
    if (!dies || this.#fuse?.isWritten) put();
    if (!dies) return;
    this.#life = null;
    throw new Death();
  }
}
