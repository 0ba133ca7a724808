/** A balancer by itself: what a program sees of it. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { SLATES_BYTES } from "../../assembly/abi/limits.ts";
import { Balancer } from "../../bindings/balancer.ts";
import type { BadConfiguration } from "../../bindings/config/problem.ts";
import { RING_PLACES } from "../../bindings/service/maglev.ts";
import type { Algorithm, BalancerOptions } from "../../bindings/service/types.ts";
import { expectError } from "./engine/world.ts";

/** Backends a, b, c, ... at one address, with these weights. */
const backends = (...weights: number[]) =>
  weights.map((weight, index) => ({ name: "abcdefgh"[index]!, address: "10.0.0.2", port: 8000 + index, weight }));

class World {
  now = 1_000_000;
  readonly balancer: Balancer;
  constructor(algorithm: Algorithm, weights: number[], options: Partial<BalancerOptions> = {}) {
    this.balancer = Balancer.create({ algorithm, backends: backends(...weights), nowMs: () => this.now, seed: 1n, ...options });
  }
  /** Names of those that are picked, each done at once unless `isKept`. */
  picks(count: number, isKept = false): string {
    return Array.from({ length: count }, () => {
      const { backend, done } = this.balancer.pick();
      if (!isKept) done({ responseTimeMs: 1 });
      return backend.name;
    }).join("");
  }
  fail(name: string, times: number): void {
    for (let failed = 0; failed < times; ) {
      const { backend, done } = this.balancer.pick();
      done(backend.name === name ? { error: new Error("refused") } : {});
      if (backend.name === name) failed++;
    }
  }
  states(): string[] {
    return this.balancer.backends().map(({ state }) => state);
  }
}

const count = (text: string, letter: string): number => text.split(letter).length - 1;

test("round robin and weighted round robin are what they are in the hot path", () => {
  assert.is(new World("round-robin", [5, 1, 1]).picks(6), "abcabc");
  assert.is(new World("weighted-round-robin", [5, 1, 1]).picks(7), "aabacaa");
});

test("the least loaded gets the next request, until others are done", () => {
  const { balancer } = new World("least-load", [1, 2]);
  const picked = Array.from({ length: 6 }, () => balancer.pick());
  assert.is(picked.filter(({ backend }) => backend.name === "b").length, 4);
  assert.equal(
    balancer.backends().map(({ active }) => active),
    [2, 4],
  );
  for (const { backend, done } of picked) if (backend.name === "a") done();
  assert.is(balancer.pick().backend.name, "a");
});

test("the fastest gets most requests", () => {
  const world = new World("least-response-time", [1, 1, 1]);
  const times = { a: 5, b: 1, c: 20 } as Record<string, number>;
  let names = "";
  for (let request = 0; request < 300; request++) {
    world.now += 10;
    const { backend, done } = world.balancer.pick();
    done({ responseTimeMs: times[backend.name]! });
    names += backend.name;
  }
  assert.ok(count(names, "b") > 290, names);
  assert.equal(
    world.balancer.backends().map(({ responseTimeMs }) => responseTimeMs !== null && responseTimeMs > 0),
    [true, true, true],
  );
});

test("without a time the time since the pick counts", () => {
  const world = new World("least-response-time", [1]);
  const { done } = world.balancer.pick();
  world.now += 25;
  done();
  assert.is(world.balancer.backends()[0]?.responseTimeMs, 25);
});

for (const algorithm of ["source-hash", "maglev"] as const) {
  test(`the same key has the same backend, in every balancer of one seed: ${algorithm}`, () => {
    const [one, other] = [new World(algorithm, [1, 1, 1]).balancer, new World(algorithm, [1, 1, 1]).balancer];
    const keys = ["alice", "bob", new Uint8Array([1, 2, 3]), 7n, -1n, ""];
    for (const key of keys) assert.is(one.pick({ key }).backend.name, other.pick({ key }).backend.name);
    const spread = Array.from({ length: 300 }, (_, user) => one.pick({ key: `user ${user}` }).backend.name).join("");
    for (const name of "abc") assert.ok(count(spread, name) > 60, spread);
  });

  test(`without a key every pick has one of its own: ${algorithm}`, () => {
    const spread = new World(algorithm, [1, 1, 1]).picks(300);
    for (const name of "abc") assert.ok(count(spread, name) > 60, spread);
  });
}

test("a balancer of maglev chooses alike whatever its seed", () => {
  const [one, other] = [1n, 2n].map((seed) => new World("maglev", [1, 1, 1], { seed }).balancer);
  for (let user = 0; user < 100; user++)
    assert.is(one!.pick({ key: `${user}` }).backend.name, other!.pick({ key: `${user}` }).backend.name);
});

