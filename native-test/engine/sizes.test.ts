/** Frames of every size, and super-frames, between ports that take them and one that does not. What goes in by a TCP stream
 *  or as datagrams comes out byte by byte.
 *
 *      c1, c2: TAPs that take super-frames and partial checksums         c3: a TAP that takes neither                      */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MIN_IPV6_MTU } from "../../assembly/abi/limits.ts";
import { scale } from "../../test/scale.ts";
import { ipJson } from "../support/ip.ts";
import { needing } from "../support/need.ts";
import type { Container } from "./container.ts";
import { lawHolds, makeTopology, type Topology } from "./topology.ts";
import { copyStream, Datagrams } from "./traffic.ts";

const test = suite("sizes");
/** IPv4 and UDP headers. */
const HEADER_BYTES = 28;
/** What one datagram carries at most, less a little. */
const MAX_PAYLOAD_BYTES = 65_000;

async function withThree(mtu: number, io: "uring" | "syscall", body: (topology: Topology) => Promise<void>): Promise<void> {
  const tap = (index: number) => (index === 2 ? { offload: false } : {});
  const topology = await makeTopology({ containers: 3, network: { mtu }, tap, engine: { io } });
  try {
    await body(topology);
    await lawHolds(topology.engine);
  } finally {
    await topology.close();
  }
}

for (const io of ["uring", "syscall"] as const) {
  for (const mtu of [576, 1500, 9000, 65521]) {
    test(
      ...needing(["root", "iproute2", "tun", "uring"], `${io}, MTU ${mtu}: datagrams of the largest size, and streams`, () =>
        withThree(mtu, io, async ({ containers, engine }) => {
          const [first, second, plain] = containers as [Container, Container, Container];
          assert.is(ipJson(`-n ${first.namespace.name} link show eth0`)[0].mtu, mtu);
          const bytes = Math.min(mtu - HEADER_BYTES, MAX_PAYLOAD_BYTES);
          const outcome = await Datagrams.send(first, plain, plain.ipv4, scale.countedDatagrams, { perSecond: 200, bytes });
          assert.is(outcome.received, outcome.sent);
          for (const [from, to] of [
            [first, second],
            [first, plain],
            [plain, second],
          ] as const) {
            for (const address of mtu >= MIN_IPV6_MTU ? [to.ipv4, to.ipv6] : [to.ipv4])
              await copyStream(from, to, address, scale.streamMegabytes * 1e6);
          }
          if (mtu < 60_000) assert.ok((engine.workers()[0]?.segments ?? 0) > 0, "super-frames were segmented for the plain port");
        }),
      ),
    );
  }
}

test.run();
