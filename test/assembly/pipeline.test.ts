/** The pipeline as a whole: how much it takes at once, when it waits, and that waiting loses nothing. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as reasons from "../../assembly/abi/drop-reason.ts";
import { BURST_FRAMES, MAX_PORTS, SLOT_RESERVE, TX_ENTRIES, WORKER_SLOTS } from "../../assembly/abi/limits.ts";
import * as record from "../../assembly/abi/worker.ts";
import * as workers from "../../bindings/tables/worker-table.ts";
import { ramp } from "../support/packet/bytes.ts";
import { BROADCAST, TYPE_EXPERIMENT, ethernet, station } from "../support/packet/ethernet.ts";
import { random } from "../support/packet/random.ts";
import { tell } from "../support/story.ts";

const READABLE = WORKER_SLOTS - SLOT_RESERVE;
const [A, B] = [station(1), station(2)];
const flood = ethernet(BROADCAST, A, TYPE_EXPERIMENT, ramp(50));

tell("one turn processes no more than a burst; the rest waits for the next", (engine) => {
  engine.accessPorts(engine.network(), 2);
  for (let count = 0; count < READABLE; count++) engine.worker.enqueue(0, flood);
  engine.wasm.process(engine.worker.address);
  assert.is(engine.wasm.waitingFrames(engine.worker.address), READABLE - BURST_FRAMES);
  engine.worker.run();
  assert.is(engine.takeOutputs().length, READABLE);
});

tell("slots beyond the reserve may be read to; then nothing more is read, and nothing that was read is dropped", (engine) => {
  engine.accessPorts(engine.network(), 2);
  for (let count = 0; count < READABLE; count++) engine.worker.enqueue(0, flood);
  assert.is(engine.wasm.takeSlot(engine.worker.address), -1);
  engine.worker.enqueue(0, flood);
  engine.worker.run();
  assert.is(engine.takeOutputs().length, READABLE + 1);
  assert.is(engine.totals().dropped, 0);
});

tell("a frame waits while the queue of writes could not take a flood to every port", (engine) => {
  const network = engine.network();
  for (let index = 0; index < MAX_PORTS; index++) engine.port({ network }, index, false);
  engine.apply();
  const frames = 10;
  for (let count = 0; count < frames; count++) engine.worker.enqueue(0, flood);
  const taken = Math.floor(TX_ENTRIES / (MAX_PORTS - 1));
  engine.wasm.process(engine.worker.address);
  assert.is(engine.wasm.waitingFrames(engine.worker.address), frames - taken);
  assert.is(engine.wasm.waitingWrites(engine.worker.address), taken * (MAX_PORTS - 1));
  engine.worker.run();
  assert.is(engine.takeOutputs().length, frames * (MAX_PORTS - 1));
  assert.is(engine.totals().dropped, 0);
});

tell("one slot goes to every port of a flood: no copy is made", (engine) => {
  engine.accessPorts(engine.network(), 200);
  engine.worker.enqueue(0, flood);
  engine.wasm.process(engine.worker.address);
  assert.is(engine.totals().slotsTaken - engine.totals().slotsReleased, 1);
  engine.worker.run();
  engine.takeOutputs();
});

tell("when no frame is in work the record says so, and which port was last", (engine) => {
  engine.accessPorts(engine.network(), 3);
  engine.send(2, flood);
  const at = workers.recordOf(0);
  assert.equal([engine.tables.load32(at + record.SLOT_IN_WORK), engine.tables.load32(at + record.PORT_IN_WORK)], [0, 2]);
});

tell("a slot that was taken and not used goes back", (engine) => {
  const { wasm, worker } = engine;
  const slots = Array.from({ length: READABLE }, () => wasm.takeSlot(worker.address));
  assert.is(new Set(slots).size, READABLE);
  for (const slot of slots) wasm.returnSlot(worker.address, slot);
  assert.is(wasm.takeSlot(worker.address), slots.at(-1), "last in, first out");
  wasm.returnSlot(worker.address, slots.at(-1) ?? 0);
});

tell("any mix of frames, ports that refuse, and bursts: every frame is accounted for", (engine) => {
  const { below, bytes, pick } = random(11);
  const networks = [engine.network(), engine.network()];
  for (const network of networks) engine.accessPorts(network, 4);
  engine.port({ vlans: { 1: networks[0]!, 2: networks[1]! } });
  let sent = 0;
  for (let round = 0; round < 200; round++) {
    for (const index of [0, 3, 5, 8]) below(4) === 0 ? engine.full.add(index) : engine.full.delete(index);
    for (let count = below(40); count > 0; count--, sent++) {
      const frame = ethernet(pick([A, B, BROADCAST, station(3)]), pick([A, B, station(3), BROADCAST]), TYPE_EXPERIMENT, bytes(below(200)));
      engine.worker.enqueue(below(10), frame.subarray(0, pick([frame.length, frame.length, 20, 13])));
    }
    engine.worker.run();
    assert.is(engine.totals().received, sent);
    engine.takeOutputs();
  }
  const reasonsSeen = Object.values(reasons).filter((reason) =>
    Array.from({ length: 10 }, (_, index) => engine.drops(index, reason)).some(Boolean),
  );
  assert.ok(reasonsSeen.length >= 6, "the mix is one");
});

test.run();
