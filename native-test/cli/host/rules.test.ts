/** The rules that an agent gives its host stay as long as they are needed, whoever flushes them (support/world.ts draws the host). */
import * as assert from "uvu/assert";
import { scale } from "../../../test/scale.ts";
import type { Machine } from "../demo/machine.ts";
import { asks, answering, closeForward, HOST, lab, left, pings, settled, until, WORLD } from "../support/world.ts";
import { worldStory } from "../support/world-story.ts";
import { sideBySide } from "../../support/side-by-side.ts";

const test = sideBySide("rules of the host");
const BACK_MS = 2000;

const rules = (machine: Machine) => machine.tool("nft", "-s", "list", "ruleset");
const hasTable = (machine: Machine) => rules(machine).includes("table inet portyard-lab");
const acceptRules = (machine: Machine, program = "iptables") =>
  machine
    .tool(program, "-w", "-S")
    .split("\n")
    .filter((line) => line.includes("portyard-lab"));

test(
  ...worldStory(`rules that somebody flushes are back within 2 s, with traffic flowing, ${scale.ruleFlushes} times`, async (yard) => {
    const { machine } = yard;
    const up = await yard.up(lab);
    await settled(machine, "left");
    const world = await answering(machine, "world");
    const count = 200 + scale.ruleFlushes * 50;
    const traffic = pings(machine, "left", WORLD[4], count);
    const times: number[] = [];
    for (let round = 0; round < scale.ruleFlushes; round++) {
      const made = rules(machine).slice(rules(machine).indexOf("table inet"));
      machine.tool("nft", "flush", "ruleset");
      times.push(await until("the table is back", () => hasTable(machine)));
      assert.is(rules(machine).slice(rules(machine).indexOf("table inet")), made, "the very same rules");
      assert.is(await asks(machine, "left", "tcp", WORLD[6]), `${HOST[6]} 100`);
    }
    const answered = await traffic;
    const sorted = times.toSorted((a, b) => a - b);
    console.log(
      `# rules back after ${sorted[sorted.length >> 1]?.toFixed(0)} ms, at worst ${sorted.at(-1)?.toFixed(0)} ms; ${answered} of ${count} pings answered`,
    );
    assert.ok(sorted.at(-1)! < BACK_MS);
    assert.ok(answered > count / 2, `${answered} of ${count} pings were answered`);
    closeForward(machine);
    await until("the accept rules are back", () => acceptRules(machine).length === 2 && acceptRules(machine, "ip6tables").length === 2);
    await world.kill();
    await up.stop("SIGTERM");
  }),
);

test(
  ...worldStory("a single rule that is taken out is put back, and what somebody adds to our table is taken out", async (yard) => {
    const { machine } = yard;
    const up = await yard.up(lab);
    const before = rules(machine);
    for (let round = 0; round < scale.ruleFlushes; round++) {
      machine.tool("nft", "flush", "chain", "inet", "portyard-lab", "postrouting");
      assert.ok((await until("the chain is full again", () => rules(machine) === before)) < BACK_MS);
      // at once: what is added while the agent puts the table back is not taken for its own
      machine.tool("nft", "insert", "rule", "inet", "portyard-lab", "forward", "drop");
      assert.ok((await until("the rule is gone again", () => rules(machine) === before)) < BACK_MS);
    }
    await up.stop("SIGTERM");
  }),
);

test(
  ...worldStory("rules that stand as they were made are not made again, whatever else changes", async (yard) => {
    const { machine } = yard;
    const publish = ["8081:81", "8080:80", "192.0.2.1:9000-9040:9000-9040/udp"];
    const up = await yard.up({ ...lab, ports: [{ ...left, publish }] });
    const handles = () => machine.tool("nft", "-a", "list", "table", "inet", "portyard-lab");
    const before = handles();
    for (let round = 0; round < scale.ruleFlushes; round++) {
      machine.tool("nft", "add", "table", "inet", "stranger");
      // the accept rules are put back by the same look
      machine.tool("iptables", "-F", "DOCKER-USER");
      await until("the agent has looked", () => acceptRules(machine).length === 2);
      machine.tool("nft", "delete", "table", "inet", "stranger");
    }
    assert.is(handles(), before);
    machine.tool("iptables", "-A", "DOCKER-USER", "-j", "RETURN");
    await up.stop("SIGTERM");
  }),
);

