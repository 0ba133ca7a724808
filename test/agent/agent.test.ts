/** The life of an agent on a fake engine: what it takes at its start it gives back at its end, whatever the end is. */
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { PortyardError } from "../../bindings/error.ts";
import { ask, blue, portA, portB, Yard } from "./support/yard.ts";

const test = suite<{ yard: Yard }>("agent");
test.before.each((context) => {
  context.yard = new Yard();
});
test.after.each(({ yard }) => yard.remove());

const config = { name: "lab", networks: [blue], ports: [portA] };
const fault = (promise: Promise<unknown>): Promise<PortyardError> =>
  promise.then(
    () => assert.unreachable("it was taken"),
    (error) => error,
  );

test("while it runs there are a socket, a lock and the state; afterwards nothing", async ({ yard }) => {
  const agent = await yard.start(config);
  assert.equal(yard.leftovers, ["lib", "lib/lab", "lib/lab/state.json", "run", "run/lab", "run/lab/agent.lock", "run/lab/agent.sock"]);
  assert.is(statSync(agent.place.runDirectory).mode & 0o777, 0o700);
  assert.is(statSync(agent.place.socket).mode & 0o777, 0o600);
  assert.is(statSync(agent.place.stateFile).mode & 0o777, 0o600);
  assert.is(readFileSync(agent.place.lock, "utf8"), `${process.pid}\n`);
  await agent.stop();
  await agent.closed;
  assert.equal(yard.leftovers, []);
  assert.equal(yard.engine!.asked, ["addPort a", "settle", "close"]);
});

test("one that leaves keeps its state and ends no port", async ({ yard }) => {
  const agent = await yard.start(config);
  const state = readFileSync(agent.place.stateFile, "utf8");
  assert.equal((await ask(agent.place.socket, "POST", "/v1/leave")).body, { left: true });
  assert.is(await agent.closed, true);
  assert.is(readFileSync(agent.place.stateFile, "utf8"), state);
  assert.equal(yard.engine!.asked, ["addPort a", "settle", "leave"]);
  assert.equal(yard.leftovers, ["lib", "lib/lab", "lib/lab/state.json"]);
});

test("a second agent of the same name is refused before an engine is made", async ({ yard }) => {
  const agent = await yard.start(config);
  const first = yard.engine;
  const error = await fault(yard.start({ name: "lab" }, { socket: join(yard.root, "other.sock") }));
  assert.is(error.code, "agent-running");
  assert.match(error.message, new RegExp(`pid ${process.pid}`));
  assert.match(error.remedy!, /portyard down --name lab/);
  assert.is(yard.engine, first);
  assert.is((await ask(agent.place.socket, "GET", "/v1/version")).body.instance, "lab");
  await agent.stop();
});

test("two agents of different names run side by side", async ({ yard }) => {
  const one = await yard.start({ name: "one" });
  const two = await yard.start({ name: "two" });
  await one.stop();
  assert.is((await ask(two.place.socket, "GET", "/v1/version")).body.instance, "two");
  await two.stop();
  assert.equal(yard.leftovers, []);
});

test("a socket that a living program holds is refused, a dead one's is replaced", async ({ yard }) => {
  const path = join(yard.root, "x.sock");
  const other = createServer().listen(path);
  assert.is((await fault(yard.start(config, { socket: path }))).code, "agent-running");
  assert.equal(yard.leftovers, ["x.sock"]);
  await new Promise((resolve) => other.close(resolve));
  writeFileSync(path, "");
  assert.is((await fault(yard.start(config, { socket: path }))).code, "socket-taken");
  assert.equal(yard.leftovers, ["x.sock"]);
});

test("a socket's path that is too long is refused with its limit", async ({ yard }) => {
  const error = await fault(yard.start(config, { socket: join(yard.root, "x".repeat(100)) }));
  assert.is(error.code, "socket-path-long");
  assert.equal(yard.leftovers, []);
});

test("a port that cannot be made ends the start, and nothing is left", async ({ yard }) => {
  yard.prepare = (engine) => engine.refused.add("b");
  const error = await fault(yard.start({ ...config, ports: [portA, portB] }));
  assert.is(error.code, "namespace-missing");
  assert.equal(yard.engine!.asked, ["addPort a", "addPort b", "close"]);
  assert.equal(yard.leftovers, []);
});

test("an engine that does not start leaves nothing", async ({ yard }) => {
  const error = await fault(yard.start(config, { createEngine: () => Promise.reject(new Error("no ring")) }));
  assert.is(error.message, "no ring");
  assert.equal(yard.leftovers, []);
});

test("a stop in the middle of the start ends it after the port in work", async ({ yard }) => {
  let open: () => void = () => {};
  const started = new Promise<void>((resolve) => {
    yard.prepare = (engine) => {
      engine.gate = new Promise((go) => {
        open = go;
        resolve();
      });
    };
  });
  const starting = fault(yard.start({ ...config, ports: [portA, portB] }));
  await started;
  const socket = join(yard.runRoot, "lab", "agent.sock");
  assert.is((await ask(socket, "GET", "/v1/version")).body.state, "starting");
  assert.is((await ask(socket, "GET", "/v1/ports")).status, 503);
  const stopping = ask(socket, "POST", "/v1/stop");
  while ((await ask(socket, "GET", "/v1/version")).body.state === "starting") await new Promise(setImmediate);
  open();
  assert.is((await starting).code, "stopping");
  assert.equal((await stopping).body, { stopped: true });
  assert.equal(yard.engine!.asked, ["addPort a", "close"]);
  assert.equal(yard.leftovers, []);
});

