/** TCP through a port whose MTU is smaller than its network's: both ends learn what fits, and streams arrive whole.
 *
 *      c1 eth0 ── TAP p1, MTU 1280 ─┐
 *      c2 eth0 ── TAP p2 ───────────┼─ network blue, MTU 1500 or 9000
 *      c3 eth0 ── veth ── packet, MTU 1280 ─┘
 *
 *  The containers behind these two give their interface the network's MTU, as a tunnel's other end would: what they announce
 *  is too much, and only the engine lowers it.                                                                        */
import { spawnSync } from "node:child_process";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Engine } from "../../bindings/engine.ts";
import { scale } from "../../test/scale.ts";
import { ip, ipJson } from "../support/ip.ts";
import { needing } from "../support/need.ts";
import { Container } from "./container.ts";
import { createEngine } from "./own-engine.ts";
import { configure, lawHolds, packetPort, tapPort } from "./topology.ts";
import { copyStream, Datagrams, Streams } from "./traffic.ts";

const test = suite("small MTU");
const MTU = 1280;
/** Of a segment that carries time stamps. */
const TIMESTAMP_BYTES = 12;
/** Headers without options. */
const HEADER_BYTES = { ipv4: 40, ipv6: 60 };

/** A veth pair goes some time after its namespace: each has a name of its own. */
let veths = 0;

interface Ends {
  engine: Engine;
  small: Container;
  other: Container;
  wired: Container;
}

async function withThree(mtu: number, offload: boolean, body: (ends: Ends) => Promise<void>): Promise<void> {
  const [small, other, wired] = [1, 2, 3].map((number) => new Container(number)) as [Container, Container, Container];
  const ports = [tapPort(small, "p1", { mtu: MTU }, { offload }), tapPort(other, "p2"), packetPort(wired, `v${++veths}`, { mtu: MTU })];
  const engine = await createEngine(configure(ports, { network: { mtu } }));
  try {
    await body({ engine, small, other, wired });
    await lawHolds(engine);
  } finally {
    await engine.close();
    for (const container of [small, other, wired]) await container.remove();
  }
}

const mtuOf = ({ namespace }: Container): number => ipJson(`-n ${namespace.name} link show eth0`)[0].mtu;
const setMtu = ({ namespace }: Container, mtu: number) => ip(`-n ${namespace.name} link set eth0 mtu ${mtu}`);
const tooBig = (engine: Engine): number => engine.drops().find(({ reason }) => reason === "too-big")?.count ?? 0;

/** What the kernel of a container sends at most in a segment of the connection at `port` (tcpi_snd_mss). */
function sendMss({ namespace }: Container, port: number, side: "sport" | "dport"): number {
  const args = ["netns", "exec", namespace.name, "ss", "-tinH", "state", "established", `( ${side} = :${port} )`];
  const { stdout, stderr } = spawnSync("ip", args, { encoding: "utf8" });
  const [, found] = /\smss:(\d+)\s/.exec(stdout) ?? [];
  if (found === undefined) throw new Error(`ss tells of no connection at ${port}: ${stdout}${stderr}`);
  return Number(found);
}

/** Each end of a connection sends what fits the small port. */
async function expectMss(from: Container, to: Container, family: "ipv4" | "ipv6"): Promise<void> {
  const expected = MTU - HEADER_BYTES[family] - TIMESTAMP_BYTES;
  const streams = await Streams.open(from, to, to[family], 1);
  const { port } = streams;
  try {
    assert.equal(
      [sendMss(from, port, "dport"), sendMss(to, port, "sport")],
      [expected, expected],
      `${family} from ${from.ipv4} to ${to.ipv4}`,
    );
  } finally {
    await streams.close();
  }
}

for (const mtu of [1500, 9000]) {
  for (const offload of [true, false]) {
    const what = `network ${mtu}, port ${MTU} that takes ${offload ? "super-frames" : "none"}`;
    test(
      ...needing(["root", "iproute2", "tun"], `${what}: its interface has its MTU, what is too big is dropped, streams arrive`, () =>
        withThree(mtu, offload, async ({ engine, small, other }) => {
          assert.equal([mtuOf(small), mtuOf(other)], [MTU, mtu]);
          assert.equal(
            engine.ports().map((port) => port.mtu),
            [MTU, mtu, MTU],
          );
          const fits = await Datagrams.send(other, small, small.ipv4, 20, { bytes: MTU - 28 });
          assert.equal([fits.received, tooBig(engine)], [20, 0]);
          const large = await Datagrams.send(other, small, small.ipv4, 20, { bytes: MTU });
          assert.equal([large.received, tooBig(engine)], [0, 20]);
          for (const [from, to] of [
            [small, other],
            [other, small],
          ] as const)
            for (const address of [to.ipv4, to.ipv6]) await copyStream(from, to, address, scale.smallMtuMegabytes * 1e6);
          assert.is(tooBig(engine), 20);
        }),
      ),
    );

    test(
      ...needing(["root", "iproute2", "tun"], `${what}: both ends learn it though the container behind it announces more`, () =>
        withThree(mtu, offload, async ({ engine, small, other, wired }) => {
          setMtu(small, mtu);
          for (const [from, to] of [
            [small, other],
            [other, small],
            [wired, other],
            [other, wired],
            [small, wired],
          ] as const) {
            for (const family of ["ipv4", "ipv6"] as const) {
              await expectMss(from, to, family);
              await copyStream(from, to, to[family], scale.smallMtuMegabytes * 1e6);
            }
          }
          assert.is(tooBig(engine), 0, "nothing was too big");
        }),
      ),
    );
  }
}

test.run();
