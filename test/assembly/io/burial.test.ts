/** A worker dies and another begins over the same region: every slot is free again, every frame is accounted for, and
 *  nothing that the dead one left is believed.                                                                           */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as reasons from "../../../assembly/abi/drop-reason.ts";
import * as fault from "../../../assembly/abi/fault.ts";
import { MAX_PORTS, RX_ENTRIES, TX_ENTRIES, WORKER_SLOTS } from "../../../assembly/abi/limits.ts";
import * as map from "../../../assembly/abi/memory-map.ts";
import * as field from "../../../assembly/abi/port.ts";
import * as record from "../../../assembly/abi/worker.ts";
import * as state from "../../../assembly/abi/worker-state.ts";
import * as ports from "../../../bindings/tables/port-table.ts";
import * as workers from "../../../bindings/tables/worker-table.ts";
import { checkSlots } from "../../support/books.ts";
import { BUILDS, TestEngine } from "../../support/engine.ts";
import { bytes, ramp } from "../../support/packet/bytes.ts";
import { BROADCAST, TYPE_EXPERIMENT, ethernet, station } from "../../support/packet/ethernet.ts";
import { faultFrame } from "../../support/packet/fault.ts";

const frame = ethernet(BROADCAST, station(1), TYPE_EXPERIMENT, ramp(100));

/** received + originated + copies + segments = sent + dropped + consumed + lost. */
function checkLaw(engine: TestEngine): void {
  const { received, originated, copies, segments, sent, dropped, consumed, lost } = engine.totals();
  assert.is(received + originated + copies + segments, sent + dropped + consumed + lost, "frames");
  checkSlots(engine.tables, 0, engine.worker.address);
}

/** Everything works: a broadcast reaches all others. */
function checkForwards(engine: TestEngine, portCount: number): void {
  assert.is(engine.send(0, frame).length, portCount - 1);
  checkLaw(engine);
}

