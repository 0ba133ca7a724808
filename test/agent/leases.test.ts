/** Addresses that an agent lends to ports without any: no two ports have the same, and a port keeps its own through whatever
 *  becomes of the agent. */
import { readFileSync, writeFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Agent } from "../../agent/agent.ts";
import type { PortyardError } from "../../bindings/error.ts";
import { scale } from "../scale.ts";
import { random } from "../support/packet/random.ts";
import { seedOf } from "../support/seed.ts";
import { ask, Yard } from "./support/yard.ts";

const test = suite<{ yard: Yard }>("leases");
test.before.each((context) => {
  context.yard = new Yard();
});
test.after.each(({ yard }) => yard.remove());

const blue = { name: "blue", subnet: ["10.77.0.0/24", "fd77::/120"] };
const pooled = (name: string, network = "blue") => ({ name, network, tap: { namespace: name, interface: "eth0" } });
const fixed = (name: string, address: string) => ({ name, network: "blue", tap: { namespace: name, interface: "eth0", address } });
const lab = (...ports: unknown[]) => ({ name: "lab", networks: [blue], ports });

type Addresses = Record<string, string[]>;

/** Addresses of each port, as the API tells them. */
async function addresses(agent: Agent): Promise<Addresses> {
  const { body } = await ask(agent.place.socket, "GET", "/v1/ports");
  return Object.fromEntries(body.map((port: { name: string; addresses: string[] }) => [port.name, port.addresses]));
}

const add = (agent: Agent, port: unknown) => ask(agent.place.socket, "POST", "/v1/ports", port);
const remove = (agent: Agent, name: string) => ask(agent.place.socket, "DELETE", `/v1/ports/${name}`);
const fault = (promise: Promise<unknown>): Promise<PortyardError> =>
  promise.then(
    () => assert.unreachable("it was taken"),
    (error) => error,
  );

test("ports without address get one of each family, around those that others name", async ({ yard }) => {
  const agent = await yard.start(lab(pooled("a"), pooled("b"), fixed("c", "10.77.0.1"), { ...pooled("d"), addresses: ["10.77.0.9"] }));
  assert.equal(await addresses(agent), {
    a: ["10.77.0.2", "fd77::1"],
    b: ["10.77.0.3", "fd77::2"],
    c: ["10.77.0.1"],
    d: ["10.77.0.4", "fd77::3", "10.77.0.9"],
  });
  const { ports, networks } = JSON.parse(readFileSync(agent.place.stateFile, "utf8"));
  assert.equal(
    ports.map(({ lease }: { lease?: string[] }) => lease ?? null),
    [["10.77.0.2/24", "fd77::1/120"], ["10.77.0.3/24", "fd77::2/120"], null, ["10.77.0.4/24", "fd77::3/120"]],
  );
  assert.equal(networks[0].given, ["10.77.0.4", "fd77::3"]);
  assert.not(ports[0].config.tap.address, "the configuration stays as it was asked for");
  await agent.stop();
  assert.equal(yard.leftovers, []);
});

test("the gateway's address is not lent, nor one that a port had which has become the gateway's", async ({ yard }) => {
  const first = await yard.start(lab(pooled("a"), pooled("b")));
  await first.leave();
  const withGateway = { ...blue, gateway: ["10.77.0.1", "fd77::3"] };
  const second = await yard.start({ ...lab(pooled("a"), pooled("b"), pooled("c")), networks: [withGateway] });
  const { a, b, c } = await addresses(second);
  assert.equal(
    [a, b, c],
    [
      ["10.77.0.3", "fd77::1"],
      ["10.77.0.2", "fd77::2"],
      ["10.77.0.4", "fd77::4"],
    ],
  );
  await second.stop();
});

test("the next agent lends each port what it had, in whichever order they stand, and new ones what is left", async ({ yard }) => {
  const first = await yard.start(lab(pooled("a"), pooled("b"), pooled("c")));
  const before = await addresses(first);
  await first.leave();
  const second = await yard.start(lab(pooled("new"), pooled("c"), pooled("a")));
  const after = await addresses(second);
  assert.equal([after.a, after.c], [before.a, before.c]);
  assert.equal(after.new, ["10.77.0.4", "fd77::4"], "b's address rests");
  await second.stop();
});

test("an address that the file gives to a port by name is no longer lent to another", async ({ yard }) => {
  const first = await yard.start(lab(pooled("a"), pooled("b")));
  await first.leave();
  const second = await yard.start(lab(pooled("a"), pooled("b"), fixed("c", "10.77.0.1")));
  assert.equal(await addresses(second), { a: ["10.77.0.3", "fd77::1"], b: ["10.77.0.2", "fd77::2"], c: ["10.77.0.1"] });
  await second.stop();
});

