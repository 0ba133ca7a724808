/** One container invents stations as fast as it can; nobody else notices.
 *
 *      c1 eth0 --- veth --- packet port p1 ---+      datagrams go from c1 to c2; both are learned, nothing is bound
 *      c2 eth0 --- veth --- packet port p2 ---+--- engine
 *      c3 eth0 --- TAP (source check off) ----+      60,000 sources at 20,000 frames a second                              */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MAX_MACS_PER_PORT } from "../../assembly/abi/limits.ts";
import type { Engine } from "../../bindings/engine.ts";
import { scale } from "../../test/scale.ts";
import { startChild } from "../support/child.ts";
import { needing } from "../support/need.ts";
import { Container } from "./container.ts";
import { createEngine } from "./own-engine.ts";
import { configure, lawHolds, packetPort, tapPort, until } from "./topology.ts";
import { Datagrams } from "./traffic.ts";

const test = suite("MAC flood");
const PER_SECOND = 20_000;

/** Sends frames with new sources to a station that nobody has, and counts the frames of others that come in meanwhile. */
const ATTACKER = `
const { openPacketSocket } = await bindings("native/packet-socket.js");
const { interfaceIndex } = await bindings("native/interface.js");
const { read, write } = await bindings("native/io.js");
const { hostAddress } = await bindings("native/memory.js");
const memory = new WebAssembly.Memory({ initial: 4, maximum: 4, shared: true });
const [base, bytes] = [Number(hostAddress(memory)), new Uint8Array(memory.buffer)];
const socket = openPacketSocket(interfaceIndex("eth0")).descriptor;
console.log("ready");
const [sources, perSecond, victim] = (await heard()).split(" ");
bytes.set([2, 0xde, 0xad, 0, 0, 1, 2, 0xaa, 0, 0, 0, 0, 0x88, 0xb5], 10);
const begin = performance.now();
let sent = 0, leaked = 0;
while (sent < Number(sources)) {
  for (const due = Math.min(Number(sources), (performance.now() - begin) * Number(perSecond) / 1000); sent < due; sent++) {
    new DataView(memory.buffer).setUint32(18, sent);
    if (write(socket, base, 70) < 0) sent--;
  }
  for (let got = read(socket, base + 65536, 65536); got > 0; got = read(socket, base + 65536, 65536)) {
    const destination = [...bytes.subarray(65546, 65552)].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
    if (destination === victim) leaked++;
  }
  await new Promise((resolve) => setImmediate(resolve));
}
console.log(JSON.stringify({ sent, leaked }));
await heard();
`;

const stations = (engine: Engine, isAttackers: boolean) =>
  engine
    .macs()
    .filter(({ port }) => (port === "p3") === isAttackers)
    .map(({ mac, port }) => `${mac} ${port}`);

test(
  ...needing(
    ["root", "iproute2", "tun"],
    `${scale.floodedSources} sources from one port: others keep their entries, none of their frames is flooded`,
    async () => {
      const [from, to, third] = [1, 2, 3].map((number) => new Container(number)) as [Container, Container, Container];
      const ports = [packetPort(from, "p1"), packetPort(to, "p2"), tapPort(third, "p3", { sourceCheck: false })];
      const engine = await createEngine(configure(ports));
      try {
        const load = await Datagrams.start(from, to, to.ipv4);
        await until(() => stations(engine, false).length === 2);
        const before = stations(engine, false);
        const victim = before.find((station) => station.endsWith("p2"))?.split(" ")[0];
        const attacker = startChild(ATTACKER, { through: ["ip", "netns", "exec", third.namespace.name] });
        await attacker.line();
        attacker.say(`${scale.floodedSources} ${PER_SECOND} ${victim}`);
        const { sent, leaked } = JSON.parse(await attacker.line());
        await attacker.finish();
        const outcome = await load.stop();
        assert.is(leaked, 0, "frames of others that the attacker saw");
        assert.is(outcome.received, outcome.sent);
        assert.equal(stations(engine, false), before);
        assert.ok(stations(engine, true).length <= MAX_MACS_PER_PORT + 1, "its own limit and its static entry");
        await lawHolds(engine);
        const evicted = engine.workers()[0]?.evicted ?? 0;
        assert.ok(evicted > scale.floodedSources / 2, `${evicted} of the attacker's own entries were evicted`);
        console.log(`${sent} sources, ${evicted} evicted from the port's own; ${outcome.sent} datagrams of others, none lost`);
      } finally {
        await engine.close();
        for (const container of [from, to, third]) await container.remove();
      }
    },
  ),
);

test.run();
