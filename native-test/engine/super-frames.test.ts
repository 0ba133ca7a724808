/** Super-frames, TCP and UDP, between ports that take them and one that does not: as they are where both ends take them,
 *  in segments where the output does not.
 *
 *      c1, c2: TAPs that take them     c3: a TAP that does not     c4: a veth pair, the near end a packet port            */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Engine } from "../../bindings/engine.ts";
import { scale } from "../../test/scale.ts";
import { needing } from "../support/need.ts";
import { Container } from "./container.ts";
import { createEngine } from "./own-engine.ts";
import { configure, lawHolds, packetPort, tapPort } from "./topology.ts";
import { copyStream, Datagrams } from "./traffic.ts";

const test = suite("super-frames");
const SEGMENT_BYTES = 1000;
const SEGMENTS = 40;

interface Ends {
  engine: Engine;
  first: Container;
  second: Container;
  plain: Container;
  wired: Container;
}

async function withFour(io: "uring" | "syscall", body: (ends: Ends) => Promise<void>): Promise<void> {
  const [first, second, plain, wired] = [1, 2, 3, 4].map((number) => new Container(number)) as [Container, Container, Container, Container];
  const ports = [tapPort(first, "p1"), tapPort(second, "p2"), tapPort(plain, "p3", {}, { offload: false }), packetPort(wired, "p4")];
  const engine = await createEngine(configure(ports), { io });
  try {
    await body({ engine, first, second, plain, wired });
    await lawHolds(engine);
  } finally {
    await engine.close();
    for (const container of [first, second, plain, wired]) await container.remove();
  }
}

/** Datagrams of SEGMENT_BYTES that leave SEGMENTS at a time, and how many frames the engine took and made for them. */
async function superDatagrams(engine: Engine, from: Container, to: Container, address: string) {
  await Datagrams.send(from, to, address, 1); // neighbours know each other from here on
  const before = engine.workers()[0];
  const count = scale.udpSuperFrames * SEGMENTS;
  const outcome = await Datagrams.send(from, to, address, count, { perSecond: 5000, bytes: SEGMENT_BYTES, segments: SEGMENTS });
  await lawHolds(engine);
  const after = engine.workers()[0];
  assert.is(outcome.sent, count);
  assert.is(outcome.received, count);
  return { received: (after?.received ?? 0) - (before?.received ?? 0), segments: (after?.segments ?? 0) - (before?.segments ?? 0) };
}

for (const io of ["uring", "syscall"] as const) {
  test(
    ...needing(
      ["root", "iproute2", "tun", "uring"],
      `${io}: UDP super-frames pass where they are taken, and become segments elsewhere`,
      () =>
        withFour(io, async ({ engine, first, second, plain, wired }) => {
          const least = scale.udpSuperFrames * (SEGMENTS - 1);
          for (const address of ["ipv4", "ipv6"] as const) {
            for (const [from, to] of [
              [first, second],
              [first, wired],
              [wired, second],
            ] as const) {
              const { received, segments } = await superDatagrams(engine, from, to, to[address]);
              assert.is(segments, 0, "none was cut");
              assert.ok(received < least, `${received} frames were received for ${scale.udpSuperFrames} super-frames`);
            }
            for (const from of [first, wired]) {
              const { segments } = await superDatagrams(engine, from, plain, plain[address]);
              assert.is(segments, least);
            }
          }
        }),
    ),
  );

  test(
    ...needing(["root", "iproute2", "tun", "uring"], `${io}: TCP streams between TAP, packet port and a TAP that takes none`, () =>
      withFour(io, async ({ engine, first, plain, wired }) => {
        const bytes = scale.streamMegabytes * 1e6;
        for (const [from, to] of [
          [first, wired],
          [wired, first],
          [wired, plain],
          [plain, wired],
        ] as const) {
          for (const address of [to.ipv4, to.ipv6]) await copyStream(from, to, address, bytes);
        }
        const { received = 0, segments = 0 } = engine.workers()[0] ?? {};
        assert.ok(segments > 0, "super-frames were cut for the plain port");
        assert.ok(received * 1500 < 8 * bytes, `${received} frames carried ${8 * bytes} bytes: super-frames`);
      }),
    ),
  );
}

test.run();
