/** What is wrong before or while an instance starts: a clear message with a stable code and a remedy, exit status 1, and a
 *  machine that looks as it did before. */
import { writeFileSync } from "node:fs";
import * as assert from "uvu/assert";
import type { MachineOptions } from "./demo/machine.ts";
import { errorOf, lab, left, right, SOCKET, story, type Yard } from "./support/instance.ts";
import { sideBySide } from "../support/side-by-side.ts";

const test = sideBySide("bad input");
const NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
const POWERLESS = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"];

interface Case {
  what: string;
  config?: unknown;
  words?: string[];
  before?: string[];
  code: string;
  says: RegExp;
  remedy: RegExp;
  prepare?: (yard: Yard) => void;
  undo?: (yard: Yard) => void;
  machine?: MachineOptions;
}

const veth = (yard: Yard) => void yard.machine.tool("ip", "link", "add", "near", "type", "veth", "peer", "name", "far");
const noVeth = (yard: Yard) => void yard.machine.tool("ip", "link", "del", "near");
const packet = (name: string) => ({ ...lab, ports: [left, { name: "v", network: "blue", packet: { interface: name } }] });

const cases: Case[] = [
  {
    what: "a namespace that does not exist",
    config: { ...lab, ports: [left, { ...right, tap: { ...right.tap, namespace: "absent" } }] },
    code: "namespace-missing",
    says: /\/run\/netns\/absent/,
    remedy: /ip netns add/,
  },
  {
    what: "a path that is no namespace",
    config: { ...lab, ports: [left, { ...right, tap: { ...right.tap, namespace: "/etc/hostname" } }] },
    code: "namespace-missing",
    says: /\/etc\/hostname/,
    remedy: /./,
  },
  {
    what: "an interface that the container has already",
    prepare: (yard) => void yard.machine.tool("ip", "-n", "right", "tuntap", "add", "eth0", "mode", "tap"),
    undo: (yard) => void yard.machine.tool("ip", "-n", "right", "link", "del", "eth0"),
    code: "interface-taken",
    says: /eth0/,
    remedy: /another name/,
  },
  {
    what: "an interface that the host does not have",
    config: packet("absent"),
    code: "interface-missing",
    says: /absent/,
    remedy: /ip link/,
  },
  {
    what: "an interface that the host uses itself",
    config: packet("near"),
    prepare: (yard) => {
      veth(yard);
      yard.machine.tool("ip", "address", "add", "192.0.2.1/24", "dev", "near");
    },
    undo: noVeth,
    code: "interface-in-use",
    says: /192\.0\.2\.1/,
    remedy: /shared: true/,
  },
  {
    what: "a memory port, which has no other end here",
    config: { ...lab, ports: [left, { name: "m", network: "blue", memory: {} }] },
    code: "isolation",
    says: /memory port/,
    remedy: /tap or packet/,
  },
  {
    what: "a wrong configuration",
    config: { ...lab, workers: 99 },
    code: "bad-configuration",
    says: /workers is 99; it must be/,
    remedy: /./,
  },
  {
    what: "a configuration file that is not there",
    words: ["--config", "/absent.yaml"],
    code: "configuration-unreadable",
    says: /ENOENT/,
    remedy: /path/,
  },
  {
    what: "a socket in a folder that is not there",
    words: ["--socket", "/run/absent/agent.sock"],
    code: "file-failed",
    says: /\/run\/absent\/agent\.sock/,
    remedy: /path/,
  },
  {
    what: "a log in a folder that is not there",
    words: ["--log-file", "/run/absent/log"],
    code: "file-failed",
    says: /\/run\/absent\/log/,
    remedy: /path/,
  },
  {
    what: "a user without rights",
    before: NOBODY,
    prepare: (yard) => void yard.machine.tool("chmod", "755", "/run"),
    code: "no-rights",
    says: /not allowed/,
    remedy: /root/,
  },
  { what: "root without capabilities", before: POWERLESS, code: "no-rights", says: /./, remedy: /root/ },
  {
    what: "a tmpfs too small for the tables",
    machine: { runSize: "1m" },
    code: "tmpfs-full",
    says: /\/run\/portyard\/lab\/tables/,
    remedy: /remount|larger/,
  },
  {
    what: "a run folder that is full",
    machine: { runSize: "50%,nr_inodes=8" },
    code: "disk-full",
    says: /\/run\/portyard/,
    remedy: /space|room/,
  },
  {
    what: "a state folder that is full",
    machine: { stateSize: "4k,nr_inodes=2" },
    code: "disk-full",
    says: /\/var\/lib\/portyard/,
    remedy: /space/,
  },
  { what: "a state that has no room", machine: { stateSize: "4k,nr_inodes=3" }, code: "disk-full", says: /state\.json/, remedy: /space/ },
];

