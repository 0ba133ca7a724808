/** Random calls of the API, reloads and kills of agent, forwarder or both, also in the middle of a change, against a model of what
 *  should exist: no difference after any of them, and nothing leaked: devices, interfaces, descriptors, files, processes.
 *
 *      left  e0 e1 e2 ── TAPs ──┐                        ┌── near ends v0 v1 of veth pairs, on the host
 *      right e0 e1 e2 ── TAPs ──┴── portyard up, lab ────┘   networks n0 n1 n2, ports p0 to p7: the file's or the API's       */
import { readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Answer, ask } from "../../test/agent/support/yard.ts";
import { scale } from "../../test/scale.ts";
import { type Random, random as randomFrom } from "../../test/support/packet/random.ts";
import { seedOf } from "../../test/support/seed.ts";
import type { Program } from "./demo/program.ts";
import { devicesIn, SOCKET, story, type Yard } from "./support/instance.ts";
import {
  CONTAINERS,
  configOf,
  devicesOf,
  edited,
  type Model,
  networkInput,
  type Objects,
  portInput,
  randomNetwork,
  randomPort,
  shown,
  silenced,
  VETHS,
  withApi,
  withFile,
} from "./support/object-model.ts";

const test = suite("objects");
/** Devices are looked at after so many steps, and after every kill. */
const LOOK_STEPS = 25;
/** A change is cut short by a kill within this time. */
const CUT_MS = 80;

/** What is asked, and what should be there when it is granted: null when it must be refused. */
interface Step {
  words: string;
  ask: () => Promise<Answer>;
  next: Model | null;
  /** The file that this is about. */
  file?: Objects;
}

class Life {
  model: Model = { file: { networks: [], ports: [] }, api: { networks: [], ports: [] } };
  readonly #yard: Yard;
  readonly #random: Random;
  readonly #path: string;
  #agent: Program | null = null;

  constructor(yard: Yard, random: Random) {
    this.#yard = yard;
    this.#random = random;
    this.#path = yard.file(configOf(this.model.file));
  }