// ---------------------------------------------------------------- changes
test("backends come and go while picks are out; those that stay go on", () => {
  const world = new World("round-robin", [1, 1, 1]);
  assert.is(world.picks(2), "ab");
  const last = world.balancer.pick();
  world.balancer.set({ backends: backends(1, 1) });
  assert.is(world.picks(4), "abab");
  last.done({ error: "it had gone" });
  assert.equal(
    world.balancer.backends().map(({ name, picked, failed, active }) => [name, picked, failed, active]),
    [
      ["a", 3, 0, 0],
      ["b", 3, 0, 0],
    ],
  );
  world.balancer.set({ backends: backends(1, 1, 1) });
  assert.is(world.balancer.backends()[2]?.picked, 0, "one that comes back begins anew");
});

test("changes that nobody picked between begin nothing anew", () => {
  const world = new World("round-robin", [1, 1, 1]);
  assert.is(world.picks(2), "ab");
  for (const weights of [
    [1, 1],
    [1, 1, 1, 1],
    [1, 1, 1],
  ])
    world.balancer.set({ backends: backends(...weights) });
  assert.is(world.picks(4), "cabc");
});

test("one that comes back before its last pick is done goes on with its counts", () => {
  const world = new World("round-robin", [1, 1]);
  const [, second] = [world.balancer.pick(), world.balancer.pick()];
  world.balancer.set({ backends: backends(1) });
  world.balancer.set({ backends: backends(1, 1) });
  assert.equal([world.balancer.backends()[1]?.active, world.balancer.backends()[1]?.picked], [1, 1]);
  second.done();
  assert.is(world.balancer.backends()[1]?.active, 0);
});

test("a thousand changes leave room for more", () => {
  const world = new World("maglev", [1]);
  for (let round = 0; round < 1000; round++) {
    world.balancer.set({ backends: [{ name: `b${round}`, address: "10.0.0.2" }], algorithm: round % 50 === 0 ? "maglev" : "round-robin" });
    assert.is(world.balancer.pick().backend.name, `b${round}`);
  }
});

test("more rings one after the other than there is room for at once", () => {
  const world = new World("maglev", [1]);
  const atOnce = Math.ceil(SLATES_BYTES / (2 * RING_PLACES));
  for (let round = 0; round <= atOnce; round++) world.balancer.set({ backends: [{ name: `b${round}`, address: "10.0.0.2" }] });
  assert.is(world.balancer.pick().backend.name, `b${atOnce}`);
});

test("the algorithm changes from one pick to the next, and what is not given stays", () => {
  const world = new World("round-robin", [1, 3], { slowStartSeconds: 5 });
  for (const algorithm of [
    "weighted-round-robin",
    "least-load",
    "maglev",
    "random",
    "power-of-two",
    "source-hash",
    "least-response-time",
  ] as const) {
    world.balancer.set({ algorithm });
    assert.is(world.picks(8).length, 8);
  }
  world.balancer.set({ algorithm: "weighted-round-robin", backends: undefined });
  assert.is(count(world.picks(8), "b"), 6);
});

test("weight 0 drains: nothing new comes, what is there may end", () => {
  const world = new World("round-robin", [1, 1]);
  const picked = [world.balancer.pick(), world.balancer.pick()];
  world.balancer.set({ backends: backends(1, 0) });
  assert.is(world.picks(3), "aaa");
  assert.equal(world.states(), ["usable", "drained"]);
  for (const { done } of picked) done();
  world.balancer.set({ backends: backends(0, 0) });
  expectError("no-backend", () => world.balancer.pick());
});

test("a backend may have so many at once, and no more", () => {
  const { balancer } = new World("round-robin", [], {
    backends: [
      { address: "10.0.0.2", maxFlows: 2 },
      { address: "fd00::2", port: 80, maxFlows: 1 },
    ],
  });
  const picked = [balancer.pick(), balancer.pick(), balancer.pick()];
  assert.equal(picked.map(({ backend }) => backend.name).sort(), ["10.0.0.2", "10.0.0.2", "[fd00::2]:80"]);
  expectError("no-backend", () => balancer.pick());
  picked[0]!.done();
  assert.is(balancer.pick().backend.name, picked[0]!.backend.name);
});

