/** Frames of every size, and super-frames, between ports that take them and ports that do not. What goes in by one TCP or
 *  UDP stream comes out byte by byte.
 *
 *      c1, c2: TAPs that take super-frames and partial checksums         c3: a TAP that takes neither                      */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { scale } from "../../test/scale.ts";
import { ip, ipJson } from "../support/ip.ts";
import { needing } from "../support/need.ts";
import { lawHolds, makeTopology, type Topology } from "./topology.ts";
import { copyStream, Numbered } from "./traffic.ts";

const test = suite("sizes");

async function withThree(mtu: number, io: "uring" | "syscall", body: (topology: Topology) => Promise<void>): Promise<void> {
  const topology = await makeTopology({
    containers: 3,
    network: { mtu },
    tap: (index) => (index === 2 ? { offload: false } : {}),
    engine: { io },
  });
  try {
    for (const { namespace } of topology.containers) ip(`-n ${namespace.name} link set lo mtu 65536`);
    await body(topology);
    await lawHolds(topology.engine);
  } finally {
    await topology.close();
  }
}

for (const io of ["uring", "syscall"] as const) {
  for (const mtu of [576, 1500, 9000, 65521]) {
    test(
      ...needing(
        ["root", "iproute2", "tun", "uring"],
        `${io}, MTU ${mtu}: datagrams of the largest size and streams in all directions`,
        () =>
          withThree(mtu, io, async ({ containers, engine }) => {
            const [first, second, plain] = containers as [
              Topology["containers"][number],
              Topology["containers"][number],
              Topology["containers"][number],
            ];
            assert.is(ipJson(`-n ${first.namespace.name} link show eth0`)[0].mtu, mtu);
            const largest = Math.min(mtu - 28, 65_000);
            const outcome = await Numbered.start(first.namespace, plain.namespace, plain.ipv4, 100, largest).then((load) => load.stop());
            assert.is(outcome.received, outcome.sent);
            const addresses = (to: Topology["containers"][number]) => (mtu >= 1280 ? [to.ipv4, to.ipv6] : [to.ipv4]);
            const bytes = scale.streamMegabytes * 1e6;
            for (const [from, to] of [
              [first, second],
              [first, plain],
              [plain, second],
            ] as const) {
              for (const address of addresses(to)) await copyStream(from.namespace, to.namespace, address, bytes);
            }
            if (mtu < 60_000) assert.ok((engine.workers()[0]?.segments ?? 0) > 0, "super-frames were segmented for the plain port");
          }),
      ),
    );
  }
}

test.run();
