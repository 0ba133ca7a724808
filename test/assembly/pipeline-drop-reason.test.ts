/** Every reason to drop a frame, produced by a frame: the list is that of assembly/abi/drop-reason.ts, no more and no less.
 *  What only a kernel's port can say is said here as the kernel does, by the errno of the write.                         */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { EAGAIN, EBADF, EBADFD, EIO, ENETDOWN, ENOBUFS, ENODEV, ENOMEM, ENXIO } from "../../assembly/abi/errno.ts";
import * as reasons from "../../assembly/abi/drop-reason.ts";
import { MAX_FRAME_BYTES, MAX_PORTS, MAX_SEGMENTS } from "../../assembly/abi/limits.ts";
import * as port from "../../assembly/abi/port.ts";
import * as networks from "../../bindings/tables/network-table.ts";
import { BUILDS, TestEngine } from "../support/engine.ts";
import { checkBooks } from "../support/books.ts";
import { ramp, u16, u32 } from "../support/packet/bytes.ts";
import { BROADCAST, TYPE_EXPERIMENT, ethernet, station, tagged } from "../support/packet/ethernet.ts";
import * as nd from "../support/packet/neighbour.ts";
import { partial } from "../support/packet/offload.ts";
import { superFrame } from "../support/packet/super-frame.ts";
import { nameOf } from "../support/story.ts";
import type { Build } from "../../bindings/wasm/module.ts";
import { serviceStories } from "./service-drop-stories.ts";

type Reason = Exclude<keyof typeof reasons, "NONE">;

const [A, B] = [station(1), station(2)];
const TAKES_ALL = port.FLAG_CHECKSUM | port.FLAG_TSO | port.FLAG_USO;
const CHECKED = { mac: A, flags: port.FLAG_SOURCE_CHECK };
const plain = ethernet(BROADCAST, A, TYPE_EXPERIMENT, ramp(100));
const four = { source: "10.0.0.1", destination: "10.0.0.2" };
const six = { source: "fd00::1", destination: "fd00::2" };

/** Two access ports; the frame goes into port 0. */
function pair(engine: TestEngine, options = {}): number {
  const network = engine.network();
  engine.accessPorts(network, 2, options);
  return network;
}
function sendTo(options: object, frame: Uint8Array, offload?: Uint8Array): (engine: TestEngine) => void {
  return (engine) => {
    pair(engine, options);
    engine.send(0, frame, offload);
  };
}
function refuseWith(errno: number): (engine: TestEngine) => void {
  return (engine) => {
    pair(engine);
    engine.sendRefused(0, plain, errno);
  };
}
/** Port 0 takes super-frames, port 1 does not. */
function sendSuperFrame(payloadBytes: number, segmentBytes: number, ends = four, type?: number): (engine: TestEngine) => void {
  return (engine) => {
    const network = engine.network();
    engine.port({ network, flags: TAKES_ALL });
    engine.port({ network });
    const { frame, offload } = superFrame({ from: A, to: B, ends, payload: ramp(payloadBytes), segmentBytes });
    if (type !== undefined) offload[1] = type;
    engine.send(0, frame, offload);
  };
}

const ofServices = Object.fromEntries(Object.entries(serviceStories).map(([name, { tell }]) => [name, tell])) as Record<
  keyof typeof serviceStories,
  (engine: TestEngine) => void
>;
/** An engine for a story. */
const engineFor = (name: string, build: Build): TestEngine =>
  new TestEngine(build, undefined, serviceStories[name as keyof typeof serviceStories]?.flows);

