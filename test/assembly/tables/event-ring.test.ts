/** Events of a worker, as their readers get them: all of them, or the newest and how many were overwritten. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as event from "../../../assembly/abi/event.ts";
import { EVENT_ENTRIES } from "../../../assembly/abi/limits.ts";
import { EventReader, KEPT_EVENTS } from "../../../bindings/tables/event-ring.ts";
import type { TestEngine } from "../../support/engine.ts";
import { learn } from "../../support/macs.ts";
import { station } from "../../support/packet/ethernet.ts";
import { tell } from "../../support/story.ts";

function emit(engine: TestEngine, from: number, to: number): void {
  for (let number = from; number < to; number++) engine.wasm.emitEvent(engine.worker.address, event.PORT_FAILED, number, 5);
}
function portsOf(reader: EventReader): number[] {
  return reader.read().map(({ port }) => port);
}
function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

tell("a reader gets each event once, in order, from the moment it began", (engine) => {
  emit(engine, 0, 5);
  const reader = new EventReader(engine.tables, 0);
  assert.equal(reader.read(), []);
  emit(engine, 5, 9);
  assert.equal(portsOf(reader), [5, 6, 7, 8]);
  assert.equal(reader.read(), []);
  emit(engine, 9, 10);
  assert.equal(portsOf(reader), [9]);
  assert.is(reader.lost, 0);
});

tell("two readers have each their own place", (engine) => {
  const [first, second] = [new EventReader(engine.tables, 0), new EventReader(engine.tables, 0)];
  emit(engine, 0, 3);
  assert.equal(portsOf(first), [0, 1, 2]);
  emit(engine, 3, 4);
  assert.equal([portsOf(first), portsOf(second)], [[3], [0, 1, 2, 3]]);
});

tell(`the newest ${KEPT_EVENTS} are there; what was overwritten before a reader came is counted`, (engine) => {
  const reader = new EventReader(engine.tables, 0);
  emit(engine, 0, KEPT_EVENTS);
  assert.equal(portsOf(reader), range(0, KEPT_EVENTS));
  assert.is(reader.lost, 0);
  emit(engine, 0, KEPT_EVENTS + 1);
  assert.equal(portsOf(reader), range(1, KEPT_EVENTS + 1));
  assert.is(reader.lost, 1);
  emit(engine, 0, 10 * EVENT_ENTRIES);
  assert.equal(portsOf(reader), range(10 * EVENT_ENTRIES - KEPT_EVENTS, 10 * EVENT_ENTRIES));
  assert.is(reader.lost, 1 + 10 * EVENT_ENTRIES - KEPT_EVENTS);
});

tell("an event says all that it has to say", (engine) => {
  const network = engine.network();
  engine.accessPorts(network, 2);
  engine.worker.setTime(2 ** 40 + 7);
  const reader = new EventReader(engine.tables, 0);
  const mac = "0a:1b:2c:3d:4e:5f";
  learn(engine, network, mac, 1);
  emit(engine, 2047, 2048);
  assert.equal(reader.read(), [
    { kind: event.MAC_LEARNED, port: 1, network, detail: 0, mac, timeMs: 2 ** 40 + 7 },
    { kind: event.PORT_FAILED, port: 2047, network: 0, detail: 5, mac: "00:00:00:00:00:00", timeMs: 2 ** 40 + 7 },
  ]);
});

tell("a port that comes up says so", (engine) => {
  const reader = new EventReader(engine.tables, 0);
  const port = engine.port({ network: engine.network() });
  assert.equal(
    reader.read().map((each) => [each.kind, each.port, each.detail]),
    [[event.PORT_UP, port, 0]],
  );
});

tell("workers have rings of their own", (engine) => {
  const other = new EventReader(engine.tables, 1);
  emit(engine, 0, 3);
  learn(engine, engine.network(), station(1), 0);
  assert.equal(other.read(), []);
});

test.run();