test("one that comes later starts slowly", () => {
  for (const algorithm of ["weighted-round-robin", "least-load"] as const) {
    const world = new World(algorithm, [1, 1], { slowStartSeconds: 10 });
    const share = (): number => {
      const kept = Array.from({ length: 220 }, () => world.balancer.pick());
      for (const { done } of kept) done();
      return kept.filter(({ backend }) => backend.name === "c").length;
    };
    world.balancer.set({ backends: backends(1, 1, 1) });
    const shares = [0, 2_000, 3_000, 6_000].map((ms) => {
      world.now += ms;
      return share();
    });
    for (const [index, part] of [0.1, 0.2, 0.5, 1].entries()) {
      const expected = (220 * part) / (2 + part);
      assert.ok(Math.abs(shares[index]! - expected) <= 4, `${algorithm}: ${shares} instead of ${expected}`);
    }
  }
});

// ---------------------------------------------------------------- failures
test("one that fails five times in a row is left out, and comes back", () => {
  const world = new World("round-robin", [1, 1, 1]);
  world.fail("b", 5);
  assert.equal(world.states(), ["usable", "ejected", "usable"]);
  assert.is(world.balancer.backends()[1]?.ejectedForSeconds, 30);
  assert.is(count(world.picks(30), "b"), 0);
  world.now += 30_000;
  assert.is(count(world.picks(30), "b"), 10);
  assert.equal(world.states(), ["usable", "usable", "usable"]);
  assert.is(world.balancer.backends()[1]?.failed, 5);
});

test("the last one is not left out", () => {
  const world = new World("round-robin", [1]);
  world.fail("a", 20);
  assert.is(world.picks(2), "aa");
  assert.equal(world.states(), ["usable"]);
});

test("nobody is left out where that is turned off", () => {
  const world = new World("round-robin", [1, 1, 1], { ejection: false });
  world.fail("b", 50);
  assert.equal(world.states(), ["usable", "usable", "usable"]);
  world.balancer.set({ ejection: { failures: 1 } });
  world.fail("b", 1);
  assert.equal(world.states(), ["usable", "ejected", "usable"]);
});

test("what is said after a pick is done does not count", () => {
  const { balancer } = new World("least-load", [1]);
  const { done } = balancer.pick();
  done({ responseTimeMs: 4 });
  done({ error: "late" });
  done({ responseTimeMs: 400 });
  const [only] = balancer.backends();
  assert.equal([only?.active, only?.failed, only?.responseTimeMs], [0, 0, 4]);
});

test("a load that is reported counts until it is too old", () => {
  const world = new World("least-load", [1, 1]);
  world.balancer.report("a", 50, 10);
  assert.is(world.picks(20, true), "b".repeat(20));
  world.now += 12_000;
  assert.is(world.picks(20, true), "a".repeat(20));
});

// ---------------------------------------------------------------- bad input
test("everything that is wrong is told, with path, value and remedy", () => {
  const input = { algorithm: "fastest", backends: [{ address: "web-1", weight: -1 }, { adress: "10.0.0.2" }], slowStart: 5 };
  try {
    Balancer.create(input as never);
    assert.unreachable();
  } catch (error) {
    const { problems } = error as BadConfiguration;
    const paths = problems.map(({ path }) => path).sort();
    assert.equal(paths, [
      "algorithm",
      "backends[0].address",
      "backends[0].weight",
      "backends[1].address",
      "backends[1].adress",
      "slowStart",
    ]);
    for (const { message, remedy } of problems) assert.ok(message.length > 10 && remedy.length > 5, message);
  }
});

test("two backends of one name are refused, and nothing changes", () => {
  const world = new World("round-robin", [1, 1]);
  expectError("bad-configuration", () => Balancer.create({ backends: [{ address: "10.0.0.2" }, { address: "10.0.0.2" }] }));
  expectError("bad-configuration", () => world.balancer.set({ backends: [...backends(1, 1), ...backends(1)] }));
  assert.is(world.picks(2), "ab");
});

test("bad arguments are refused by their name", () => {
  const { balancer } = new World("round-robin", [1]);
  for (const [name, action] of [
    ["responseTimeMs", () => balancer.pick().done({ responseTimeMs: -1 })],
    ["responseTimeMs", () => balancer.pick().done({ responseTimeMs: Number.NaN })],
    ["load", () => balancer.report("a", -1, 1)],
    ["maxAgeSeconds", () => balancer.report("a", 1, Number.POSITIVE_INFINITY)],
  ] as const) {
    assert.throws(action, ({ code, path }: { code: string; path: string }) => code === "bad-argument" && path === name);
  }
  expectError("backend-missing", () => balancer.report("nobody", 1, 1));
});

test.run();