test("what the API made survives a restart, what the file made does not", async ({ yard }) => {
  const first = await yard.start(config);
  await ask(first.place.socket, "POST", "/v1/networks", { name: "green" });
  await ask(first.place.socket, "POST", "/v1/ports", portB);
  await first.stop();
  assert.equal(yard.leftovers, ["lib", "lib/lab", "lib/lab/state.json"]);
  const second = await yard.start({ name: "lab", networks: [blue] });
  const { body } = await ask(second.place.socket, "GET", "/v1/ports");
  assert.equal(
    body.map((port: { name: string; owner: string }) => [port.name, port.owner]),
    [["b", "api"]],
  );
  assert.equal(yard.engine!.asked, ["addNetwork green", "addPort b", "settle"]);
  await second.stop();
});

test("an object of the API that cannot be made again is shown as failed, kept, and can be removed", async ({ yard }) => {
  const first = await yard.start(config);
  await ask(first.place.socket, "POST", "/v1/ports", portB);
  await first.stop();
  yard.prepare = (engine) => engine.refused.add("b");
  const second = await yard.start(config);
  const held = (await ask(second.place.socket, "GET", "/v1/ports?port=b")).body[0];
  assert.equal([held.state, held.error.code, held.io, held.owner], ["failed", "namespace-missing", null, "api"]);
  await second.stop();
  yard.prepare = () => {};
  const third = await yard.start(config);
  assert.is((await ask(third.place.socket, "GET", "/v1/ports?port=b")).body[0].state, "up");
  await third.stop();
  yard.prepare = (engine) => engine.refused.add("b");
  const fourth = await yard.start(config);
  assert.is((await ask(fourth.place.socket, "DELETE", "/v1/ports/b")).status, 204);
  assert.is((await ask(fourth.place.socket, "GET", "/v1/ports?port=b")).status, 404);
  await fourth.stop();
  assert.equal(yard.leftovers, []);
});

test("a name that the file and the API both have is an error, and the state stays", async ({ yard }) => {
  const first = await yard.start(config);
  await ask(first.place.socket, "POST", "/v1/ports", portB);
  await first.stop();
  const error = await fault(yard.start({ ...config, ports: [portA, portB] }));
  assert.equal([error.code, error.value], ["name-taken", "b"]);
  assert.equal(yard.leftovers, ["lib", "lib/lab", "lib/lab/state.json"]);
});

test("a state that cannot be read is an error that leaves it alone", async ({ yard }) => {
  const first = await yard.start(config);
  await ask(first.place.socket, "POST", "/v1/ports", portB);
  await first.stop();
  writeFileSync(first.place.stateFile, "{");
  assert.is((await fault(yard.start(config))).code, "state-unreadable");
  assert.is(readFileSync(first.place.stateFile, "utf8"), "{");
});

test("an engine that does not close is told of, and all else is given back", async ({ yard }) => {
  yard.prepare = (engine) => {
    engine.close = () => Promise.reject(new Error("stuck"));
  };
  const agent = await yard.start(config);
  assert.is((await fault(agent.stop())).message, "stuck");
  assert.equal(yard.leftovers, []);
  assert.ok(yard.lines.some(({ msg }) => msg === "something could not be taken back"));
});

test("the engine's events and the forwarder's records are in the log", async ({ yard }) => {
  const agent = await yard.start(config);
  yard.engine!.emit("portDown", "a", "ENODEV");
  yard.engine!.emit("macLearned", "blue", "02:00:00:00:00:0c", "a");
  yard.engine!.options.log!("warn", "ring is small", { entries: 64 });
  await agent.stop();
  const line = (msg: string) => yard.lines.find((each) => each.msg === msg)!;
  assert.equal([line("port down").port, line("port down").error], ["a", "ENODEV"]);
  assert.is(line("station learned").mac, "02:00:00:00:00:0c");
  assert.equal([line("ring is small").part, line("ring is small").entries], ["forwarder", 64]);
});

test("progress is told before each port and at the end", async ({ yard }) => {
  const seen: number[] = [];
  const agent = await yard.start({ ...config, ports: [portA, portB] }, { onProgress: (made) => seen.push(made) });
  assert.equal(seen, [0, 1, 2]);
  await agent.stop();
});

test("records of Docker that cannot be read stop a start before anything is touched", async ({ yard }) => {
  const agent = await yard.start(config);
  const { dockerFile } = agent.place;
  await agent.leave();
  const before = yard.leftovers;
  writeFileSync(dockerFile, "{}");
  yard.engine = null;
  const error = await fault(yard.start({ ...config, docker: { socket: join(yard.root, "docker.sock") } }));
  assert.equal([error.code, yard.engine], ["state-unreadable", null]);
  assert.equal(
    yard.leftovers.filter((path) => !path.endsWith("docker.json")),
    before,
  );
  rmSync(dockerFile);
});

test.run();
