/** Ports, networks, trunks and workers as the agent writes and reads them. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as counter from "../../../assembly/abi/counter.ts";
import { MAX_NETWORKS, MAX_PORTS } from "../../../assembly/abi/limits.ts";
import * as map from "../../../assembly/abi/memory-map.ts";
import * as field from "../../../assembly/abi/port.ts";
import * as record from "../../../assembly/abi/worker.ts";
import { layOut, memoryPages } from "../../../bindings/tables/layout.ts";
import * as macs from "../../../bindings/tables/mac-table.ts";
import * as networks from "../../../bindings/tables/network-table.ts";
import * as ports from "../../../bindings/tables/port-table.ts";
import { Tables, createMemory } from "../../../bindings/tables/tables.ts";
import * as trunks from "../../../bindings/tables/trunk-table.ts";
import * as workers from "../../../bindings/tables/worker-table.ts";

const layout = layOut({ macs: 64, flows: 0, workers: 2 });
const access = { kind: 3, flags: 0, network: 5, mtu: 1500, mac: "02:00:00:00:00:0c", owner: 1, trunk: 0, native: 0, macLimit: 9 };

function formatted(): Tables {
  const tables = new Tables(createMemory(memoryPages(layout, 0), false));
  tables.format(layout, 1n);
  return tables;
}

test("a port's record says what it was told, and begins its first life as generation 1", () => {
  const tables = formatted();
  ports.write(tables, 7, access);
  const at = ports.recordOf(7);
  const words = [field.KIND, field.FLAGS, field.NETWORK, field.MTU, field.OWNER, field.MAC_LIMIT].map((offset) =>
    tables.load32(at + offset),
  );
  assert.equal(words, [3, 0, 5, 1500, 1, 9]);
  assert.is(tables.load64(at + field.MAC), 0x0c_00_00_00_00_02n);
  assert.equal([ports.generation(tables, 7), ports.desired(tables, 7), ports.owner(tables, 7), ports.end(tables)], [1, field.ABSENT, 1, 8]);
});

test("a descriptor counts for the generation that it was attached to only", () => {
  const tables = formatted();
  ports.write(tables, 0, access);
  assert.is(ports.attachedDescriptor(tables, 0), -1);
  ports.attach(tables, 0, 0);
  assert.is(ports.attachedDescriptor(tables, 0), 0);
  ports.attach(tables, 0, 41);
  assert.is(ports.attachedDescriptor(tables, 0), 41);
  ports.attach(tables, 0, -1);
  assert.is(ports.attachedDescriptor(tables, 0), -1);
  ports.attach(tables, 0, 41);
  ports.retire(tables, 0);
  ports.write(tables, 0, access);
  assert.is(ports.attachedDescriptor(tables, 0), -1, "another life");
});

test("a retired port is empty but for its next generation, and its counters begin at 0", () => {
  const tables = formatted();
  ports.write(tables, 3, access);
  ports.setDesired(tables, 3, field.UP);
  for (const worker of [0, 1]) tables.store64(ports.countersOf(tables, worker, 3) + counter.SENT_FRAMES, 5n);
  assert.is(ports.sum(tables, 3, counter.SENT_FRAMES), 10);
  ports.retire(tables, 3);
  assert.equal([ports.desired(tables, 3), ports.generation(tables, 3), ports.sum(tables, 3, counter.SENT_FRAMES)], [field.ABSENT, 2, 0]);
});

test("generations go from 1 to 255 and begin again", () => {
  const tables = formatted();
  const seen = Array.from({ length: 300 }, () => {
    ports.write(tables, 0, access);
    const generation = ports.generation(tables, 0);
    ports.retire(tables, 0);
    return generation;
  });
  assert.equal(seen.slice(0, 3), [1, 2, 3]);
  assert.equal(seen.slice(253, 257), [254, 255, 1, 2]);
});

test("drops of a port are summed over the workers, reason by reason", () => {
  const tables = formatted();
  for (const worker of [0, 1]) tables.store64(ports.countersOf(tables, worker, 2047) + counter.REASONS + 33 * 8, BigInt(worker + 1));
  assert.equal([ports.drops(tables, 2047, 33), ports.drops(tables, 2047, 32), ports.drops(tables, 2046, 33)], [3, 0, 0]);
});

test("counters of the last port of the last worker end where the next part begins", () => {
  const tables = formatted();
  assert.ok(ports.countersOf(tables, 1, MAX_PORTS - 1) + map.COUNTER_BYTES <= layout.macTable);
  assert.ok(ports.recordOf(MAX_PORTS - 1) + map.PORT_BYTES <= map.TRUNKS);
});

test("members of networks are bits of their own: first, last, and those at the edge of a word", () => {
  const tables = formatted();
  const some = [0, 31, 32, 63, MAX_PORTS - 1];
  for (const port of some) networks.addMember(tables, 2, port);
  const found = Array.from({ length: MAX_PORTS }, (_, port) => port).filter((port) => networks.isMember(tables, 2, port));
  assert.equal(found, some);
  assert.not(networks.isMember(tables, 1, 31));
  networks.removeMember(tables, 2, 31);
  assert.not(networks.isMember(tables, 2, 31));
  assert.ok(networks.isMember(tables, 2, 32));
  networks.clear(tables, 2);
  assert.ok(some.every((port) => !networks.isMember(tables, 2, port)));
});

test("a trunk's page names the network of each VLAN and the VLAN of each network", () => {
  const tables = formatted();
  const page = map.TRUNKS + 3 * map.TRUNK_BYTES;
  const networkOf = (vlan: number) => tables.load16(page + vlan * 2);
  const vlanOf = (network: number) => tables.load16(page + map.TRUNK_NETWORKS_BYTES + network * 2);
  trunks.write(
    tables,
    3,
    new Map([
      [10, 1],
      [4094, MAX_NETWORKS - 1],
    ]),
    7,
  );
  assert.equal([networkOf(10), networkOf(4094), networkOf(0), networkOf(11), networkOf(4095)], [1, MAX_NETWORKS - 1, 7, 0, 0]);
  assert.equal([vlanOf(1), vlanOf(MAX_NETWORKS - 1), vlanOf(7), vlanOf(2)], [10, 4094, 0, 0xffff]);
  trunks.write(tables, 3, new Map([[11, 1]]), 0);
  assert.equal([networkOf(10), networkOf(11), networkOf(0), vlanOf(1), vlanOf(7)], [0, 1, 0, 11, 0xffff]);
});

test("an epoch is passed when every running worker has seen it, also when it goes round", () => {
  const tables = formatted();
  const see = (worker: number, epoch: number) => tables.store32(workers.recordOf(worker) + record.EPOCH_SEEN, epoch);
  assert.ok(workers.havePassed(tables, 5), "nobody runs");
  workers.begin(tables, 0, record.BACKEND_MEMORY, 1);
  workers.begin(tables, 1, record.BACKEND_MEMORY, 1);
  see(0, 5);
  see(1, 4);
  assert.equal([workers.havePassed(tables, 4), workers.havePassed(tables, 5)], [true, false]);
  see(1, 6);
  assert.equal([workers.havePassed(tables, 5), workers.havePassed(tables, 6)], [true, false]);
  workers.end(tables, 0);
  assert.ok(workers.havePassed(tables, 6), "an ended worker holds nobody up");
  see(1, 0xffff_ffff);
  assert.equal([workers.havePassed(tables, 0xffff_fffe), workers.havePassed(tables, 0)], [true, false]);
  see(1, 1);
  assert.ok(workers.havePassed(tables, 0xffff_ffff));
});

test("a worker says what it is: absent, running over a back end, ended, in its how manieth life", () => {
  const tables = formatted();
  const { state, io } = workers.read(tables, 1);
  assert.equal([state, io], ["absent", null]);
  workers.begin(tables, 1, record.BACKEND_URING, 4711);
  workers.requestStop(tables, 1);
  workers.begin(tables, 1, record.BACKEND_SYSCALL, 4712);
  const running = workers.read(tables, 1);
  assert.equal([running.state, running.io, running.pid, running.incarnation], ["running", "syscall", 4712, 2]);
  assert.is(tables.load32(workers.recordOf(1) + record.STOP), 1, "whoever is begun anew has still been asked to stop");
  workers.end(tables, 1);
  assert.equal([workers.read(tables, 1).state, workers.isRunning(tables, 1)], ["ended", false]);
});

test("what a worker holds is known until somebody takes it, and a new thread holds nothing", () => {
  const tables = formatted();
  const at = workers.recordOf(1);
  workers.prepare(tables, 1);
  assert.equal(workers.takeHeld(tables, 1), []);
  workers.hold(tables, 1, record.RING_DESCRIPTOR, 0);
  workers.hold(tables, 1, record.EPOLL_DESCRIPTOR, 17);
  assert.equal([workers.takeHeld(tables, 1), workers.takeHeld(tables, 1)], [[0, 17], []]);
  workers.hold(tables, 1, record.EPOLL_DESCRIPTOR, 18);
  workers.requestStop(tables, 1);
  workers.prepare(tables, 1);
  assert.equal([workers.takeHeld(tables, 1), tables.load32(at + record.STOP)], [[], 0]);
});

test("the frame in work is that of the record, none between two", () => {
  const tables = formatted();
  const at = workers.recordOf(0);
  assert.is(workers.frameInWork(tables, 0), null);
  tables.store32(at + record.SLOT_IN_WORK, 1);
  tables.store32(at + record.PORT_IN_WORK, 9);
  assert.equal(workers.frameInWork(tables, 0), { slot: 0, port: 9 });
});

test("a place whose key or value is missing is no entry for a reader", () => {
  const tables = formatted();
  tables.store64(layout.macTable, (3n << 48n) | 0x0c_00_00_00_00_02n);
  assert.equal([...macs.entries(tables)], []);
  tables.store64(layout.macTable + 8, (77n << 32n) | (0x81n << 24n) | (4n << 16n) | 9n);
  tables.store64(layout.macTable + 24, 5n);
  assert.equal([...macs.entries(tables)], [{ network: 3, mac: "02:00:00:00:00:0c", port: 9, generation: 4, isStatic: true, lastSeen: 77 }]);
});

test.run();
