/** The API of a real agent over a real engine, on a machine of the test's own: what is made forwards when it is answered,
 *  what is removed is gone when it is answered, and every answer is what the OpenAPI document says.
 *
 *      left eth0 10.77.0.2 ── TAP ── portyard up ── TAP, made by the API ── 10.77.0.3 eth0 right                         */
import { readdirSync, readlinkSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { Ajv2020 } from "ajv/dist/2020.js";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Answer, ask } from "../../test/agent/support/yard.ts";
import { scale } from "../../test/scale.ts";
import { devicesIn, lab, left, right, SOCKET, story, type Yard } from "../cli/support/instance.ts";
import { reaches } from "../cli/support/talk.ts";

const test = suite("api");
const CONFIG = { ...lab, ports: [left] };

const call = (yard: Yard, method: string, path: string, body?: unknown): Promise<Answer> =>
  ask(yard.machine.path(SOCKET), method, path, body);

test(
  ...story("a port that was answered forwards, and one that was removed is gone", async (yard) => {
    const up = await yard.up(CONFIG);
    const made = await call(yard, "POST", "/v1/ports", right);
    assert.equal([made.status, made.body.state, made.body.owner, made.body.mtu], [201, "up", "api", 1500]);
    assert.ok(await reaches(yard.machine, "left", "right", "10.77.0.3"));
    assert.is((await call(yard, "DELETE", "/v1/ports/right")).status, 204);
    assert.equal(devicesIn(yard.machine, "right"), ["lo"]);
    await up.stop("SIGTERM");
  }),
);

test(
  ...story("what the kernel refuses is answered with its code, and leaves nothing", async (yard) => {
    const up = await yard.up(CONFIG);
    const absent = { ...right, tap: { ...right.tap, namespace: "absent" } };
    const { status, body } = await call(yard, "POST", "/v1/ports", absent);
    assert.equal([status, body.error.code], [422, "namespace-missing"]);
    assert.is((await call(yard, "POST", "/v1/ports", right)).status, 201);
    assert.is((await call(yard, "GET", "/v1/ports")).body.length, 2);
    await call(yard, "DELETE", "/v1/ports/right");
    await up.stop("SIGTERM");
  }),
);

test(
  ...story("every list of a working engine is what the document says", async (yard) => {
    const up = await yard.up();
    assert.ok(await reaches(yard.machine, "left", "right", "10.77.0.3"));
    const document = (await call(yard, "GET", "/v1/openapi.json")).body;
    const ajv = new Ajv2020({ strict: false });
    for (const path of ["/v1/version", "/v1/networks", "/v1/ports", "/v1/macs", "/v1/drops", "/v1/workers"]) {
      const { status, body } = await call(yard, "GET", path);
      const { schema } = document.paths[path].get.responses[status].content["application/json"];
      assert.ok(ajv.validate({ ...schema, components: document.components }, body), `${path}: ${ajv.errorsText()} ${JSON.stringify(body)}`);
    }
    await up.stop("SIGTERM");
  }),
);

/** What a process holds open, without the connections that come and go with each question, and a module that is just being read. */
const descriptors = (pid: number): string[] =>
  readdirSync(`/proc/${pid}/fd`)
    .map((fd) => linkOf(`/proc/${pid}/fd/${fd}`).replace(/\[\d+\]/, ""))
    .filter((target) => target !== "socket:" && target !== "" && !target.endsWith(".js"))
    .sort();

/** Returns when `condition` holds, or when patience ends: what is answered is gone, what served the answer may take a moment. */
async function settled(condition: () => boolean): Promise<void> {
  for (const end = performance.now() + scale.nativePatienceMilliseconds; !condition() && performance.now() < end; ) await delay(10);
}

/** Empty when it was closed meanwhile. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

/** A network with `count` ports in it is made and removed, as fast as the agent can. */
async function comeAndGo(yard: Yard, count: number): Promise<void> {
  await call(yard, "POST", "/v1/networks", { name: "plain" });
  const names = Array.from({ length: count }, (_, index) => `p${index}`);
  const port = (name: string) => ({ name, network: "plain", tap: { namespace: "right", interface: name } });
  const made = await Promise.all(names.map((name) => call(yard, "POST", "/v1/ports", port(name))));
  assert.equal(made.filter(({ status, body }) => status !== 201 || body.state !== "up").slice(0, 3), []);
  assert.is((await call(yard, "GET", "/v1/ports?network=plain")).body.length, count);
  const removed = await Promise.all(names.map((name) => call(yard, "DELETE", `/v1/ports/${name}`)));
  assert.equal(removed.filter(({ status }) => status !== 204).slice(0, 3), []);
  assert.is((await call(yard, "DELETE", "/v1/networks/plain")).status, 204);
}

test(
  ...story("networks and ports come and go, and descriptors are as before", async (yard) => {
    const up = await yard.up(CONFIG, "--no-standby");
    const { pid, forwarderPid } = (await call(yard, "GET", "/v1/version")).body;
    await comeAndGo(yard, 1);
    const before = [descriptors(pid), descriptors(forwarderPid)];
    await comeAndGo(yard, scale.apiPorts);
    await settled(() => JSON.stringify([descriptors(pid), descriptors(forwarderPid)]) === JSON.stringify(before));
    assert.equal([descriptors(pid), descriptors(forwarderPid)], before);
    await up.stop("SIGTERM");
  }),
);

test.run();
