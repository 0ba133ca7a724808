/** VLAN trunks through the kernel: a veth end as a packet port, whose tags the kernel takes out and the engine puts back,
 *  and a TAP. The other end of the trunk is a packet socket of the test, so that it sees tags as they are on the wire.
 *
 *      blue  (VLAN 10):  c1 eth0 --- TAP ---+
 *      green (VLAN 20):  c2 eth0 --- TAP ---+--- engine --- trunk t --- veth (or TAP) --- this test                      */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Engine } from "../../bindings/engine.ts";
import { parseConfig } from "../../bindings/config/parse.ts";
import { interfaceIndex } from "../../bindings/native/interface.ts";
import { closeDescriptor } from "../../bindings/native/io.ts";
import { withNamespace } from "../../bindings/native/namespace.ts";
import { openPacketSocket } from "../../bindings/native/packet-socket.ts";
import { ip } from "../support/ip.ts";
import { makeNamespace, makeVeth } from "../support/namespace.ts";
import { needing } from "../support/need.ts";
import { makeFrame, receiveFrame, VNET_HEADER_BYTES, waitReadable, writeFrame } from "../support/wire.ts";
import { createEngine } from "./own-engine.ts";
import { lawHolds } from "./topology.ts";

const test = suite("trunks");
const MARKS = { blue: 0xb1, green: 0x97 };

/** Ends of the wires: of the trunk, and of each container. */
interface Ends {
  trunk: number;
  blue: number;
  green: number;
  engine: Engine;
}

function open(namespace: string | null, device: string): number {
  const make = () => openPacketSocket(interfaceIndex(device) as number).descriptor;
  return namespace === null ? make() : withNamespace(namespace, make);
}

/** The next frame of the experimental type with its tag (null: none). */
function next(descriptor: number): { mark: number | undefined; vlan: number | null } {
  for (;;) {
    waitReadable(descriptor);
    const got = receiveFrame(descriptor);
    if (got === null) continue;
    const payload = got.frame.subarray(VNET_HEADER_BYTES);
    const type = ((payload[12] as number) << 8) | (payload[13] as number);
    if (type === 0x88b5) return { mark: payload[14], vlan: got.vlan };
  }
}

async function withTrunk(kind: "packet" | "tap", io: "uring" | "syscall", body: (ends: Ends) => void): Promise<void> {
  const label = `${kind[0]}${io[0]}`;
  const spaces = { blue: makeNamespace(`${label}-blue`), green: makeNamespace(`${label}-green`), far: makeNamespace(`${label}-far`) };
  const veth = kind === "packet" ? makeVeth(label) : null;
  const trunk =
    veth === null
      ? { tap: { namespace: spaces.far.name, interface: "t", address: "10.9.9.1/24" }, native: "far", sourceCheck: false }
      : { packet: { interface: veth.near } };
  const access = (name: "blue" | "green") => ({
    name,
    network: name,
    sourceCheck: false,
    tap: { namespace: spaces[name].name, interface: "eth0", address: name === "blue" ? "10.1.0.1/24" : "10.2.0.1/24" },
  });
  if (veth !== null) ip(`link set ${veth.far} up`);
  const engine = await createEngine(
    parseConfig({
      name: `pyt-${process.pid}`,
      networks: [{ name: "blue" }, { name: "green" }, { name: "far" }],
      ports: [access("blue"), access("green"), { name: "t", trunk: { blue: 10, green: 20 }, ...trunk }],
    }),
    { io },
  );
  const ends: Ends = {
    engine,
    trunk: veth === null ? open(spaces.far.path, "t") : open(null, veth.far),
    blue: open(spaces.blue.path, "eth0"),
    green: open(spaces.green.path, "eth0"),
  };
  try {
    body(ends);
    await lawHolds(engine);
  } finally {
    for (const descriptor of [ends.trunk, ends.blue, ends.green]) closeDescriptor(descriptor);
    await engine.close();
    for (const space of Object.values(spaces)) space.remove();
  }
}

for (const [kind, io] of [
  ["packet", "uring"],
  ["packet", "syscall"],
  ["tap", "uring"],
] as const) {
  test(
    ...needing(
      ["root", "iproute2", "tun", "uring"],
      `${kind} over ${io}: frames carry their network's tag on the trunk, and none on access ports`,
      () =>
        withTrunk(kind, io, ({ trunk, blue, green, engine }) => {
          for (let round = 0; round < 20; round++) {
            writeFrame(blue, makeFrame(60, MARKS.blue));
            assert.equal(next(trunk), { mark: MARKS.blue, vlan: 10 });
            writeFrame(green, makeFrame(60, MARKS.green));
            assert.equal(next(trunk), { mark: MARKS.green, vlan: 20 });
            writeFrame(trunk, makeFrame(64, round, [0x81, 0, 0, 20]));
            assert.equal(next(green), { mark: round, vlan: null });
            writeFrame(trunk, makeFrame(64, round, [0x81, 0, 0, 10]));
            assert.equal(next(blue), { mark: round, vlan: null });
          }
          writeFrame(trunk, makeFrame(64, 1, [0x81, 0, 0, 30]));
          writeFrame(trunk, makeFrame(60, 2));
          writeFrame(trunk, makeFrame(64, 3, [0x81, 0, 0, 10]));
          assert.equal(next(blue), { mark: 3, vlan: null });
          const drops = new Map(
            engine
              .drops()
              .filter(({ port }) => port === "t")
              .map(({ reason, count }) => [reason, count]),
          );
          assert.ok((drops.get("vlan-unknown") ?? 0) >= 1);
          if (kind === "packet") assert.ok((drops.get("vlan-untagged") ?? 0) >= 1, "this trunk has no native network");
        }),
    ),
  );
}

test.run();
