/** A backend dies under a steady stream of new connections through a virtual address, and what that costs: nothing fails but what it had been given before
 *  its failures were noticed. Backends answer HTTP after some milliseconds, so that some connections are always open.
 *
 *      c1 (client) ── TAP p1 ─┐
 *      c2 (b1) ────── TAP p2 ─┤  dies: its process is killed, its kernel refuses, or its link goes down, nothing answers
 *      c3 (b2) ────── TAP p3 ─┼─ network blue ── my-service 10.77.0.100: TCP 80 -> 8080, round robin, with ejection
 *      c4 (b3) ────── TAP p4 ─┘                                                                                           */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { ServiceConfig } from "../../bindings/config/types.ts";
import type { Engine } from "../../bindings/engine.ts";
import { monotonicMs } from "../../bindings/forwarder/clock.ts";
import { scale } from "../../test/scale.ts";
import { ip } from "../support/ip.ts";
import { needing } from "../support/need.ts";
import { type Account, account, given, givenSince, isEven, type Look, look, when } from "./call-account.ts";
import type { Container } from "./container.ts";
import { type Served, VIRTUAL, withServed } from "./services.ts";
import type { Call, CallOrder } from "./station-calls.ts";
import type { TcpCounts } from "./station-connections.ts";
import { lawHolds } from "./topology.ts";

const test = suite("deaths of backends");
const NEEDS = ["root", "iproute2", "tun"] as const;
const SERVER = { port: 8080, delayMs: 60 };
/** Longer than a SYN that was let be twice waits for its third try: 1 s, then 2. */
const PATIENCE_MS = 4500;
/** Connections between two looks at what has become of all of them. */
const SOME = 60;

const ejecting =
  (seconds: number) =>
  (service: ServiceConfig): ServiceConfig => ({
    ...service,
    ejection: { failures: 5, seconds, maxSeconds: 300, share: 0.1 },
    panicShare: 0.5,
  });

interface Death {
  what: string;
  die(backend: Container): Promise<void>;
  revive(backend: Container): Promise<void>;
  /** Fails when what the engine has counted of b1 is not what became of the connections, of which the client sent so many SYNs again. */
  compare(synsAgain: number, calls: readonly Call[], ends: Account, last: Look, held: Held): void;
}

/** Local ports of connections that b1 had when it was left out. */
interface Held {
  halfOpen: Set<number>;
  established: Set<number>;
}

const killed: Death = {
  what: "whose process is killed",
  die: (backend) => backend.kill(),
  revive: (backend) => backend.station.ask("serveHttp", { ...SERVER, name: "b1" }),
  compare(_synsAgain, _calls, { refused, moved }, { counts }) {
    assert.is(counts.b1.failed, refused.length);
    assert.is(moved, 0);
  },
};

const silenced: Death = {
  what: "whose link goes down",
  die: async ({ namespace }) => void ip(`-n ${namespace.name} link set eth0 down`),
  revive: async ({ namespace }) => void ip(`-n ${namespace.name} link set eth0 up`),
  compare(synsAgain, calls, { refused, cut, moved }, { counts }, { halfOpen, established }) {
    assert.equal(refused, []);
    assert.is(counts.b1.failed + moved, synsAgain, "each SYN that came again is counted, or has found another");
    for (const { localPort } of cut) assert.ok(established.has(localPort), `port ${localPort} was at b1`);
    for (const { localPort, answer } of calls) if (halfOpen.has(localPort)) assert.ok(answer === "b2" || answer === "b3", `${answer}`);
  },
};

function held(engine: Engine): Held {
  const ports = (state: "half-open" | "established") => {
    const { flows } = engine.flows({ service: "my-service", backend: "b1", state });
    return new Set(flows.map(({ client }) => Number(client.split(":").at(-1))));
  };
  return { halfOpen: ports("half-open"), established: ports("established") };
}

