/** Docker's way of asking: POST with or without a body, no content type, errors under both of its names. Real sockets, a fake engine. */
import { existsSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Agent } from "../../../agent/agent.ts";
import { Yard } from "../support/yard.ts";

const test = suite<{ yard: Yard; socket: string; start: (config?: object) => Promise<Agent> }>("Docker's plugin protocol");

test.before.each((context) => {
  context.yard = new Yard();
  context.socket = join(context.yard.root, "plugins", "portyard.sock");
  context.start = (config = {}) => context.yard.start({ name: "lab", docker: { socket: context.socket }, ...config });
});
test.after.each(({ yard }) => yard.remove());

interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it freely
  body: any;
}

/** Asks as Docker does: no content type, and no body where there are no arguments. */
function call(socketPath: string, method: string, body?: unknown): Promise<Answer> {
  const text = body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body);
  const headers = {
    Host: "plugin.moby.localhost",
    Accept: "application/vnd.docker.plugins.v1.2+json",
    "Content-Length": Buffer.byteLength(text),
  };
  return new Promise((resolve, reject) => {
    const asking = request({ socketPath, method: "POST", path: `/${method}`, headers, agent: false }, (response) => {
      let answer = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        answer += part;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(answer) }));
    });
    asking.on("error", reject).end(text);
  });
}

test("the handshake says what is served, and the socket goes with the agent", async ({ socket, start }) => {
  const agent = await start();
  assert.equal(await call(socket, "Plugin.Activate"), { status: 200, body: { Implements: ["NetworkDriver", "IpamDriver"] } });
  assert.is((await call(socket, "NetworkDriver.GetCapabilities")).body.Scope, "local");
  assert.equal((await call(socket, "IpamDriver.GetCapabilities")).body, { RequiresMACAddress: true, RequiresRequestReplay: false });
  assert.is((await call(socket, "IpamDriver.GetDefaultAddressSpaces")).body.LocalDefaultAddressSpace, "portyard-local");
  await agent.stop();
  assert.not(existsSync(socket));
});

test("no socket is made where nobody asked for Docker", async ({ yard, socket }) => {
  const agent = await yard.start({ name: "lab" });
  assert.not(existsSync(socket));
  await agent.stop();
});

test("what cannot be done is said under both names that Docker reads, with the remedy", async ({ socket, start }) => {
  const agent = await start();
  const refused = await call(socket, "NetworkDriver.Join", { NetworkID: "n", EndpointID: "e", SandboxKey: "/x" });
  assert.is(refused.status, 500);
  assert.match(refused.body.Err, /does not know endpoint e\. Disconnect the container/);
  assert.is(refused.body.Error, refused.body.Err);
  assert.match((await call(socket, "NetworkDriver.Join", { NetworkID: "n" })).body.Err, /not understood: EndpointID/);
  assert.match((await call(socket, "NetworkDriver.Join", "{")).body.Err, /not JSON/);
  const unknown = await call(socket, "NetworkDriver.Frobnicate", {});
  assert.is(unknown.status, 404);
  assert.match(unknown.body.Err, "/NetworkDriver.Frobnicate");
  await agent.stop();
});

test("a second agent does not take the socket of one that lives", async ({ yard, socket, start }) => {
  const agent = await start();
  const error = await start({ name: "other" }).catch((fault) => fault);
  assert.is(error.code, "agent-running");
  assert.is((await call(socket, "Plugin.Activate")).status, 200);
  assert.ok(yard.leftovers.length > 0);
  await agent.stop();
});

test("networks of Docker are its own: API and file leave them alone, and they survive a restart", async ({ yard, socket, start }) => {
  const agent = await start();
  const id = "0123456789abcdef".repeat(4);
  const data = [{ AddressSpace: "x", Pool: "10.99.0.0/24", Gateway: "10.99.0.1/24" }];
  assert.equal((await call(socket, "NetworkDriver.CreateNetwork", { NetworkID: id, IPv4Data: data, IPv6Data: [] })).body, {});
  assert.is(agent.views().network("docker-0123456789ab")?.owner, "docker");
  const error = await agent
    .operations()
    .removeNetwork("docker-0123456789ab")
    .catch((fault) => fault);
  assert.equal([error.code, error.value], ["owned-by-docker", "docker-0123456789ab"]);
  assert.match(error.remedy, "docker network rm");
  await agent.stop();
  const again = await start();
  assert.is(again.views().network("docker-0123456789ab")?.state, "up");
  assert.equal((await call(socket, "NetworkDriver.DeleteNetwork", { NetworkID: id })).body, {});
  assert.is(again.views().network("docker-0123456789ab"), null);
  await again.stop();
  assert.not(
    yard.leftovers.some((path) => path.endsWith("state.json")),
    "nothing is remembered of it",
  );
});

test.run();
