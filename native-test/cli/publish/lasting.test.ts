/** Published ports over what happens to a host and its agent: deaths, successors, flushes, other programs, clients that were
 *  there before (support/world.ts draws the host). */
import * as assert from "uvu/assert";
import { ask } from "../../../test/agent/support/yard.ts";
import { scale } from "../../../test/scale.ts";
import { call } from "../support/call.ts";
import { errorOf, SOCKET, story, type Yard } from "../support/instance.ts";
import {
  answering,
  assertListedAs,
  blue,
  closeForward,
  HOST,
  hostListing,
  left,
  makeWorld,
  settled,
  until,
  WORLD,
} from "../support/world.ts";
import { sideBySide } from "../../support/side-by-side.ts";

const test = sideBySide("published ports last");
const programs = ["iproute2", "tun", "nft", "iptables", "conntrack"] as const;
const TARGET = 7008;

const published = { ...left, publish: [`8080:${TARGET}`, `8080:${TARGET}/udp`] };
const config = { name: "lab", networks: [blue], ports: [published] };

function inWorld(name: string, tell: (yard: Yard) => Promise<void>): ReturnType<typeof story> {
  const body = async (yard: Yard) => {
    await makeWorld(yard.machine);
    const before = hostListing(yard.machine);
    await tell(yard);
    assertListedAs(before, yard.machine);
    for (const line of ["link del out", "netns del world"]) yard.machine.tool("ip", ...line.split(" "));
  };
  return story(name, body, { programs });
}

const asked = { from: "world", address: HOST[4], port: 8080 } as const;
const answers = async (yard: Yard): Promise<boolean> => (await call(yard.machine, { ...asked, protocol: "tcp" })) === `${WORLD[4]} 100`;

/** A connection from the world by the published port, with a line each way whenever it is asked to. */
async function longCall(yard: Yard) {
  const script = `
import { createInterface } from "node:readline";
import { connect } from "node:net";
const socket = connect(8080, ${JSON.stringify(HOST[4])}, () => console.log("connected"));
socket.on("error", (error) => console.log(error.code));
socket.setEncoding("utf8").on("data", (text) => console.log(text.trim()));
createInterface({ input: process.stdin }).on("line", (line) => socket.write(line + "\\n")).on("close", () => socket.end());
`;
  const program = yard.machine.start(["ip", "netns", "exec", "world", process.execPath, "--input-type=module", "-e", script]);
  await program.prints("connected");
  return program;
}

test(
  ...inWorld("clients from outside go on while the agent is dead, and a connection lives through its successor", async (yard) => {
    const first = await yard.up(config);
    const server = await answering(yard.machine, "left");
    await settled(yard.machine, "left");
    const long = await longCall(yard);
    await first.kill();
    assert.ok(await answers(yard), "while the agent is dead");
    const second = await yard.up(config);
    assert.ok(await answers(yard), "after the next has come up");
    const third = await yard.up(config, "--replace");
    assert.is((await second.ended).code, 0);
    assert.ok(await answers(yard), "after it was replaced");
    assert.is(await call(yard.machine, { ...asked, from: "", address: "127.0.0.1", protocol: "tcp" }), "10.77.0.1 100");
    long.child.stdin.end("still here\n");
    const { stdout } = await long.ended;
    assert.equal(stdout.trim().split("\n"), ["connected", `${WORLD[4]} 11`]);
    await server.kill();
    await third.stop("SIGTERM");
  }),
);

test(
  ...inWorld("rules that somebody flushes are back, and outsiders are never served under a wrong address", async (yard) => {
    const up = await yard.up(config);
    const server = await answering(yard.machine, "left");
    await settled(yard.machine, "left");
    yard.machine.tool("nft", "flush", "ruleset");
    const seen = new Set<string>();
    await until("the published port is back", async () => {
      const answer = await call(yard.machine, { ...asked, protocol: "tcp", waitMs: 1000 });
      seen.add(answer);
      return answer === `${WORLD[4]} 100`;
    });
    for (const answer of seen) assert.match(answer, /^(192\.0\.2\.2 100|ECONNRESET|ECONNREFUSED|ETIMEDOUT|silence|)$/);
    await server.kill();
    await up.stop("SIGTERM");
    closeForward(yard.machine); // the firewall that was flushed too
  }),
);

test(
  ...inWorld("a host port that another program holds is refused by its name, and nothing is changed", async (yard) => {
    const script = 'require("node:net").createServer().listen(8080, () => console.log("listens"))';
    const other = yard.machine.start([process.execPath, "-e", script]);
    await other.prints("listens");
    const before = hostListing(yard.machine);
    const end = await yard.run("up", "--config", yard.file(config), "--json");
    assert.is(end.code, 1);
    const { code, message, value, remedy } = errorOf(end);
    assert.equal([code, value], ["host-port-taken", "0.0.0.0:8080/tcp"]);
    assert.match(message, new RegExp(`held by node.* \\(pid ${other.child.pid}\\)`));
    assert.match(remedy!, /End that program, or choose another host port/);
    assertListedAs(before, yard.machine);
    const up = await yard.up({ ...config, ports: [left] });
    assert.is((await ask(yard.machine.path(SOCKET), "POST", "/v1/ports", { ...published, name: "again" })).status, 400);
    await other.kill();
    await up.stop("SIGTERM");
  }),
);

test(
  ...inWorld("nobody else gets a port that is published, by TCP or UDP, at all addresses or one", async (yard) => {
    const up = await yard.up(config);
    const script = `
const tries = ["0.0.0.0", "127.0.0.1", ${JSON.stringify(HOST[4])}, "::"];
const done = (what) => console.log(what);
for (const host of tries) require("node:net").createServer().on("error", (e) => done(e.code)).listen({ port: 8080, host }, () => done("taken " + host));
for (const host of tries) {
  const socket = require("node:dgram").createSocket({ type: host === "::" ? "udp6" : "udp4", reuseAddr: true });
  socket.on("error", (e) => done(e.code)).bind(8080, host, () => done("taken " + host));
}
setTimeout(() => process.exit(), 300);`;
    const { stdout } = await yard.machine.start([process.execPath, "-e", script]).ended;
    assert.equal(stdout.trim().split("\n"), Array(8).fill("EADDRINUSE"));
    await up.stop("SIGTERM");
  }),
);

test(
  ...inWorld("a client of UDP that was sending before is served as soon as the port is published", async (yard) => {
    const { machine } = yard;
    const up = await yard.up({ ...config, ports: [] });
    const server = await answering(machine, "left");
    const client = machine.start([
      ...["ip", "netns", "exec", "world", process.execPath, "-e"],
      `const socket = require("node:dgram").createSocket("udp4");
       socket.on("message", (message) => { console.log(String(message)); process.exit(0); });
       socket.bind(40000, () => setInterval(() => socket.send("hello", 8080, ${JSON.stringify(HOST[4])}), 50));
       setTimeout(() => { console.log("silence"); process.exit(0); }, ${scale.nativePatienceMilliseconds});
       console.log("sends");`,
    ]);
    await client.prints("sends");
    await until("the kernel knows the flow", () => machine.tool("sh", "-c", "conntrack -L -p udp 2>&1").includes("dport=8080"));
    assert.is((await ask(machine.path(SOCKET), "POST", "/v1/ports", published)).status, 201);
    assert.is((await client.ended).stdout.trim().split("\n").at(-1), `${WORLD[4]} 5`);
    assert.is((await ask(machine.path(SOCKET), "DELETE", "/v1/ports/left")).status, 204);
    await server.kill();
    await up.stop("SIGTERM");
  }),
);

test.run();