/** Resolves when the stream of connections goes on. */
async function begin({ engine, client, backends }: Served): Promise<void> {
  for (const [index, { station }] of backends.entries()) {
    await station.ask("stopHttp", { port: SERVER.port });
    await station.ask("serveHttp", { ...SERVER, name: `b${index + 1}` });
  }
  const order: CallOrder = {
    address: VIRTUAL,
    port: 80,
    perSecond: scale.deathCallsPerSecond,
    firstLocalPort: 2000,
    patienceMs: PATIENCE_MS,
  };
  await client.station.ask("keepCalling", { ...order });
  await when(engine, (now) => given(now) >= SOME);
}

/** Ends it when b1 has been given some again. */
async function end({ engine, client }: Served, back: Look): Promise<{ calls: Call[]; last: Look }> {
  await when(engine, (now) => given(now) >= given(back) + SOME);
  return { calls: await client.station.ask<Call[]>("stopCalling", {}), last: look(engine) };
}

async function dieAndReturn(death: Death, workers: number, served: Served): Promise<void> {
  const { engine, backends } = served;
  const [first] = backends as [Container];
  await begin(served);
  const diedMs = monotonicMs();
  await death.die(first);
  const out = await when(engine, ({ isOut }) => isOut);
  const had = held(engine);
  const noticedMs = out.atMs - diedMs;
  assert.ok(noticedMs <= scale.noticedDeathMilliseconds, `it was noticed after ${noticedMs} ms`);
  assert.ok(out.outForSeconds > 0 && out.outForSeconds <= scale.ejectionSeconds);

  // whoever still waits for it then has given up
  await when(engine, ({ atMs }) => atMs > out.atMs + PATIENCE_MS);
  await death.revive(first);
  const back = await when(engine, ({ isOut }) => !isOut, scale.ejectionSeconds * 1000 + scale.nativePatienceMilliseconds);
  assert.equal(givenSince(out, back.before, ["b1"]), [0]);
  assert.ok(isEven(givenSince(out, back.before, ["b2", "b3"]), workers));
  const { calls, last } = await end(served, back);
  assert.ok(isEven(givenSince(back, last), workers));

  const ends = account(calls, last, out.atMs);
  const { synsAgain } = await served.client.station.ask<TcpCounts>("tcpCounts", {});
  death.compare(synsAgain, calls, ends, last, had);
  const costs = `${ends.refused.length} refused, ${ends.cut.length} cut, ${ends.moved} to others by a later SYN`;
  console.log(
    `a backend ${death.what}, ${workers} worker(s), ${scale.deathCallsPerSecond} connections a second: noticed after ${noticedMs.toFixed(0)} ms; ` +
      `of ${calls.length}: ${costs}; ${last.counts.b1.failed} failures counted of it, of others 0; slowest answer ${ends.slowestMs.toFixed(0)} ms; ` +
      `out for ${((back.atMs - out.atMs) / 1000).toFixed(1)} s`,
  );
  await lawHolds(engine);
}

for (const [death, workers] of [
  [killed, 1],
  [silenced, 2],
] as const) {
  const body = () => withServed((served) => dieAndReturn(death, workers, served), ejecting(scale.ejectionSeconds), { workers });
  const what = `${workers} worker(s), a backend ${death.what}: only what it was given before it is left out fails, and it comes back`;
  test(...needing([...NEEDS], what, body));
}

test(
  ...needing([...NEEDS], "one that stays dead fails as often again before it is left out again, for twice as long", () =>
    withServed(async (served) => {
      const { engine, backends } = served;
      const [first] = backends as [Container];
      await begin(served);
      await killed.die(first);
      const once = await when(engine, ({ isOut }) => isOut);
      assert.ok(once.outForSeconds <= 1);
      const between = await when(engine, ({ isOut }) => !isOut);
      const twice = await when(engine, ({ isOut }) => isOut);
      assert.ok(twice.outForSeconds > 1 && twice.outForSeconds <= 2);
      assert.ok(twice.counts.b1.failed - between.before.counts.b1.failed >= 5);
      await killed.revive(first);
      const { calls, last } = await end(served, await when(engine, ({ isOut }) => !isOut));
      const { refused } = account(calls, last, twice.atMs);
      assert.is(last.counts.b1.failed, refused.length);
      assert.is(last.counts.b1.failed, twice.counts.b1.failed, "what lives does not fail");
      await lawHolds(engine);
    }, ejecting(1)),
  ),
);

test.run();
