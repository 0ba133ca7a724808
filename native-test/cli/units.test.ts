/** The units of systemd, where no systemd runs: systemd-analyze finds nothing wrong with them, and their commands, with no more rights than
 *  they leave, do what the units are for. The test is the service manager: it begins a forwarder anew whenever one ends.
 *
 *      portyard-agent@lab ── takes ── portyard-forwarder@lab, portyard-standby@lab
 *      left eth0 10.77.0.1 ═══ 1,000 datagrams a second, TCP streams ═══ 10.77.0.2 eth0 right                              */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DEFAULT_PLUGIN_SOCKET } from "../../bindings/config/defaults.ts";
import { root } from "../../scripts/check/source-file.ts";
import { ask } from "../../test/agent/support/yard.ts";
import { scale } from "../../test/scale.ts";
import { skip } from "../../test/support/skip.ts";
import { printOutcomes } from "../engine/outcomes.ts";
import { Station } from "../engine/station.ts";
import { Datagrams, type End, type Outcome, Streams } from "../engine/traffic.ts";
import type { Program } from "./demo/program.ts";
import { blue, SOCKET, story, type Yard } from "./support/instance.ts";
import { UNIT_FOLDER, Unit, unitFiles } from "./support/unit.ts";

const test = suite("units");
const PROGRAMS = "/usr/local/sbin";
const PATH = [PROGRAMS, dirname(process.execPath), "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"].join(":");
const CONFIGURATION = "/etc/portyard/lab.yaml";
const FORWARDERS = ["portyard-forwarder", "portyard-standby"];
const pooled = (name: string) => ({ name, network: "blue", tap: { namespace: name, interface: "eth0" } });
/** With a way out, for which the agent runs nft and writes to /proc/sys. */
const lab = { networks: [{ ...blue, gateway: "10.77.0.254" }], ports: [pooled("left"), pooled("right")] };

/** What systemd-analyze says of the units as instance `lab`; null when it is not installed.
 *  @param change called with their folder; @param others units that it puts there. */
