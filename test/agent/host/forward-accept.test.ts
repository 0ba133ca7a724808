/** Two accept rules where the FORWARD chain of iptables drops: read from its own listing, put in and taken out. A plan that is carried
 *  out leaves nothing to do. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { planAccept, readForwardRules } from "../../../agent/host/forward-accept.ts";

const test = suite("forward accept");
const OPEN = "-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n";
const CLOSED = "-P INPUT ACCEPT\n-P FORWARD DROP\n-P OUTPUT ACCEPT\n";
const DOCKER = `${CLOSED}-N DOCKER-USER\n-A FORWARD -j DOCKER-USER\n-A DOCKER-USER -j RETURN\n`;
const rule = (chain: string, direction: string, instance = "lab", quote = "") =>
  `${chain} ${direction} py-+ -m comment --comment ${quote}portyard-${instance}${quote} -j ACCEPT`;
const plan = (listing: string, isWanted = true) =>
  planAccept(readForwardRules(listing, "lab"), "lab", isWanted).map((words) => words.join(" "));

/** What iptables would list after the steps of a plan. */
function carriedOut(listing: string, steps: readonly string[]): string {
  let lines = listing.trimEnd().split("\n");
  for (const step of steps) {
    const [flag, chain, ...rest] = step.split(" ");
    if (flag === "-D") {
      const index = lines.indexOf(`-A ${chain} ${rest.join(" ")}`);
      assert.ok(index >= 0, `${step} takes out a rule that is there`);
      lines = lines.toSpliced(index, 1);
    } else {
      const head = lines.findIndex((line) => line.startsWith(`-A ${chain} `));
      lines = lines.toSpliced(head < 0 ? lines.length : head, 0, `-A ${chain} ${rest.slice(1).join(" ")}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

test("nothing is done where nothing drops", () => {
  assert.equal(plan(OPEN), []);
  assert.equal(plan(""), []);
});

test("two rules go to the head of FORWARD where its policy drops", () => {
  assert.equal(plan(CLOSED), [
    `-I FORWARD 1 -i py-+ -m comment --comment portyard-lab -j ACCEPT`,
    `-I FORWARD 1 -o py-+ -m comment --comment portyard-lab -j ACCEPT`,
  ]);
});

for (const target of ["DROP", "REJECT --reject-with icmp-port-unreachable"]) {
  test(`and where a rule of it ends in ${target}`, () => {
    assert.is(plan(`${OPEN}-A FORWARD -s 10.0.0.0/8 -j ACCEPT\n-A FORWARD -j ${target}\n`).length, 2);
    assert.is(plan(`${OPEN}-A INPUT -j ${target}\n`).length, 0, "other chains do not count");
  });
}

test("to the head of DOCKER-USER where that is, whatever FORWARD does", () => {
  for (const listing of [DOCKER, DOCKER.replace("FORWARD DROP", "FORWARD ACCEPT")]) {
    assert.equal(plan(listing), [
      `-I DOCKER-USER 1 -i py-+ -m comment --comment portyard-lab -j ACCEPT`,
      `-I DOCKER-USER 1 -o py-+ -m comment --comment portyard-lab -j ACCEPT`,
    ]);
  }
});

for (const [about, listing] of Object.entries({ OPEN, CLOSED, DOCKER })) {
  test(`a plan that is carried out leaves nothing to do, and is taken back to what was: ${about}`, () => {
    const made = carriedOut(listing, plan(listing));
    assert.equal(plan(made), []);
    assert.is(carriedOut(made, plan(made, false)), listing);
  });
}

test("rules move to DOCKER-USER when Docker comes, and back when its chain goes", () => {
  const made = carriedOut(CLOSED, plan(CLOSED));
  const withDocker = `${made}-N DOCKER-USER\n-A DOCKER-USER -j RETURN\n`;
  const moved = carriedOut(withDocker, plan(withDocker));
  assert.equal(
    readForwardRules(moved, "lab").ours.map(([chain]) => chain),
    ["DOCKER-USER", "DOCKER-USER"],
  );
  const without = moved
    .split("\n")
    .filter((line) => !line.includes("DOCKER-USER"))
    .join("\n");
  assert.equal(plan(without), plan(CLOSED));
});

test("one of the two that is missing is put back alone, one too many is taken out", () => {
  const half = `${CLOSED}-A ${rule("FORWARD", "-i")}\n`;
  assert.equal(plan(half), ["-I FORWARD 1 -o py-+ -m comment --comment portyard-lab -j ACCEPT"]);
  const double = `${CLOSED}-A ${rule("FORWARD", "-i")}\n-A ${rule("FORWARD", "-i")}\n-A ${rule("FORWARD", "-o")}\n`;
  assert.equal(plan(double), [`-D ${rule("FORWARD", "-i")}`]);
});

test("rules of another instance, or of somebody else, stay", () => {
  const others = `${CLOSED}-A ${rule("FORWARD", "-i", "lab2")}\n-A FORWARD -i py-+ -j ACCEPT\n-A FORWARD -m comment --comment portyard-la -j DROP\n`;
  assert.equal(readForwardRules(others, "lab").ours, []);
  assert.equal(plan(others, false), []);
});

test("a comment in quotes is the same", () => {
  const quoted = `${CLOSED}-A ${rule("FORWARD", "-i", "lab", '"')}\n-A ${rule("FORWARD", "-o", "lab", '"')}\n`;
  assert.equal(plan(quoted), []);
});

test.run();
