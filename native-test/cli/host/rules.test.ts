/** The rules that an agent gives its host stay as long as they are needed, whoever flushes them (support/world.ts draws the host). */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { scale } from "../../../test/scale.ts";
import type { Machine } from "../demo/machine.ts";
import { asks, answering, closeForward, HOST, lab, pings, settled, until, WORLD } from "../support/world.ts";
import { worldStory } from "../support/world-story.ts";

const test = suite("rules of the host");
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
    machine.tool("nft", "flush", "chain", "inet", "portyard-lab", "postrouting");
    assert.ok((await until("the chain is full again", () => rules(machine) === before)) < BACK_MS);
    machine.tool("nft", "insert", "rule", "inet", "portyard-lab", "forward", "drop");
    assert.ok((await until("the rule is gone again", () => rules(machine) === before)) < BACK_MS);
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