for (const { what, config = lab, words = [], before = [], code, says, remedy, prepare, undo, machine } of cases) {
  test(
    ...story(
      what,
      async (yard) => {
        prepare?.(yard);
        const file = words.includes("--config") ? [] : ["--config", yard.file(config)];
        const end = await yard.start(["up", ...file, ...words, "--json", "--log-level", "silent"], before).ended;
        assert.equal([end.code, end.stdout], [1, ""], end.stderr);
        const error = errorOf(end);
        assert.is(error.code, code, end.stderr);
        assert.match(error.message, says);
        assert.match(error.remedy ?? "", remedy);
        undo?.(yard);
      },
      machine,
    ),
  );
}

test(
  ...story("a second agent of the same name is refused, and the first goes on", async (yard) => {
    const up = await yard.up();
    const end = await yard.run("up", "--config", yard.file({ name: "lab" }), "--json", "--socket", "/run/other.sock");
    assert.equal([end.code, errorOf(end).code], [1, "agent-running"]);
    assert.match(errorOf(end).remedy ?? "", /portyard down --name lab/);
    assert.is((await yard.json("show", "ports", "--name", "lab")).length, 2);
    await up.stop("SIGTERM");
  }),
);

test(
  ...story("a user who may not ask the agent is told so", async (yard) => {
    const up = await yard.up();
    for (const words of [["show", "ports"], ["down"]]) {
      const end = await yard.start([...words, "--name", "lab", "--json"], NOBODY).ended;
      assert.equal([end.code, errorOf(end).code], [1, "no-rights"]);
    }
    await up.stop("SIGTERM");
  }),
);

test(
  ...story("a file where the socket should be stays", async (yard) => {
    yard.machine.tool("mkdir", "/run/x");
    writeFileSync(yard.machine.path("/run/x/agent.sock"), "mine");
    const end = await yard.run("up", "--config", yard.file(lab), "--json", "--socket", "/run/x/agent.sock");
    assert.equal([end.code, errorOf(end).code], [1, "socket-taken"]);
    assert.is(yard.machine.tool("cat", "/run/x/agent.sock"), "mine");
    yard.machine.tool("rm", "-r", "/run/x");
  }),
);

test(
  ...story("the error of a wrong configuration names file and line for people", async (yard) => {
    const file = yard.file({});
    writeFileSync(file, "name: lab\nnetworks:\n  - name: blue\n    mtu: 12\n");
    const { code, stderr } = await yard.run("up", "--config", file);
    assert.is(code, 1);
    assert.is(
      stderr,
      `error: ${file}:4: networks[0].mtu is 12; it must be a whole number from 576 to 65521.\n       1500 suits most networks; leave it out for that.\n`,
    );
  }),
);

test(
  ...story("what stands at the socket's path and is no agent is told of", async (yard) => {
    yard.machine.tool("mkdir", "-p", "/run/portyard/lab");
    const end = await yard.run("show", "ports", "--socket", SOCKET, "--json");
    assert.equal([end.code, errorOf(end).code], [1, "agent-missing"]);
    yard.machine.tool("rm", "-r", "/run/portyard");
  }),
);

test.run();
