/** When an agent asks what of its host, on a fake engine and a fake host: rules stand before a network does and go after it. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { PortyardError } from "../../bindings/error.ts";
import { ask, blue, portA, portB, Yard } from "./support/yard.ts";

const test = suite<{ yard: Yard }>("agent and host");
test.before.each((context) => {
  context.yard = new Yard();
});
test.after.each(({ yard }) => yard.remove());

const open = { ...blue, gateway: "10.77.0.1" };
const green = { name: "green", subnet: "10.78.0.0/24", gateway: "10.78.0.1" };
const lab = { name: "lab", networks: [open], ports: [portA] };

test("rules are made before the engine and go after it", async ({ yard }) => {
  const order: string[] = [];
  yard.prepare = () => void order.push(...yard.host!.asked, "engine");
  const agent = await yard.start(lab);
  assert.equal(order, ["update blue", "engine"]);
  await agent.stop();
  assert.is(yard.engine!.asked.at(-1), "close");
  assert.is(yard.host!.asked.at(-1), "close");
  assert.is(yard.host!.isMade, false);
});

test("an agent that leaves leaves them", async ({ yard }) => {
  const agent = await yard.start(lab);
  await ask(agent.place.socket, "POST", "/v1/leave");
  await agent.closed;
  assert.is(yard.host!.asked.at(-1), "leave");
});

test("a host that refuses ends the start, and nothing is left", async ({ yard }) => {
  yard.prepareHost = (host) => host.refused.add("blue");
  const error: PortyardError = await yard.start(lab).then(
    () => assert.unreachable("it was taken"),
    (reason) => reason,
  );
  assert.is(error.code, "nft-failed");
  assert.is(yard.engine, null);
  assert.equal(yard.host!.asked, ["update blue", "close"]);
  assert.equal(yard.leftovers, []);
});

test("a network that the API makes has its rules first, and they go with it", async ({ yard }) => {
  const agent = await yard.start(lab);
  const asked = yard.host!.asked;
  asked.length = 0;
  assert.is((await ask(agent.place.socket, "POST", "/v1/networks", green)).status, 201);
  assert.equal(asked.splice(0), ["update blue green"]);
  assert.is((await ask(agent.place.socket, "POST", "/v1/networks", { name: "plain" })).status, 201);
  assert.equal(asked, [], "one without a gateway is no matter of the host");
  assert.is((await ask(agent.place.socket, "DELETE", "/v1/networks/green")).status, 204);
  assert.equal(asked, ["update blue"]);
  await agent.stop();
});

test("one that the host refuses is not made, and its name is free again", async ({ yard }) => {
  const agent = await yard.start(lab);
  yard.host!.refused.add("green");
  const { status, body } = await ask(agent.place.socket, "POST", "/v1/networks", green);
  assert.equal([status, body.error.code], [422, "nft-failed"]);
  assert.not.ok(yard.engine!.asked.includes("addNetwork green"));
  yard.host!.refused.clear();
  assert.is((await ask(agent.place.socket, "POST", "/v1/networks", green)).status, 201);
  await agent.stop();
});

test("one that the engine refuses loses its rules", async ({ yard }) => {
  const agent = await yard.start(lab);
  yard.engine!.addNetwork = () => Promise.reject(new Error("no device"));
  const asked = yard.host!.asked;
  asked.length = 0;
  assert.is((await ask(agent.place.socket, "POST", "/v1/networks", green)).status, 500);
  assert.equal(asked, ["update blue green", "update blue"]);
  await agent.stop();
});

test("after a restart the API's networks have their rules from the first moment", async ({ yard }) => {
  const first = await yard.start(lab);
  await ask(first.place.socket, "POST", "/v1/networks", green);
  await first.stop();
  const second = await yard.start(lab);
  assert.equal(yard.host!.asked[0], "update blue green");
  assert.equal(yard.host!.asked.at(-1), "update blue green");
  await second.stop();
});

test("a host port is its network's, is listed by its name, and cannot be removed alone", async ({ yard }) => {
  yard.prepare = (engine) => {
    const ports = engine.ports.bind(engine);
    engine.ports = () => [...ports(), { ...ports()[0]!, name: "py-blue", kind: "host", network: "blue" }];
  };
  const agent = await yard.start({ ...lab, ports: [portA, portB] });
  const { status, body } = await ask(agent.place.socket, "GET", "/v1/ports?port=py-blue");
  assert.equal([status, body.length, body[0].kind, body[0].owner], [200, 1, "host", "file"]);
  const removal = await ask(agent.place.socket, "DELETE", "/v1/ports/py-blue");
  assert.equal([removal.status, removal.body.error.code], [409, "port-kind"]);
  await agent.stop();
});

test("the state has networks with their gateways, and no host ports", async ({ yard }) => {
  const agent = await yard.start(lab);
  const { body } = await ask(agent.place.socket, "GET", "/v1/networks");
  assert.equal([body[0].gateway, body[0].gateways, body[0].internal], ["10.77.0.1", ["10.77.0.1"], false]);
  await ask(agent.place.socket, "POST", "/v1/leave");
  await agent.closed;
  const again = await yard.start(lab);
  assert.equal((await ask(again.place.socket, "GET", "/v1/networks")).body[0].gateways, ["10.77.0.1"]);
  await again.stop();
});

test.run();