function verify(change: (folder: string) => void = () => {}, others: string[] = []): { status: number | null; words: string } | null {
  const folder = mkdtempSync(join(tmpdir(), "portyard-units-"));
  try {
    for (const file of unitFiles()) copyFileSync(join(UNIT_FOLDER, file), join(folder, file.replace("@", "@lab")));
    change(folder);
    const units = [...unitFiles().map((file) => file.replace("@", "@lab")), ...others].map((file) => join(folder, file));
    const { status, stdout, stderr, error } = spawnSync("systemd-analyze", ["verify", "--man=no", ...units], { encoding: "utf8" });
    return error ? null : { status, words: `${stdout}${stderr}` };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** That the programs are not installed here is no fault of the units. */
const faultsIn = (words: string): string[] =>
  words.split("\n").filter((line) => line !== "" && !/Command portyard\S* is not executable/.test(line));

test("systemd-analyze finds nothing wrong with them", () => {
  const verdict = verify();
  if (verdict === null) return skip("units", "package", "systemd-analyze (package systemd) is not installed");
  assert.equal(faultsIn(verdict.words), []);
  const broken = verify((folder) => writeFileSync(join(folder, "portyard-agent@lab.service"), "[Service]\nExecStart=true\nNoSuchKey=1\n"));
  assert.match(broken?.words ?? "", /NoSuchKey/, "it would say so");
});

test("the two forwarders differ in what they are called alone, and have no capability", () => {
  const [one, other] = FORWARDERS.map((name) => new Unit(name, "lab"));
  for (const key of ["ExecStart", "Restart", "CapabilityBoundingSet", "PrivateNetwork", "SystemCallFilter"])
    assert.is(one!.value(key), other!.value(key));
  assert.is.not(one!.value("Description"), other!.value("Description"));
  assert.is(one!.value("CapabilityBoundingSet"), "");
});

test("Docker's socket is the one that Docker looks for, and the agent's; Docker starts after both have begun", () => {
  const socket = new Unit("portyard-docker", "lab", "socket");
  const agent = new Unit("portyard-agent", "lab");
  assert.is(socket.value("ListenStream"), DEFAULT_PLUGIN_SOCKET);
  assert.is(socket.value("FileDescriptorName"), "docker");
  assert.is(socket.value("Service"), "portyard-agent@lab.service");
  for (const unit of [socket, agent]) assert.ok(unit.list("Before").includes("docker.service"));
  assert.is(agent.value("Type"), "exec", "it has begun before it is ready: Docker's start does not wait for that");
});

test("systemd-analyze finds no cycle between them and Docker's units", () => {
  const verdict = verify(
    (folder) => {
      writeFileSync(
        join(folder, "docker.service"),
        "[Unit]\nRequires=docker.socket\nAfter=network-online.target\n[Service]\nExecStart=true\n",
      );
      writeFileSync(join(folder, "docker.socket"), "[Socket]\nListenStream=/run/docker.sock\n");
    },
    ["docker.service", "docker.socket"],
  );
  if (verdict === null) return skip("units", "package", "systemd-analyze (package systemd) is not installed");
  assert.equal(faultsIn(verdict.words), []);
});

/** A machine where the programs are installed, and the configuration of `lab` is where its unit looks for it. */
function install(yard: Yard, config: unknown): void {
  const overlay = `lowerdir=/etc,upperdir=${PROGRAMS}/etc,workdir=${PROGRAMS}/work`;
  yard.machine.tool("mount", "-t", "tmpfs", "tmpfs", PROGRAMS);
  yard.machine.tool("mkdir", "-p", `${PROGRAMS}/etc/portyard`, `${PROGRAMS}/work`);
  yard.machine.tool("mount", "-t", "overlay", "overlay", "-o", overlay, "/etc");
  for (const name of ["portyard", "portyard-standby"]) yard.machine.tool("ln", "-s", `${root}scripts/${name}.mjs`, `${PROGRAMS}/${name}`);
  configure(yard, config);
}

function configure(yard: Yard, config: unknown): void {
  yard.machine.tool("cp", yard.file(config), CONFIGURATION);
}

/** What systemd does for a unit: starts it, begins it anew when it is to be restarted, stops it by its signal. */
class Service {
  readonly #yard: Yard;
  readonly #unit: Unit;
  #program: Program;
  #isStopped = false;

  constructor(yard: Yard, name: string) {
    this.#yard = yard;
    this.#unit = new Unit(name, "lab");
    this.#program = this.#begin();
  }

  #begin(): Program {
    const program = this.#yard.machine.start(this.#unit.command("ExecStart", PATH));
    void program.exited.then(() => {
      if (!this.#isStopped && this.#unit.value("Restart") === "always") this.#program = this.#begin();
    });
    return program;
  }

  get program(): Program {
    return this.#program;
  }

  /** Resolves when its process is gone. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#program.child.kill(this.#unit.stopSignal);
    await this.#program.exited;
  }
}

async function startAgent(yard: Yard): Promise<Service> {
  const agent = new Service(yard, "portyard-agent");
  await agent.program.prints("ready");
  return agent;
}

async function forwarderPid(yard: Yard): Promise<number> {
  for (const end = performance.now() + scale.nativePatienceMilliseconds; ; await delay(10)) {
    const { body } = await ask(yard.machine.path(SOCKET), "GET", "/v1/version");
    if (body.forwarderPid !== null && body.standbyPid !== null) return body.forwarderPid;
    assert.ok(performance.now() < end, `the agent says ${JSON.stringify(body)}`);
  }
}

const capabilitiesOf = (yard: Yard, pid: number): string[] =>
  [...yard.machine.tool("cat", `/proc/${pid}/status`).matchAll(/^Cap(?:Prm|Eff|Bnd):\s*(\w+)$/gm)].map(([, set]) => set!);

async function withTraffic(yard: Yard, body: (load: (what: () => Promise<void>) => Promise<Outcome>) => Promise<void>): Promise<void> {
  const enter = (command: string[]) => yard.machine.enter(command);
  const stations = ["left", "right"].map((name) => new Station(name, enter)) as [Station, Station];
  const [left, right] = stations.map((station) => ({ station })) as [End, End];
  try {
    const streams = await Streams.open(left, right, "10.77.0.2", scale.livingStreams);
    await body(async (what) => {
      const load = await Datagrams.start(left, right, "10.77.0.2");
      await what();
      await streams.goOn();
      return load.stop();
    });
    await streams.close();
  } finally {
    for (const station of stations) await station.end();
  }
}

async function withServices(yard: Yard, body: (agent: Service) => Promise<void>): Promise<void> {
  install(yard, lab);
  const forwarders = FORWARDERS.map((name) => new Service(yard, name));
  try {
    await body(await startAgent(yard));
  } finally {
    await Promise.all(forwarders.map((service) => service.stop()));
  }
}

test(
  ...story(`stop and start of the agent, ${scale.lives} times: its forwarder goes on, nothing is lost, no stream breaks`, (yard) =>
    withServices(yard, async (first) => {
      let agent = first;
      const forwarder = await forwarderPid(yard);
      assert.equal(new Set(capabilitiesOf(yard, forwarder)), new Set(["0000000000000000"]));
      const outcomes: Outcome[] = [];
      await withTraffic(yard, async (load) => {
        for (let round = 0; round < scale.lives; round++) {
          const outcome = await load(async () => {
            await agent.stop();
            agent = await startAgent(yard);
            assert.is(await forwarderPid(yard), forwarder);
          });
          assert.is(outcome.received, outcome.sent, `round ${round}`);
          outcomes.push(outcome);
        }
      });
      printOutcomes("the agent's unit stopped and started", outcomes);
      await yard.json("down", "--name", "lab");
      await agent.program.exited;
    }),
  ),
);

test(
  ...story("a forwarder's unit is stopped: the one that stands by forwards, and the next one stands by", (yard) =>
    withServices(yard, async (agent) => {
      const forwarder = await forwarderPid(yard);
      await withTraffic(yard, async (load) => {
        await load(async () => {
          yard.machine.tool("kill", String(forwarder));
          for (let now = forwarder; now === forwarder; now = await forwarderPid(yard)) await delay(10);
        });
      });
      await yard.json("down", "--name", "lab");
      await agent.program.exited;
    }),
  ),
);

test(
  ...story("a reload applies what the file says by then", (yard) =>
    withServices(yard, async (agent) => {
      configure(yard, { ...lab, ports: [pooled("left")] });
      const { code, stderr } = await yard.machine.start(new Unit("portyard-agent", "lab").command("ExecReload", PATH)).ended;
      assert.is(code, 0, stderr);
      const ports: { name: string; kind: string }[] = await yard.json("show", "ports", "--name", "lab");
      assert.equal(
        ports.filter(({ kind }) => kind === "tap").map(({ name }) => name),
        ["left"],
      );
      await yard.json("down", "--name", "lab");
      await agent.program.exited;
    }),
  ),
);

test.run();
