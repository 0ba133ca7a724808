/** The short way through a worker: what leaves, what is dropped and what is counted are as by the way that back ends take. */
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MAX_FRAME_BYTES } from "../../../assembly/abi/limits.ts";
import { DirectWay } from "../../../bindings/forwarder/direct-way.ts";
import { scale } from "../../scale.ts";
import { BUILDS, TestEngine } from "../../support/engine.ts";
import { checkSlots } from "../../support/books.ts";
import { ramp } from "../../support/packet/bytes.ts";
import { arp, BROADCAST, ethernet, station, TYPE_ARP, TYPE_EXPERIMENT } from "../../support/packet/ethernet.ts";

const test = suite("direct way");
const ADDRESS = "10.0.0.9";

interface Yard {
  engine: TestEngine;
  way: DirectWay;
  ports: number[];
}

/** Three access ports, one of a smaller MTU, and a trunk; an address that is answered for. */
function yard(build: (typeof BUILDS)[number]): Yard {
  const engine = new TestEngine(build);
  const [network, other] = [engine.network({ mtu: 1500 }), engine.network()];
  const ports = [...engine.accessPorts(network, 2), engine.port({ network, mtu: 600 }), engine.port({ vlans: { 7: network, 8: other } })];
  engine.bind(network, ports[1] as number, ADDRESS, station(9));
  return { engine, way: new DirectWay(engine.wasm, engine.tables, engine.worker.address, engine.agent), ports };
}

const mac = fc.constantFrom(BROADCAST, "01:00:5e:00:00:01", "00:00:00:00:00:00", ...[1, 2, 3, 4].map(station));
const frame = fc.oneof(
  fc.tuple(mac, mac, fc.nat(1600)).map(([to, from, bytes]) => ethernet(to, from, TYPE_EXPERIMENT, ramp(bytes))),
  fc.constant(
    ethernet(
      BROADCAST,
      station(1),
      TYPE_ARP,
      arp({ operation: 1, senderMac: station(1), senderAddress: "10.0.0.1", targetAddress: ADDRESS }),
    ),
  ),
  fc.uint8Array({ maxLength: 80 }),
);
/** `missing`: bytes that it was cut by. `isThere`: it lies in the engine's memory. */
const entry = fc.record({ from: fc.nat(3), frame, missing: fc.oneof(fc.constant(0), fc.nat(500)), isThere: fc.boolean() });

for (const build of BUILDS) {
  test(`any frames fare as by the long way (${build})`, () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 30 }), (entries) => {
        const [long, short] = [yard(build), yard(build)];
        const ended: string[] = [];
        long.engine.worker.onDrop((port, reason) => ended.push(`${reason} at ${port}`));
        const lent = short.way.lend(100_000);
        for (const { from, frame: bytes, missing, isThere } of entries) {
          const port = long.ports[from] as number;
          if (missing === 0) long.engine.worker.receive(port, bytes);
          else long.engine.worker.receiveCut(port, bytes, bytes.length + missing);
          const expected = long.engine.takeOutputs().map((output) => `${output.port} ${Buffer.from(output.frame).toString("hex")}`);
          const source = isThere ? lent : new Uint8Array(100_000);
          source.set(bytes, 77);
          const left: string[] = [];
          const leaves = (to: number, place: number, length: number) =>
            void left.push(`${to} ${Buffer.from(short.way.memory.subarray(place, place + length)).toString("hex")}`);
          if (missing === 0) short.way.pass(port, source, 77, bytes.length, leaves);
          else short.way.passCut(port, source, 77, bytes.length, bytes.length + missing, leaves);
          assert.equal(left, expected);
          const told: string[] = [];
          short.way.reportEnds((at, reason) => told.push(`${reason} at ${at}`));
          assert.equal(told, ended.splice(0));
        }
        assert.equal(short.engine.totals(), long.engine.totals());
        assert.equal(short.engine.macs(), long.engine.macs());
        checkSlots(short.engine.tables, 0, short.engine.worker.address);
        for (const { engine } of [long, short]) engine.close();
      }),
      { numRuns: scale.frameListProperties },
    );
  });

  test(`the longest frame, and none (${build})`, () => {
    const { engine, way, ports } = yard(build);
    let ends = 0;
    way.pass(ports[0] as number, new Uint8Array(MAX_FRAME_BYTES), 0, MAX_FRAME_BYTES, () => assert.unreachable());
    way.pass(ports[0] as number, new Uint8Array(0), 0, 0, () => assert.unreachable());
    way.reportEnds(() => ends++);
    assert.is(ends, 2);
    engine.close();
  });

  test(`what is lent is of the engine's memory while there is some, and never lent twice (${build})`, () => {
    const { engine, way } = yard(build);
    const lent = Array.from({ length: 8 }, () => way.lend(5_000_000));
    const within = lent.filter(({ buffer }) => buffer === way.memory.buffer);
    assert.is(within.length, 6);
    for (const [index, bytes] of lent.entries()) bytes.fill(index + 1);
    assert.ok(lent.every((bytes, index) => bytes[0] === index + 1 && bytes.at(-1) === index + 1));
    engine.close();
  });

  test(`all that is lent is the borrower's: no frame, and no drop, is written there (${build})`, () => {
    const { engine, way, ports } = yard(build);
    const lent: Uint8Array[] = [];
    for (const bytes of [1_000_000, 1000, 1]) {
      for (let one = way.lend(bytes); one.buffer === way.memory.buffer; one = way.lend(bytes)) lent.push(one.fill(0x5a));
    }
    const reach = [...lent].sort((a, b) => a.byteOffset - b.byteOffset);
    assert.ok(reach.every((one, index) => index === 0 || one.byteOffset === reach[index - 1]!.byteOffset + reach[index - 1]!.length));
    const from = ports[0] as number;
    const long = new Uint8Array(MAX_FRAME_BYTES).fill(1);
    let [left, ends] = [0, 0];
    for (let round = 0; round < 100; round++) {
      for (const bytes of [ethernet(BROADCAST, station(1), TYPE_EXPERIMENT, ramp(1000)), long]) {
        way.pass(from, bytes, 0, bytes.length, () => left++);
        way.passCut(from, bytes, 0, 100, bytes.length, () => left++);
        way.reportEnds(() => ends++);
      }
    }
    assert.equal([left > 0, ends > 0], [true, true]);
    assert.ok(lent.every((one) => one.every((byte) => byte === 0x5a)));
    engine.close();
  });
}

test.run();
