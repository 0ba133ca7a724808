/** The log of drops: whoever listens hears of every single one, also when a frame that is flooded to all ports that an engine can have
 *  ends at each of them. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import * as reason from "../../../assembly/abi/drop-reason.ts";
import { LONG_DROP_LOG_ENTRIES, MAX_PORTS, MAX_SEGMENTS } from "../../../assembly/abi/limits.ts";
import * as map from "../../../assembly/abi/memory-map.ts";
import * as state from "../../../assembly/abi/worker-state.ts";
import { DropLog } from "../../../bindings/forwarder/drop-log.ts";
import { BUILDS, TestEngine } from "../../support/engine.ts";
import { ramp } from "../../support/packet/bytes.ts";
import { BROADCAST, ethernet, station, TYPE_EXPERIMENT } from "../../support/packet/ethernet.ts";
import { superFrame } from "../../support/packet/super-frame.ts";

const test = suite("drop log");
const OTHERS = Array.from({ length: MAX_PORTS - 1 }, (_, index) => index + 1);
const toAll = (bytes: number): Uint8Array => ethernet(BROADCAST, station(1), TYPE_EXPERIMENT, ramp(bytes - 14));

/** One network with every port that there can be; what is told of drops. */
function yard(build: (typeof BUILDS)[number]): { engine: TestEngine; told: string[] } {
  const engine = new TestEngine(build);
  const network = engine.network();
  for (let index = 0; index < MAX_PORTS; index++) engine.port({ network, mtu: 1500 }, index, index === MAX_PORTS - 1);
  const told: string[] = [];
  engine.worker.onDrop((port, why) => void told.push(`${why} at ${port}`));
  return { engine, told };
}

const at = (why: number, ports = OTHERS): string[] => ports.map((port) => `${why} at ${port}`);

test("it has room for what one frame can become, and lies in slots that nobody uses", () => {
  assert.ok((MAX_PORTS - 1) * MAX_SEGMENTS + 1 <= LONG_DROP_LOG_ENTRIES);
  assert.is(LONG_DROP_LOG_ENTRIES & (LONG_DROP_LOG_ENTRIES - 1), 0);
  assert.ok(map.AGENT_DROP_LOG > map.SLOTS);
  assert.is(map.AGENT_DROP_LOG + LONG_DROP_LOG_ENTRIES * 4, map.SLOTS_END);
});

for (const build of BUILDS) {
  test(`a frame that is flooded to every port and refused by each (${build})`, () => {
    const { engine, told } = yard(build);
    for (const port of OTHERS) engine.full.add(port);
    engine.worker.receive(0, toAll(60));
    assert.equal(told, at(reason.PORT_FULL));
    engine.close();
  });

  test(`a frame that is too big for every port, where the count of drops goes round (${build})`, () => {
    const { engine, told } = yard(build);
    const drops = engine.worker.address + map.WORKER_STATE + state.DROPS;
    engine.tables.store32(drops, 0xffffff00);
    engine.worker.onDrop((port, why) => void told.push(`${why} at ${port}`));
    engine.worker.receive(0, toAll(1600));
    assert.equal(told, at(reason.TOO_BIG));
    assert.is(engine.tables.load32(drops), (0xffffff00 + OTHERS.length) % 2 ** 32);
    engine.close();
  });

  test(`frames that wait together, and have more drops than the log holds (${build})`, () => {
    const { engine } = yard(build);
    const counts = new Array<number>(MAX_PORTS).fill(0);
    engine.worker.onDrop((port) => void counts[port]!++);
    const frames = 300;
    assert.ok(frames * OTHERS.length > 2 * LONG_DROP_LOG_ENTRIES);
    for (let each = 0; each < frames; each++) engine.worker.enqueue(0, toAll(1600));
    engine.worker.run();
    assert.equal(counts, [0, ...OTHERS.map(() => frames)]);
    engine.close();
  });

  test(`a super-frame that is flooded to every port, of whose segments most find no slot (${build})`, () => {
    const { engine, told } = yard(build);
    const ends = { source: "10.0.0.1", destination: "10.0.0.2" };
    const payload = ramp(MAX_SEGMENTS * 500);
    const { frame, offload } = superFrame({ from: station(1), to: BROADCAST, ends, payload, segmentBytes: 500 });
    engine.worker.receive(0, frame, offload);
    const sent = engine.takeOutputs().length;
    assert.ok(told.length > LONG_DROP_LOG_ENTRIES / 2);
    assert.is(told.length + sent, OTHERS.length * MAX_SEGMENTS);
    const counted = OTHERS.flatMap((port) => at(reason.POOL_EMPTY, new Array(engine.drops(port, reason.POOL_EMPTY)).fill(port)));
    assert.equal(told, counted);
    engine.close();
  });

  test(`what was dropped before somebody listened is not told, also not to who takes over in between (${build})`, () => {
    const { engine, told } = yard(build);
    const log = new DropLog(engine.tables, engine.worker.address, engine.agent);
    engine.worker.receive(0, new Uint8Array(13));
    engine.worker.onDrop(() => engine.worker.onDrop((port, why) => void told.push(`${why} at ${port}`)));
    told.length = 0;
    engine.worker.receive(0, toAll(1600));
    assert.equal(told, []);
    engine.worker.receive(1, new Uint8Array(13));
    assert.equal(told, at(reason.RUNT, [1]));
    const taken: string[] = [];
    log.take((port, why) => {
      taken.push(`${why} at ${port}`);
      if (taken.length === 2) log.skip();
    });
    assert.equal(taken, [...at(reason.RUNT, [0]), ...at(reason.TOO_BIG, [1])]);
    engine.close();
  });
}

test.run();