  call(method: string, path: string, body?: unknown): Promise<Answer> {
    return ask(this.#yard.machine.path(SOCKET), method, path, body);
  }

  async start(): Promise<void> {
    this.#agent = this.#yard.start(["up", "--config", this.#path, "--log-level", "warn"]);
    await this.#agent.prints("ready");
  }

  /** The last words of the agent. */
  get said(): string {
    return this.#agent?.said.slice(-2000) ?? "";
  }

  /** A call or a reload; most of them are right. */
  step(): Step {
    const isToBeWrong = this.#random.below(4) === 0;
    for (let tries = 0; ; tries++) {
      const step = this.#draw();
      if (isToBeWrong || step.next !== null || tries === 10) return step;
    }
  }

  #draw(): Step {
    const random = this.#random;
    const { networks, ports } = this.model.api;
    const [network, port] = [randomNetwork(random), randomPort(random)];
    const others = ports.filter(({ name }) => name !== port.name);
    const mine = ports.find(({ name }) => name === port.name);
    const kind = random.below(100);
    if (kind < 18)
      return this.#api(`add port ${JSON.stringify(port)}`, "POST", "/v1/ports", portInput(port), { networks, ports: [...ports, port] });
    if (kind < 32)
      return this.#api(`remove port ${port.name}`, "DELETE", `/v1/ports/${port.name}`, undefined, mine && { networks, ports: others });
    if (kind < 40) return this.#set(port);
    if (kind < 65) return this.#set({ ...(mine ?? port), macLimit: port.macLimit, further: port.further });
    if (kind < 70) {
      const body = networkInput(network);
      return this.#api(`add network ${JSON.stringify(network)}`, "POST", "/v1/networks", body, { networks: [...networks, network], ports });
    }
    if (kind < 74) {
      const rest = networks.filter(({ name }) => name !== network.name);
      const is = networks.length > rest.length;
      return this.#api(
        `remove network ${network.name}`,
        "DELETE",
        `/v1/networks/${network.name}`,
        undefined,
        is ? { networks: rest, ports } : undefined,
      );
    }
    return this.#reload(edited(this.model.file, random));
  }

  #api(words: string, method: string, path: string, body: unknown, next: Objects | undefined): Step {
    return { words, ask: () => this.call(method, path, body), next: next ? withApi(this.model, next) : null };
  }

  /** A port is changed as a whole, so that it may have to be made anew; only one that is the API's can be. */
  #set(to: Objects["ports"][number]): Step {
    const { networks, ports } = this.model.api;
    const others = ports.filter(({ name }) => name !== to.name);
    const next = others.length < ports.length ? { networks, ports: [...others, to] } : undefined;
    const patch = { tap: null, packet: null, addresses: null, ...portInput(to) };
    return this.#api(`set port ${JSON.stringify(to)}`, "PATCH", `/v1/ports/${to.name}?recreate=true`, patch, next);
  }

  #reload(file: Objects): Step {
    return {
      words: `reload ${JSON.stringify(file)}`,
      ask: () => this.call("POST", "/v1/reload", {}),
      next: withFile(this.model, file),
      file,
    };
  }

  async take(step: Step): Promise<void> {
    if (step.file) this.#write(step.file);
    const { status, body } = await step.ask();
    assert.is(status < 300, step.next !== null, `${status} ${JSON.stringify(body)}`);
    if (step.next) this.model = step.next;
    else this.#write(this.model.file);
  }

  /** The agent is killed in the middle of it: what it was about is as before or as after, all else is as before. */
  async cutShort(step: Step): Promise<void> {
    if (step.file) this.#write(step.file);
    const asked = step.ask().catch(() => null);
    await delay(this.#random.below(CUT_MS));
    await this.#agent?.kill();
    await asked;
    if (step.file && step.next) this.model = step.next;
    else this.#write(this.model.file);
    await this.start();
    const isDone = step.next !== null && JSON.stringify(await this.#shown()) === JSON.stringify(shown(step.next));
    if (isDone && step.next) this.model = step.next;
  }

  #write(file: Objects): void {
    writeFileSync(this.#path, JSON.stringify(configOf(file)));
  }

  async kill(which: "agent" | "forwarder" | "both"): Promise<void> {
    const { forwarderPid } = (await this.call("GET", "/v1/version")).body;
    if (which !== "forwarder") await this.#agent?.kill();
    if (which !== "agent" && forwarderPid !== null) process.kill(forwarderPid, "SIGKILL");
    if (which !== "forwarder") await this.start();
  }

  async #shown(): Promise<{ networks: unknown[]; ports: unknown[] }> {
    const ports = (await this.call("GET", "/v1/ports")).body;
    const networks = (await this.call("GET", "/v1/networks")).body;
    return {
      networks: networks.map((one: never) => fields(one, ["name", "owner", "mtu", "macAgeSeconds"])).sort(),
      ports: ports.map((one: { addresses: string[] }) => portFields(one)).sort(),
    };
  }

  /** What is shown is what should be; what comes back after a kill is waited for. */
  async check(): Promise<void> {
    const wanted = JSON.stringify(shown(this.model));
    let found: unknown = null;
    const isWanted = async () => {
      found = await this.#shown();
      return JSON.stringify(found) === wanted;
    };
    await until(isWanted);
    assert.equal(found, shown(this.model));
  }

  /** Devices in the containers, interfaces of the host, and descriptors of both processes. */
  async look(): Promise<void> {
    for (const container of CONTAINERS) assert.equal(devicesIn(this.#yard.machine, container).sort(), devicesOf(this.model, container));
    const links = JSON.parse(this.#yard.machine.tool("ip", "-json", "link")) as { ifname: string; flags: string[] }[];
    const quiet = links.filter(({ ifname, flags }) => VETHS.includes(ifname) && flags.includes("NOARP")).map(({ ifname }) => ifname);
    assert.equal(quiet.sort(), silenced(this.model));
    assert.equal(
      links.map(({ ifname }) => ifname).filter((name) => name.startsWith("py")),
      [],
    );
    const taps = CONTAINERS.flatMap((container) => devicesOf(this.model, container)).length - CONTAINERS.length;
    let found: number[] = [];
    const isRight = async () => {
      found = await this.#taps();
      return String(found) === String([taps, taps]);
    };
    await until(isRight);
    assert.equal(found, [taps, taps], "TAP descriptors of agent and forwarder");
  }

  async #taps(): Promise<number[]> {
    const { pid, forwarderPid } = (await this.call("GET", "/v1/version")).body;
    return [pid, forwarderPid ?? pid].map((one) => targets(one).filter((target) => target === "/dev/net/tun").length);
  }

  /** Everything that the processes hold open when there is nothing that they need it for. */
  async rest(): Promise<string[][]> {
    const { ports, networks } = this.model.api;
    for (const { name } of ports) assert.is((await this.call("DELETE", `/v1/ports/${name}`)).status, 204);
    for (const { name } of networks) assert.is((await this.call("DELETE", `/v1/networks/${name}`)).status, 204);
    this.model = { file: { networks: [], ports: [] }, api: { networks: [], ports: [] } };
    this.#write(this.model.file);
    assert.is((await this.call("POST", "/v1/reload", {})).status, 200);
    await this.kill("both");
    await until(async () => (await this.call("GET", "/v1/version")).body.standbyPid !== null);
    const { pid, forwarderPid } = (await this.call("GET", "/v1/version")).body;
    const state = this.#yard.machine.state();
    return [...[pid, forwarderPid].map((one: number) => held(one)), state.run, state.shared, state.kept, [String(state.processes.length)]];
  }

  async stop(): Promise<void> {
    assert.is((await this.#agent?.stop("SIGTERM"))?.code, 0);
  }
}

const fields = (row: Record<string, unknown>, names: string[]) => names.map((name) => row[name]);
const portFields = (row: { addresses: string[] }) =>
  fields({ ...row, addresses: row.addresses.join(" ") }, ["name", "owner", "network", "kind", "state", "mac", "addresses", "mtu"]);

function targets(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  return orNothing(() => readdirSync(folder), []).map((descriptor) => orNothing(() => readlinkSync(`${folder}/${descriptor}`), ""));
}

/** Of what was closed, or has ended, meanwhile. */
function orNothing<Result>(read: () => Result, nothing: Result): Result {
  try {
    return read();
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return nothing;
    throw error;
  }
}

/** Without the connections that come and go with each question. */
const held = (pid: number) =>
  targets(pid)
    .map((target) => target.replace(/\[\d+\]/, ""))
    .filter((target) => target !== "" && target !== "socket:")
    .sort();

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + scale.nativePatienceMilliseconds; !(await condition()) && performance.now() < end; ) await delay(5);
}

/** How often what happens, of 1,000 steps. */
const KILLS: [which: "agent" | "forwarder" | "both" | "cut", count: number][] = [
  ["forwarder", 12],
  ["agent", 8],
  ["both", 4],
  ["cut", 16],
];

function chance(random: Random): "agent" | "forwarder" | "both" | "cut" | null {
  let number = random.below(1000);
  for (const [which, count] of KILLS) {
    if (number < count) return which;
    number -= count;
  }
  return null;
}

test(
  ...story(`${scale.objectSteps} random calls, reloads and kills`, async (yard) => {
    const seed = seedOf("objects");
    const random = randomFrom(seed);
    for (const veth of VETHS) yard.machine.tool("ip", "link", "add", veth, "type", "veth", "peer", "name", `far${veth}`);
    const life = new Life(yard, random);
    await life.start();
    const before = await life.rest();
    const counts: Record<string, number> = { granted: 0, refused: 0, agent: 0, forwarder: 0, both: 0, cut: 0 };
    for (let number = 0; number < scale.objectSteps; number++) {
      const kill = chance(random);
      const step = life.step();
      const words = `PORTYARD_SEED=${seed}, step ${number}: ${kill ?? ""} ${step.words}`;
      try {
        if (kill === "cut") await life.cutShort(step);
        else if (kill) await life.kill(kill);
        else await life.take(step);
        counts[kill ?? (step.next ? "granted" : "refused")]!++;
        await life.check();
        if (kill || number % LOOK_STEPS === 0) await life.look();
      } catch (error) {
        throw new Error(`${words}\n${(error as Error).message}\n${(error as { details?: string }).details ?? ""}\n${life.said}`, {
          cause: error,
        });
      }
    }
    console.log(`# ${JSON.stringify(counts)}`);
    assert.equal(await life.rest(), before);
    await life.stop();
    for (const veth of VETHS) yard.machine.tool("ip", "link", "del", veth);
  }),
);

test.run();