test("a port of the API keeps its address over a stop, also while it cannot be made", async ({ yard }) => {
  const first = await yard.start(lab());
  assert.equal((await add(first, pooled("api"))).body.addresses, ["10.77.0.1", "fd77::1"]);
  assert.is((await add(first, fixed("own", "10.77.0.2"))).status, 201);
  await first.stop();
  yard.prepare = (engine) => {
    for (const name of ["api", "own"]) engine.refused.add(name);
  };
  const second = await yard.start(lab(pooled("file")));
  assert.equal(await addresses(second), { file: ["10.77.0.3", "fd77::2"], api: ["10.77.0.1", "fd77::1"], own: ["10.77.0.2"] });
  assert.equal((await add(second, pooled("later"))).body.addresses, ["10.77.0.4", "fd77::3"]);
  await second.stop();
  yard.prepare = () => {};
  const third = await yard.start(lab(pooled("file")));
  const { api, own, later } = await addresses(third);
  assert.equal([api, own, later], [["10.77.0.1", "fd77::1"], ["10.77.0.2"], ["10.77.0.4", "fd77::3"]]);
  for (const name of ["api", "own", "later"]) assert.is((await remove(third, name)).status, 204);
  await third.stop();
  assert.equal(yard.leftovers, []);
});

test("an address that was released is not lent at once, nor after a restart", async ({ yard }) => {
  const first = await yard.start({ ...lab(), networks: [] });
  await ask(first.place.socket, "POST", "/v1/networks", blue);
  for (const name of ["a", "b"]) await add(first, pooled(name));
  await remove(first, "b");
  assert.equal((await add(first, pooled("c"))).body.addresses, ["10.77.0.3", "fd77::3"]);
  await remove(first, "c");
  await first.stop();
  const second = await yard.start({ ...lab(), networks: [] });
  assert.equal((await add(second, pooled("d"))).body.addresses, ["10.77.0.4", "fd77::4"]);
  await second.stop();
});

test("a lent address cannot be given to another port by name", async ({ yard }) => {
  const agent = await yard.start(lab(pooled("a")));
  const { status, body } = await add(agent, fixed("b", "10.77.0.1"));
  assert.is(status, 400);
  assert.match(body.error.message, /is 10\.77\.0\.1, which port a has/);
  await agent.stop();
});

test("a pool that has nothing left is an error that names it, and nothing is left behind", async ({ yard }) => {
  const tiny = { name: "tiny", subnet: "10.0.0.0/30" };
  const config = { name: "lab", networks: [tiny], ports: [pooled("a", "tiny"), pooled("b", "tiny")] };
  const error = await fault(yard.start(config));
  assert.equal([error.code, error.value], ["pool-exhausted", "10.0.0.0/30"]);
  assert.equal(yard.leftovers, []);
  const agent = await yard.start({ ...config, ports: [pooled("a", "tiny")] });
  const { status, body } = await add(agent, pooled("b", "tiny"));
  assert.equal([status, body.error.code], [409, "pool-exhausted"]);
  assert.equal(Object.keys(await addresses(agent)), ["a"]);
  assert.not(yard.engine!.asked.includes("addPort b"));
  await agent.stop();
  assert.equal(yard.leftovers, []);
});

test("a port that the engine refuses gives its address back", async ({ yard }) => {
  const agent = await yard.start({ name: "lab", networks: [{ name: "tiny", subnet: "10.0.0.0/30" }] });
  yard.engine!.refused.add("a");
  assert.is((await add(agent, pooled("a", "tiny"))).body.error.code, "namespace-missing");
  assert.equal((await add(agent, pooled("b", "tiny"))).body.addresses, ["10.0.0.1"]);
  await agent.stop();
});

test("a state with a lease that is no address is refused", async ({ yard }) => {
  const agent = await yard.start(lab());
  await add(agent, pooled("a"));
  await agent.stop();
  const text = readFileSync(agent.place.stateFile, "utf8").replace("10.77.0.1/24", "10.77.0.1/99");
  writeFileSync(agent.place.stateFile, text);
  assert.is((await fault(yard.start(lab()))).code, "state-unreadable");
});

test("whatever comes, goes and restarts: no address twice, and every port keeps its own", async ({ yard }) => {
  const seed = seedOf("leases");
  const { below, pick } = random(seed);
  const small = { name: "blue", subnet: ["10.77.0.0/28", "fd77::/124"] };
  const names = Array.from({ length: 12 }, (_, index) => `p${index}`);
  let file = ["f0", "f1"];
  const start = () => yard.start({ name: "lab", networks: [small], ports: file.map((name) => pooled(name)) });
  let agent = await start();
  let known = await addresses(agent);
  for (let round = 0; round < scale.leaseRounds; round++) {
    const [what, name] = [below(10), pick(names)];
    if (what < 5 && !known[name]) {
      const { status, body } = await add(agent, pooled(name));
      assert.equal([status, body.error?.code], Object.keys(known).length < 13 ? [201, undefined] : [409, "pool-exhausted"]);
    } else if (what < 8 && known[name]) await remove(agent, name);
    else if (what >= 8) {
      await agent.leave();
      if (below(2) === 0) file = file.length === 2 ? ["f1"] : ["f0", "f1"];
      agent = await start();
    }
    const now = await addresses(agent);
    const all = Object.values(now).flat();
    assert.is(new Set(all).size, all.length, `round ${round}, seed ${seed}`);
    for (const port of Object.keys(now)) {
      assert.is(now[port]!.length, 2);
      if (known[port]) assert.equal(now[port], known[port], `${port} in round ${round}, seed ${seed}`);
    }
    known = now;
  }
  await agent.stop();
});

test.run();