const stories: Record<Reason, (engine: TestEngine) => void> = {
  ...ofServices,
  RUNT: sendTo({}, plain.subarray(0, 13)),
  OVERSIZE: (engine) => {
    pair(engine);
    engine.sendUnchecked(0, plain, MAX_FRAME_BYTES + 1);
  },
  MULTICAST_SOURCE: sendTo({}, ethernet(B, BROADCAST, TYPE_EXPERIMENT)),
  ZERO_SOURCE: sendTo({}, ethernet(B, "00:00:00:00:00:00", TYPE_EXPERIMENT)),
  RESERVED_GROUP: sendTo({}, ethernet("01:80:c2:00:00:0e", A, TYPE_EXPERIMENT)),
  PORT_ABSENT: (engine) => {
    engine.send(5, plain);
  },
  VLAN_UNKNOWN: (engine) => {
    engine.port({ vlans: { 5: engine.network() } });
    engine.send(0, tagged(plain, { id: 6 }));
  },
  VLAN_UNTAGGED: (engine) => {
    engine.port({ vlans: { 5: engine.network() } });
    engine.send(0, plain);
  },
  BAD_OFFLOAD_HEADER: sendTo({}, plain, partial(200, 0)),
  SPOOFED_SOURCE: sendTo(CHECKED, ethernet(BROADCAST, B, TYPE_EXPERIMENT)),
  ROGUE_ROUTER: sendTo(
    CHECKED,
    nd.discovery({ from: A, to: B }, { source: nd.eui64(A), destination: "ff02::1" }, nd.ROUTER_ADVERTISEMENT, [
      64,
      0,
      u16(9),
      u32(0),
      u32(0),
    ]),
  ),
  ROGUE_DHCP: sendTo(CHECKED, nd.udp4({ from: A, to: BROADCAST }, four, 67, 68)),
  SNAPPED_SHORT: (engine) => {
    pair(engine);
    engine.worker.receiveCut(0, plain.subarray(0, 13), plain.length);
  },
  SAME_PORT: (engine) => {
    pair(engine);
    engine.send(0, ethernet(BROADCAST, B, TYPE_EXPERIMENT));
    engine.send(0, ethernet(B, A, TYPE_EXPERIMENT));
  },
  NO_OTHER_PORT: (engine) => {
    engine.accessPorts(engine.network(), 1);
    engine.send(0, plain);
  },
  TOO_BIG: sendTo({ mtu: 576 }, ethernet(BROADCAST, A, TYPE_EXPERIMENT, ramp(600))),
  VLAN_HOP: (engine) => {
    const network = engine.network();
    engine.port({ network });
    engine.port({ vlans: {}, native: network });
    engine.send(0, tagged(plain, { id: 9 }));
  },
  TOO_MANY_SEGMENTS: sendSuperFrame(100 * MAX_SEGMENTS + 1, 100),
  POOL_EMPTY: (engine) => {
    const network = engine.network();
    engine.port({ network, flags: TAKES_ALL });
    engine.accessPorts(network, 8);
    const { frame, offload } = superFrame({ from: A, to: BROADCAST, ends: four, payload: ramp(100 * MAX_SEGMENTS), segmentBytes: 100 });
    engine.send(0, frame, offload);
  },
  QUEUE_FULL: (engine) => {
    const network = engine.network();
    for (let index = 0; index < MAX_PORTS; index++) engine.port({ network, flags: index < MAX_PORTS - 8 ? TAKES_ALL : 0 }, index, false);
    engine.apply();
    for (let count = 0; count < 3; count++) engine.worker.enqueue(0, plain);
    const { frame, offload } = superFrame({ from: A, to: BROADCAST, ends: four, payload: ramp(2000), segmentBytes: 100 });
    engine.worker.enqueue(0, frame, offload);
    engine.worker.run();
  },
  BAD_SUPER_FRAME: sendSuperFrame(3000, 1000, six, 1),
  NOT_A_MEMBER: (engine) => {
    const network = pair(engine);
    engine.send(1, ethernet(BROADCAST, B, TYPE_EXPERIMENT));
    networks.removeMember(engine.tables, network, 1);
    engine.send(0, ethernet(B, A, TYPE_EXPERIMENT));
  },
  PORT_FULL: refuseWith(EAGAIN),
  PORT_DOWN: refuseWith(EIO),
  PORT_GONE: refuseWith(EBADFD),
  PORT_REFUSED: refuseWith(22),
  // the frame was in work; another waited behind it
  POISON: (engine) => {
    pair(engine);
    engine.die(0, plain);
  },
  WORKER_DIED: (engine) => {
    pair(engine);
    engine.worker.enqueue(0, plain);
    engine.die();
  },
};

test("the list is complete", () => {
  assert.equal(
    Object.keys(stories).sort(),
    Object.keys(reasons)
      .filter((name) => name !== "NONE")
      .sort(),
  );
});

for (const build of BUILDS) {
  for (const [name, story] of Object.entries(stories)) {
    test(`${name} is produced by a frame, counted at one port, and is the only reason (${build})`, () => {
      const engine = engineFor(name, build);
      story(engine);
      assert.equal(countedReasons(engine), [name]);
      checkBooks(engine);
      engine.close();
    });
  }
}

/** Those that a single frame comes to in the pipeline by itself. The rest is for writes, and for what other frames and workers do. */
const LATER: Reason[] = ["QUEUE_FULL", "PORT_FULL", "PORT_DOWN", "PORT_GONE", "PORT_REFUSED", "POISON", "WORKER_DIED"];
for (const [name, story] of Object.entries(stories).filter(([name]) => !LATER.includes(name as Reason))) {
  test(`${name} is what an explanation says beforehand`, () => {
    const engine = engineFor(name, "single");
    const { send, sendUnchecked, worker } = engine;
    const said = new Set<number>();
    const explain = (...asked: Parameters<TestEngine["explainedDrops"]>) => {
      for (const reason of engine.explainedDrops(...asked)) said.add(reason);
    };
    engine.send = (port, frame, offload) => {
      explain(port, frame, { offload });
      return send.call(engine, port, frame, offload);
    };
    engine.sendUnchecked = (port, head, length) => {
      explain(port, head, { originalBytes: length });
      return sendUnchecked.call(engine, port, head, length);
    };
    const { receiveCut } = worker;
    worker.receiveCut = (port, frame, originalBytes) => {
      explain(port, frame, { originalBytes });
      receiveCut.call(worker, port, frame, originalBytes);
    };
    story(engine);
    assert.equal([...said].map(nameOf), [name]);
    engine.close();
  });
}

/** Names of the reasons that stand at any port. */
function countedReasons(engine: TestEngine): string[] {
  const numbers = Object.values(reasons).filter((reason) => reason !== reasons.NONE);
  return numbers
    .filter((reason) => Array.from({ length: MAX_PORTS }, (_, index) => engine.drops(index, reason)).some((drops) => drops > 0))
    .map(nameOf);
}

const meanings: [number[], number][] = [
  [[EAGAIN, ENOBUFS, ENOMEM], reasons.PORT_FULL],
  [[EIO, ENETDOWN], reasons.PORT_DOWN],
  [[EBADFD, ENODEV, ENXIO, EBADF], reasons.PORT_GONE],
  [[1, 4, 22, 90, 125, 4095], reasons.PORT_REFUSED],
];
for (const build of BUILDS) {
  test(`each errno of a write means one reason (${build})`, () => {
    for (const [errnos, reason] of meanings) {
      for (const errno of errnos) {
        const engine = new TestEngine(build);
        refuseWith(errno)(engine);
        assert.is(engine.drops(1, reason), 1, `errno ${errno} means ${nameOf(reason)}`);
        checkBooks(engine);
        engine.close();
      }
    }
  });
}

test.run();
