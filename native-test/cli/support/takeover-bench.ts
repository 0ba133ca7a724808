/** Three containers and the agents that take over from one another between them, under traffic.
 *
 *      c1 eth0 ── TAP p1 ──┐                   1,000 numbered datagrams a second and TCP streams each way between c1 and c2;
 *      c2 eth0 ── TAP p2 ──┤ portyard up       c3 has invented stations, which are learned
 *      c3 eth0 ── veth p3 ─┘                                                                                            */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as assert from "uvu/assert";
import { ask } from "../../../test/agent/support/yard.ts";
import { scale } from "../../../test/scale.ts";
import { Container } from "../../engine/container.ts";
import { packetPort, tapPort } from "../../engine/topology.ts";
import { Datagrams, type Outcome, Streams } from "../../engine/traffic.ts";
import { startChild } from "../../support/child.ts";
import { onEnd } from "../../support/cleanup.ts";
import { Program } from "../demo/program.ts";

const NAME = `pyt-${process.pid}`;
const SOCKET = `/run/portyard/${NAME}/agent.sock`;
/** This version. */
export const STOCK = fileURLToPath(new URL("../../../../scripts/portyard.mjs", import.meta.url));

/** Sends a frame from each of so many invented stations to one that nobody has. */
const INVENTOR = `
const { openPacketSocket } = await bindings("native/packet-socket.js");
const { interfaceIndex } = await bindings("native/interface.js");
const { write } = await bindings("native/io.js");
const { hostAddress } = await bindings("native/memory.js");
const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
const [base, bytes] = [Number(hostAddress(memory)), new Uint8Array(memory.buffer)];
const socket = openPacketSocket(interfaceIndex("eth0")).descriptor;
bytes.set([2, 0xde, 0xad, 0, 0, 1, 2, 0xaa, 0, 0, 0, 0, 0x88, 0xb5], 10);
for (let line = await heard(); line !== undefined; line = await heard()) {
  for (let station = 0; station < Number(line); ) {
    new DataView(memory.buffer).setUint32(18, station);
    if (write(socket, base, 70) > 0) station++;
    if (station % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  console.log("sent");
}
`;

export interface Kind {
  program: string;
  config: Record<string, unknown>;
}

export class TakeoverBench {
  readonly containers = [1, 2, 3].map((number) => new Container(number)) as [Container, Container, Container];
  readonly #folder = mkdtempSync(join(tmpdir(), "portyard-takeover-"));
  readonly #ports: Record<string, unknown>[];
  readonly #inventor;
  #agent: Program | null = null;
  #files = 0;

  constructor() {
    const [first, second, third] = this.containers;
    this.#ports = [tapPort(first, "p1"), tapPort(second, "p2"), packetPort(third, "p3")];
    this.#inventor = startChild(INVENTOR, { through: ["ip", "netns", "exec", third.namespace.name] });
    onEnd(`folder ${this.#folder}`, () => rmSync(this.#folder, { recursive: true, force: true }));
  }

  kind(program: string, extra: Record<string, unknown> = {}): Kind {
    const networks = [{ name: "blue", subnet: ["10.77.0.0/16", "fd77::/64"] }];
    return { program, config: { name: NAME, networks, ports: this.#ports, ...extra } };
  }

  #words({ program, config }: Kind, options: readonly string[]): string[] {
    const file = join(this.#folder, `${this.#files++}.json`);
    writeFileSync(file, JSON.stringify(config));
    return [process.execPath, program, "up", "--config", file, ...options];
  }

  /** Starts an agent, which replaces the one before. */
  async up(kind: Kind): Promise<void> {
    const before = this.#agent;
    const program = new Program(this.#words(kind, before === null ? [] : ["--replace"]));
    onEnd(`agent ${program.child.pid}`, () => void program.child.kill("SIGTERM"));
    this.#agent = program;
    await program.prints("ready");
    if (before !== null) assert.is((await before.ended).code, 0);
  }

  /** What an agent of that kind says that it would take over. */
  // biome-ignore lint/suspicious/noExplicitAny: what a test asks for, it knows
  async dryRun(kind: Kind): Promise<any> {
    const { code, stdout, stderr } = await new Program(this.#words(kind, ["--dry-run", "--json"])).ended;
    assert.is(code, 0, stderr);
    return JSON.parse(stdout);
  }

  /** Makes sure that all invented stations are known. */
  async invent(): Promise<void> {
    for (let known = 0; known < scale.takeoverStations; known = (await this.stations()).length) {
      this.#inventor.say(String(scale.takeoverStations));
      assert.is(await this.#inventor.line(), "sent");
    }
  }

  async stations(): Promise<string[]> {
    const rows: { mac: string; port: string; kind: string }[] = (await ask(SOCKET, "GET", "/v1/macs")).body;
    return rows.filter(({ kind, mac }) => kind === "learned" && mac.startsWith("02:aa")).map(({ mac, port }) => `${mac} ${port}`);
  }

  async ports(): Promise<{ name: string; state: string; pinned: boolean }[]> {
    return (await ask(SOCKET, "GET", "/v1/ports")).body;
  }

  async version(): Promise<{ forwarderPid: number; layoutVersion: number }> {
    return (await ask(SOCKET, "GET", "/v1/version")).body;
  }

  /** `action` under traffic: what was lost of it. */
  async measure(action: () => Promise<void>): Promise<Outcome[]> {
    const [first, second] = this.containers;
    const streams = [
      await Streams.open(first, second, second.ipv4, scale.livingStreams / 2),
      await Streams.open(second, first, first.ipv6, scale.livingStreams / 2),
    ];
    const loads = [await Datagrams.start(first, second, second.ipv4), await Datagrams.start(second, first, first.ipv4)];
    await action();
    for (const some of streams) await some.goOn();
    const outcomes = await Promise.all(loads.map((load) => load.stop()));
    for (const some of streams) await some.close();
    return outcomes;
  }

  async close(): Promise<void> {
    await this.#agent?.stop("SIGTERM");
    await this.#inventor.finish();
    for (const container of this.containers) await container.remove();
  }
}

/** A bench, which is removed afterwards. */
export async function withBench(body: (bench: TakeoverBench) => Promise<void>): Promise<void> {
  const bench = new TakeoverBench();
  try {
    await body(bench);
  } finally {
    await bench.close();
  }
}