test(
  ...worldStory("who began while the rules were away is answered when they are back", async (yard) => {
    const { machine } = yard;
    const up = await yard.up(lab);
    await settled(machine, "left");
    const world = await answering(machine, "world");
    machine.tool("sh", "-c", "iptables -P FORWARD ACCEPT; ip6tables -P FORWARD ACCEPT");
    // somebody else's rules have the kernel know flows all the while
    const chain = "add chain inet stranger forward { type filter hook forward priority 0; }";
    for (const line of ["add table inet stranger", chain, "add rule inet stranger forward ct state invalid counter"])
      machine.tool("nft", line);
    process.kill(up.child.pid!, "SIGSTOP");
    machine.tool("nft", "delete", "table", "inet", "portyard-lab");
    const going = ([4, 6] as const).flatMap((family) => [
      pings(machine, "left", WORLD[family], 250),
      asks(machine, "left", "udp", WORLD[family]),
      asks(machine, "left", "tcp", WORLD[family]),
    ]);
    const flows = () => ["ipv4", "ipv6"].map((family) => machine.tool("conntrack", "-L", "-f", family)).join("");
    const begun = ["icmp ", "icmpv6 ", "udp ", "tcp "];
    await until("all have begun", () =>
      begun.every((kind) =>
        flows()
          .split("\n")
          .some((line) => line.startsWith(kind)),
      ),
    );
    process.kill(up.child.pid!, "SIGCONT");
    const [pings4, udp4, tcp4, pings6, udp6, tcp6] = await Promise.all(going);
    assert.equal([udp4, tcp4, udp6, tcp6], [`${HOST[4]} 100`, `${HOST[4]} 100`, `${HOST[6]} 100`, `${HOST[6]} 100`]);
    for (const answered of [pings4, pings6]) assert.ok(Number(answered) > 0, "the ping goes on");
    machine.tool("sh", "-c", "nft delete table inet stranger; iptables -P FORWARD DROP; ip6tables -P FORWARD DROP");
    await world.kill();
    await up.stop("SIGTERM");
  }),
);

test(
  ...worldStory("accept rules follow the chains of the host, and rules of others stay where they are", async (yard) => {
    const { machine } = yard;
    const up = await yard.up(lab);
    const chainsOf = (program: string) => acceptRules(machine, program).map((line) => line.split(" ")[1]);
    assert.equal(
      [chainsOf("iptables"), chainsOf("ip6tables")],
      [
        ["DOCKER-USER", "DOCKER-USER"],
        ["FORWARD", "FORWARD"],
      ],
    );
    assert.match(machine.tool("iptables", "-S", "DOCKER-USER"), /-N DOCKER-USER\n(.*portyard-lab.*\n){2}-A DOCKER-USER -j RETURN/);
    machine.tool("iptables", "-D", "FORWARD", "-j", "DOCKER-USER");
    machine.tool("iptables", "-F", "DOCKER-USER");
    await until("they are put back", () => chainsOf("iptables").length === 2);
    machine.tool("sh", "-c", "iptables -F DOCKER-USER && iptables -X DOCKER-USER");
    await until("they stand in FORWARD", () => chainsOf("iptables").join() === "FORWARD,FORWARD");
    machine.tool("iptables", "-P", "FORWARD", "ACCEPT");
    await until("none is needed", () => chainsOf("iptables").length === 0);
    machine.tool("iptables", "-P", "FORWARD", "DROP");
    await until("they are needed again", () => chainsOf("iptables").length === 2);
    await up.stop("SIGTERM");
    assert.equal(acceptRules(machine), []);
    machine.tool("sh", "-c", "iptables -N DOCKER-USER && iptables -A DOCKER-USER -j RETURN && iptables -I FORWARD -j DOCKER-USER");
  }),
);

test(
  ...worldStory("the older back end of iptables is served too, where it has rules", async (yard) => {
    const { machine } = yard;
    const legacy = (...words: string[]) => machine.tool("iptables-legacy", "-w", ...words);
    legacy("-P", "FORWARD", "DROP");
    const before = legacy("-S");
    const up = await yard.up(lab);
    await settled(machine, "left");
    assert.is(acceptRules(machine, "iptables-legacy").length, 2);
    assert.is(await pings(machine, "left", WORLD[4]), 3);
    legacy("-F", "FORWARD");
    assert.ok((await until("they are back", () => acceptRules(machine, "iptables-legacy").length === 2)) < BACK_MS);
    await up.stop("SIGTERM");
    assert.is(legacy("-S"), before);
    legacy("-P", "FORWARD", "ACCEPT");
    machine.tool("rm", "/run/xtables.lock");
  }),
);

test(
  ...worldStory("a watch whose nft monitor is killed goes on", async (yard) => {
    const { machine } = yard;
    const up = await yard.up(lab);
    const monitor = () => machine.state().processes.find((line) => line.includes("nft monitor") && !line.includes("sh -c"));
    await until("the monitor runs", () => monitor() !== undefined);
    machine.tool("kill", "-9", monitor()!.split(" ")[0]!);
    machine.tool("nft", "delete", "table", "inet", "portyard-lab");
    assert.ok((await until("the table is back", () => hasTable(machine))) < BACK_MS);
    await until("another monitor runs", () => monitor() !== undefined);
    await up.stop("SIGTERM");
  }),
);

test.run();