for (const build of BUILDS) {
  const withPorts = (name: string, portCount: number, body: (engine: TestEngine) => void) =>
    test(`${name} (${build})`, () => {
      const engine = new TestEngine(build);
      engine.accessPorts(engine.network(), portCount);
      body(engine);
      checkForwards(engine, portCount);
      engine.close();
    });

  withPorts("frames that waited to be processed are drops of their port", 3, (engine) => {
    for (const port of [0, 1, 1]) engine.worker.enqueue(port, frame);
    engine.die(2, frame);
    assert.equal(
      [0, 1, 2].map((port) => engine.drops(port, reasons.WORKER_DIED)),
      [1, 2, 0],
    );
    assert.is(engine.drops(2, reasons.POISON), 1);
    assert.equal([engine.totals().received, engine.totals().dropped, engine.totals().lost], [4, 4, 0]);
    checkLaw(engine);
  });

  withPorts("frames that waited to be written are drops of the port that they should have left by", 3, (engine) => {
    engine.worker.enqueue(0, frame);
    engine.wasm.process(engine.worker.address);
    engine.die();
    assert.equal(
      [0, 1, 2].map((port) => engine.drops(port, reasons.WORKER_DIED)),
      [0, 1, 1],
    );
    checkLaw(engine);
  });

  withPorts("writes that the kernel had are lost", 3, (engine) => {
    engine.worker.enqueue(0, frame);
    engine.wasm.process(engine.worker.address);
    engine.wasm.shiftWrite(engine.worker.address);
    engine.die();
    assert.equal([engine.totals().dropped, engine.totals().lost], [1, 1]);
    checkLaw(engine);
    engine.die();
    assert.is(engine.totals().lost, 1, "a death with nothing under way loses nothing");
  });

  withPorts("a death in the middle of a flood, before its copies are counted", 3, (engine) => {
    engine.worker.enqueue(0, frame);
    engine.wasm.process(engine.worker.address);
    const copies = workers.recordOf(0) + record.COPIES;
    engine.tables.store64(copies, engine.tables.load64(copies) - 1n);
    engine.tables.store32(workers.recordOf(0) + record.SLOT_IN_WORK, 1);
    engine.tables.store32(workers.recordOf(0) + record.PORT_IN_WORK, 0);
    engine.die();
    checkLaw(engine);
    assert.ok(engine.totals().lost === 0 && engine.totals().copies === 2);
  });

  withPorts("numbers that cannot be are passed over", 2, (engine) => {
    const { tables } = engine;
    const own = engine.worker.address + map.WORKER_STATE;
    for (const [head, tail] of [
      [state.RX_HEAD, state.RX_TAIL],
      [state.TX_HEAD, state.TX_TAIL],
    ] as const) {
      tables.store32(own + head, 5);
      tables.store32(own + tail, 4);
    }
    for (let entry = 0; entry < RX_ENTRIES; entry++) tables.store32(engine.worker.address + map.RX + entry * 4, (entry * 0x9e3779b1) >>> 0);
    for (let entry = 0; entry < TX_ENTRIES; entry++)
      tables.store32(engine.worker.address + map.TX + entry * map.TX_ENTRY_BYTES + 4, MAX_PORTS + entry);
    tables.store32(own + state.RECORD, 0);
    tables.store32(own + state.COUNTERS, 0);
    tables.store32(workers.recordOf(0) + record.SLOT_IN_WORK, 0xffff_fff0);
    tables.store32(workers.recordOf(0) + record.PORT_IN_WORK, 0xffff_fff0);
    engine.die();
    assert.is(engine.totals().dropped, 0);
    checkLaw(engine);
  });

  withPorts("its claim is cleared, and the rings of its ports are not believed", 2, (engine) => {
    const { tables } = engine;
    const entry = tables.load32(map.HEAD_MACS);
    tables.store64(entry, 77n);
    tables.store64(workers.recordOf(0) + record.CLAIM_KEY, 77n);
    tables.store32(workers.recordOf(0) + record.CLAIM_PLACE, entry);
    const stale = tables.load32(ports.recordOf(1) + field.RING_STALE);
    engine.die();
    assert.is(tables.load64(entry), 0n);
    assert.is(tables.load32(workers.recordOf(0) + record.CLAIM_PLACE), 0);
    assert.is(tables.load32(ports.recordOf(1) + field.RING_STALE), stale + 1);
  });

  withPorts("all slots of the dead are free for the next, whatever it held", 2, (engine) => {
    const { wasm } = engine;
    let held = 0;
    while (wasm.takeSlot(engine.worker.address) >= 0) held++;
    assert.ok(held > WORKER_SLOTS / 2);
    engine.die();
  });

  const asks = (engine: TestEngine, allowed: boolean, kind: number) => {
    engine.tables.store32(map.CONFIG_FAULTS, allowed ? 1 : 0);
    return () => engine.send(0, faultFrame(kind, "and more"));
  };

  test(`a frame that asks for a fault gets one in the debug build, where it is allowed, and nowhere else (${build})`, () => {
    for (const allowed of [true, false]) {
      for (const kind of [fault.FAULT_TRAP, fault.FAULT_TRAP_LATE]) {
        const engine = new TestEngine(build);
        engine.accessPorts(engine.network(), 3);
        const send = asks(engine, allowed, kind);
        if (!allowed || build !== "debug") {
          assert.is(send().length, 2, "it is forwarded like any other");
          checkLaw(engine);
          engine.close();
          continue;
        }
        assert.throws(send, (error: unknown) => error instanceof WebAssembly.RuntimeError);
        assert.is(workers.frameInWork(engine.tables, 0)?.port, 0);
        engine.die();
        assert.is(engine.drops(0, reasons.POISON), 1);
        assert.equal(
          [1, 2].map((port) => engine.drops(port, reasons.WORKER_DIED)),
          kind === fault.FAULT_TRAP ? [0, 0] : [1, 1],
        );
        checkLaw(engine);
        checkForwards(engine, 3);
        engine.close();
      }
    }
  });
}

test("only a frame that is all of what it must be is a fault (debug)", () => {
  const engine = new TestEngine("debug");
  engine.accessPorts(engine.network(), 2);
  engine.tables.store32(map.CONFIG_FAULTS, 1);
  const whole = faultFrame(fault.FAULT_TRAP);
  for (const at of [fault.FAULT_TYPE_OFFSET, fault.FAULT_WORD_OFFSET, fault.FAULT_WORD_OFFSET + 7, fault.FAULT_KIND_OFFSET]) {
    const other = whole.slice();
    other[at] = 0x55;
    assert.is(engine.send(0, other).length, 1);
  }
  const cut = whole.subarray(0, fault.FAULT_BYTES - 1);
  engine.worker.enqueue(0, bytes(cut));
  engine.worker.run();
  assert.is(engine.takeOutputs().length, 1, "one byte short");
  engine.tables.store32(map.CONFIG_FAULTS, 0);
  engine.close();
});

test.run();
